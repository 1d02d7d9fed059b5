"""Error names of the optimised integrations: the errors that a service's model declares, and the client's base exception for all others.

AWS calls services here with its Java client. An error that the service's model does not declare, such as `AccessDeniedException` or
SageMaker's `ValidationException`, is that client's base exception; only the cause has its code.

Where a call got no answer, that client raises `SdkClientException`: "Unable to execute HTTP request". Its name has the prefix of all errors of a service
("Handle Lambda service exceptions", AWS Step Functions Developer Guide, for Lambda's).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from localstack.aws.api.stepfunctions import HistoryEventType, LambdaFunctionFailedEventDetails, TaskFailedEventDetails
from localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name import CustomErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import state_task, state_task_lambda
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_callback,
    state_task_service_dynamodb,
    state_task_service_events,
    state_task_service_lambda,
    state_task_service_sfn,
    state_task_service_sqs,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails

from local.aws import models

#: botocore's service → prefix of its errors, its client's base exception, the service's name in a cause.
CLIENTS = {
    "dynamodb": ("DynamoDB", "AmazonDynamoDBException", "AmazonDynamoDBv2"),
    "events": ("EventBridge", "AmazonEventBridgeException", "AmazonEventBridge"),
    "lambda": ("Lambda", "AWSLambdaException", "AWSLambda"),
    "sagemaker": ("SageMaker", "AmazonSageMakerException", "AmazonSageMaker"),
    "sqs": ("SQS", "AmazonSQSException", "AmazonSQS"),
    "stepfunctions": ("StepFunctions", "AWSStepFunctionsException", "AWSStepFunctions"),
}
#: Service of an optimised integration → prefix of its errors.
PREFIXES = {
    "apigateway": "ApiGateway",
    "batch": "Batch",
    "dynamodb": "DynamoDB",
    "ecs": "ECS",
    "events": "EventBridge",
    "glue": "Glue",
    "lambda": "Lambda",
    "sagemaker": "SageMaker",
    "sns": "SNS",
    "sqs": "SQS",
    "states": "StepFunctions",
}
#: A call that got no answer, or none that can be read: refused, reset, closed, timed out, cut off.
UNANSWERED = (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError, ResponseParserError)

#: Step Functions' name of a service in `aws-sdk:` → botocore's name, and the prefix of its errors.
SDK = {"applicationautoscaling": ("application-autoscaling", "ApplicationAutoScaling")}


def install() -> None:
    """Name the errors of the provider's integrations, and the services whose name in Step Functions is not botocore's."""
    for name, (service, prefix) in SDK.items():
        state_task_service.StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES[name] = service
        state_task_service_aws_sdk._SERVICE_ERROR_NAMES[name] = prefix
    for service, task in (
        ("dynamodb", state_task_service_dynamodb.StateTaskServiceDynamoDB),
        ("events", state_task_service_events.StateTaskServiceEvents),
        ("lambda", state_task_service_lambda.StateTaskServiceLambda),
        ("sqs", state_task_service_sqs.StateTaskServiceSqs),
        ("stepfunctions", state_task_service_sfn.StateTaskServiceSfn),
    ):
        task._from_error = _with_error_names(service, task._from_error)
    for task in _with_subclasses(state_task.StateTask):
        if "_from_error" in vars(task):
            task._from_error = _unless_unanswered(task._from_error)
    callback = state_task_service_callback.StateTaskServiceCallback
    callback._eval_sync = _polling_on(callback._eval_sync)


def client_failure(task: Any, env: Any, service: str, error: ClientError) -> Any:
    """The failure event of a task whose service returned an error."""
    code, meta = error.response["Error"]["Code"], error.response["ResponseMetadata"]
    prefix, base, label = CLIENTS[service]
    name = f"{prefix}.{code.removesuffix('Exception')}Exception" if code in _model_errors(service) else f"{prefix}.{base}"
    details = f"Service: {label}; Status Code: {meta['HTTPStatusCode']}; Error Code: {code}; Request ID: {meta['RequestId']}; Proxy: null"
    return failure(task, env, CustomErrorName(name), name, f"{error.response['Error']['Message']} ({details})")


def failure(task: Any, env: Any, error_name: Any, error: str, cause: str) -> Any:
    """The failure event of a task."""
    details = TaskFailedEventDetails(error=error, cause=cause, resource=task._get_sfn_resource(), resourceType=task._get_sfn_resource_type())
    return FailureEvent(env=env, error_name=error_name, event_type=HistoryEventType.TaskFailed, event_details=EventDetails(taskFailedEventDetails=details))


def unanswered(task: Any, env: Any, error: Exception) -> Any:
    """The failure event of a task whose call got no answer."""
    cause = f"Unable to execute HTTP request: {error}"
    if isinstance(task, state_task_lambda.StateTaskLambda):
        details = LambdaFunctionFailedEventDetails(error="Lambda.SdkClientException", cause=cause)
        event = EventDetails(lambdaFunctionFailedEventDetails=details)
        return FailureEvent(
            env=env, error_name=CustomErrorName("Lambda.SdkClientException"), event_type=HistoryEventType.LambdaFunctionFailed, event_details=event
        )
    is_sdk = isinstance(task, state_task_service_aws_sdk.StateTaskServiceAwsSdk)
    prefix = task._normalise_service_error_name(task.resource.api_name) if is_sdk else PREFIXES[task.resource.service_name]
    return failure(task, env, CustomErrorName(f"{prefix}.SdkClientException"), f"{prefix}.SdkClientException", cause)


def _unless_unanswered(from_error: Callable[..., Any]) -> Callable[..., Any]:
    def failure_of(task: Any, env: Any, ex: Exception) -> Any:
        return unanswered(task, env, ex) if isinstance(ex, UNANSWERED) else from_error(task, env=env, ex=ex)

    return failure_of


def _polling_on(eval_sync: Callable[..., Any]) -> Callable[..., Any]:
    """Look again where one look at a job or an execution got no answer: that is the service's affair, the job runs on."""

    def call(task: Any, *, sync_resolver: Callable[[], Any], **options: Any) -> Any:
        def resolve() -> Any:
            try:
                return sync_resolver()
            except UNANSWERED:
                return None

        return eval_sync(task, sync_resolver=resolve, **options)

    return call


def _with_subclasses(task: type[Any]) -> list[type[Any]]:
    return [task, *(below for subclass in task.__subclasses__() for below in _with_subclasses(subclass))]


@cache
def _model_errors(service: str) -> frozenset[str]:
    """Codes of the errors that a service's model declares."""
    shapes = models.service_model(service).error_shapes
    return frozenset(code for shape in shapes for code in (shape.name, shape.metadata.get("error", {}).get("code", shape.name)))


def _with_error_names(service: str, from_error: Callable[..., Any]) -> Callable[..., Any]:
    def failure_of(task: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, ClientError):
            return client_failure(task, env, service, ex)
        if isinstance(ex, FailureEventException):
            return ex.failure_event
        return task._get_timed_out_failure_event(env) if isinstance(ex, TimeoutError) else from_error(task, env=env, ex=ex)

    return failure_of
