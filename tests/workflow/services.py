"""What services answer to the calls of machines, by integration."""

from collections.abc import Callable
from typing import Any

from tests.workflow.running import Json

PACKAGE = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/noria-bikeshare/2"


def _always(answer: Any) -> Callable[[Any, Json], Any]:
    return lambda world, request: answer


SERVICES = {
    "dynamodb:getItem": lambda world, request: world.read(request),
    "dynamodb:putItem": _always({}),
    "dynamodb:updateItem": lambda world, request: world.updated(request),
    "aws-sdk:dynamodb:query": lambda world, request: world.queried(request),
    "aws-sdk:dynamodb:batchGetItem": lambda world, request: world.batch(request),
    "aws-sdk:cloudwatch:putMetricData": _always({}),
    "aws-sdk:cloudwatch:getMetricData": lambda world, request: world.counted(request),
    "aws-sdk:cloudwatch:putMetricAlarm": _always({}),
    "aws-sdk:cloudwatch:setAlarmState": _always({}),
    "aws-sdk:sagemaker:updateEndpointWeightsAndCapacities": lambda world, request: world.weighed(request),
    "aws-sdk:dynamodb:transactWriteItems": _always({}),
    "events:putEvents": _always({"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}),
    "aws-sdk:s3:copyObject": _always({}),
    "aws-sdk:s3:putObject": _always({}),
    "aws-sdk:s3:headObject": _always({"ContentLength": 183_000}),
    "sns:publish": _always({"MessageId": "m"}),
    "aws-sdk:dynamodb:putItem.waitForTaskToken": _always({"outcome": "approved", "comment": "looks right"}),
    "aws-sdk:dynamodb:transactWriteItems.waitForTaskToken": lambda world, request: world.ended(request),
    "aws-sdk:applicationautoscaling:deregisterScalableTarget": lambda world, request: world.deregistered(request),
    "aws-sdk:applicationautoscaling:registerScalableTarget": _always(
        {"ScalableTargetARN": "arn:aws:application-autoscaling:eu-central-1:123456789012:scalable-target/t"}
    ),
    "aws-sdk:applicationautoscaling:putScalingPolicy": _always({"PolicyARN": "arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:p", "Alarms": []}),
    "aws-sdk:sfn:sendTaskSuccess": _always({}),
    "dynamodb:deleteItem": _always({"Attributes": {"pk": {"S": "MODEL#bikeshare"}}}),
    "sagemaker:createProcessingJob.sync": _always({"ProcessingJobStatus": "Completed"}),
    "aws-sdk:sagemaker:describeProcessingJob": lambda world, request: world.described_processing(request),
    "sagemaker:createTrainingJob.sync": _always({"TrainingJobStatus": "Completed", "BillableTimeInSeconds": 41}),
    "sagemaker:createModel": _always({"ModelArn": "arn:aws:sagemaker:eu-central-1:123456789012:model/m"}),
    "sagemaker:createTransformJob.sync": lambda world, request: world.transformed(request),
    "sagemaker:createEndpointConfig": _always({"EndpointConfigArn": "arn:aws:sagemaker:eu-central-1:123456789012:endpoint-config/c"}),
    "sagemaker:createEndpoint": lambda world, request: world.changed(request),
    "aws-sdk:sagemaker:updateEndpoint": lambda world, request: world.changed(request),
    "aws-sdk:sagemaker:describeEndpoint": lambda world, request: world.described(request),
    "aws-sdk:sagemaker:deleteEndpoint": lambda world, request: world.deleted(request),
    "aws-sdk:sagemaker:describeTrainingJob": lambda world, request: world.trained(request),
    "aws-sdk:sagemaker:createModelPackage": _always({"ModelPackageArn": PACKAGE}),
    "aws-sdk:sagemaker:updateModelPackage": _always({"ModelPackageArn": PACKAGE}),
    "aws-sdk:sagemaker:describeModelPackage": lambda world, request: {
        "ModelPackageArn": request["ModelPackageName"],
        "CustomerMetadataProperties": world.metadata,
        "ModelApprovalStatus": world.approval,
        "ApprovalDescription": "it is good",
        "LastModifiedBy": {"IamIdentity": {"Arn": "arn:aws:iam::123456789012:user/approver"}},
    },
    "states:startExecution.sync:2": lambda world, request: world.started(request),
    "states:startExecution": _always({"ExecutionArn": "arn:aws:states:eu-central-1:123456789012:execution:m:e", "StartDate": "2026-11-24T08:16:02.000Z"}),
}
