"""`sagemaker:create…` tasks, also with `.sync`: create, then describe under the state machine's role until the job ends."""

import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name import CustomErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.error_name import ErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import FailureEventException
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import StatesErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import state_task_factory as factory
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.resource import ResourceCondition
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_callback import StateTaskServiceCallback
from localstack.services.stepfunctions.asl.utils.boto_client import boto_client_for
from localstack.services.stepfunctions.asl.utils.encoding import to_json_str

from local.states import errors

FAILED = frozenset({"Failed", "Stopped"})
ENDED = FAILED | {"Completed"}


def install() -> None:
    """Add `arn:aws:states:::sagemaker:…` to the provider's integrations."""
    # A map's or a branch's error keeps its name, also a reserved one: the provider would fail on it.
    CustomErrorName.__init__ = lambda self, error_name: ErrorName.__init__(self, error_name=error_name)
    service_for = factory.state_task_service_for
    factory.state_task_service_for = lambda service_name: SageMakerTask() if service_name == "sagemaker" else service_for(service_name)


class SageMakerTask(StateTaskServiceCallback):
    """A task of the optimised SageMaker integration.

    A job that failed or was stopped is `States.TaskFailed` with its description as the cause; `errors` names the
    failure of a request.
    """

    def __init__(self) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition.Sync})

    def _get_supported_parameters(self) -> set[str]:
        return set(self._get_boto_operation_model("sagemaker", self.resource.api_action).input_shape.members)

    def _eval_service_task(self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any) -> None:
        client = boto_client_for(service="sagemaker", region=resource_runtime_part.region, state_credentials=state_credentials)
        response = getattr(client, self._get_boto_service_action())(**normalised_parameters)
        response.pop("ResponseMetadata", None)
        env.stack.append(response)

    def _build_sync_resolver(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> Callable[[], dict[str, Any] | None]:
        env.stack.pop()
        client = boto_client_for(service="sagemaker", region=resource_runtime_part.region, state_credentials=state_credentials)
        action = re.fullmatch(r"create_(\w+?)(_v2)?", self._get_boto_service_action())
        assert action is not None
        noun = "".join(part.capitalize() for part in action[1].split("_"))
        describe, name = getattr(client, f"describe_{action[1]}"), {f"{noun}Name": normalised_parameters[f"{noun}Name"]}

        def resolve() -> dict[str, Any] | None:
            job: dict[str, Any] = describe(**name)
            job.pop("ResponseMetadata", None)
            if job[f"{noun}Status"] in FAILED:
                raise FailureEventException(
                    errors.failure(self, env, StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed), "States.TaskFailed", to_json_str(job))
                )
            return job if job[f"{noun}Status"] in ENDED else None

        return resolve

    def _from_error(self, env: Any, ex: Exception) -> Any:
        if isinstance(ex, ClientError):
            return errors.client_failure(self, env, "sagemaker", ex)
        return super()._from_error(env=env, ex=ex)
