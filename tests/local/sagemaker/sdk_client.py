"""Processes, trains, deploys, asks, registers and deletes through the unmodified SageMaker SDK; run by its own interpreter.

Called with a bucket, a role's ARN, an image and a folder of source; its last line of output is a report, as JSON.
"""

import json
import logging
import sys

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, ModelPackage, ModelPackageGroup, TrainingJob
from sagemaker.core.shapes import (
    ContainerDefinition,
    ContainersItem,
    InferenceSpecification,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    ProductionVariant,
)
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode, StoppingCondition


def train(bucket: str, role: str, image: str, folder: str) -> TrainingJob:
    """A training job from a local folder, waited for and its log followed."""
    trainer = ModelTrainer(
        training_image=image,
        role=role,
        base_job_name="sdk",
        sagemaker_session=Session(default_bucket=bucket),
        source_code=SourceCode(source_dir=folder, entry_script="train.py", requirements="requirements.txt"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=120),
        hyperparameters={"slope": 2, "words": "two words"},
    )
    trainer.train(input_data_config=[InputData(channel_name="train", data_source=f"s3://{bucket}/sdk/data/")], wait=True, logs=True)
    return trainer._latest_training_job


def process(bucket: str, role: str, image: str, script: str) -> str:
    """Where a processing job has left its rows; waited for and its log followed."""
    rows, out = "/opt/ml/processing/input/rows", "/opt/ml/processing/output"
    source = ProcessingS3Input(s3_uri=f"s3://{bucket}/sdk/data/", local_path=rows, s3_data_type="S3Prefix", s3_input_mode="File")
    target = ProcessingS3Output(s3_uri=f"s3://{bucket}/sdk/processed", local_path=out, s3_upload_mode="EndOfJob")
    processor = ScriptProcessor(
        role=role, image_uri=image, command=["python3"], instance_count=1, instance_type="ml.m5.large", sagemaker_session=Session(default_bucket=bucket)
    )
    processor.run(
        code=script,
        inputs=[ProcessingInput(input_name="rows", s3_input=source)],
        outputs=[ProcessingOutput(output_name="rows", s3_output=target)],
        arguments=["--keep", "2"],
        wait=True,
        logs=True,
    )
    return f"{target.s3_uri}/rows.csv"


def deploy(name: str, role: str, image: str, model_data: str) -> tuple[Model, EndpointConfig, Endpoint]:
    environment = {"SAGEMAKER_PROGRAM": "inference.py"}
    container = ContainerDefinition(image=image, model_data_url=model_data, environment=environment)
    model = Model.create(model_name=name, primary_container=container, execution_role_arn=role)
    variant = ProductionVariant(variant_name="all", model_name=name, initial_instance_count=1, instance_type="ml.m5.large")
    config = EndpointConfig.create(endpoint_config_name=name, production_variants=[variant])
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name)
    endpoint.wait_for_status("InService", poll=1)
    return model, config, endpoint


def register(name: str, image: str, model_data: str) -> ModelPackage:
    """Register a version; the SDK's own `create` registers it and then fails on the response."""
    ModelPackageGroup.create(model_package_group_name=name)
    container = ContainersItem(image=image, model_data_url=model_data)
    specification = InferenceSpecification(containers=[container], supported_content_types=["text/csv"], supported_response_mime_types=["application/json"])
    try:
        return ModelPackage.create(model_package_group_name=name, inference_specification=specification, model_approval_status="PendingManualApproval")
    except KeyError:
        (package,) = ModelPackage.get_all(model_package_group_name=name)
        return package.refresh()


def main(bucket: str, role: str, image: str, folder: str) -> None:
    processed = process(bucket, role, image, f"{folder}/process.py")
    job = train(bucket, role, image, folder)
    model_data = job.model_artifacts.s3_model_artifacts
    name = job.training_job_name
    model, config, endpoint = deploy(name, role, image, model_data)
    answer = endpoint.invoke(body="2.5,0.5\n0.5,0.5\n", content_type="text/csv", accept="application/json")
    package = register(name, image, model_data)
    report = {
        "processed": processed,
        "job": name,
        "status": job.training_job_status,
        "model_data": model_data,
        "endpoint": endpoint.endpoint_status,
        "answer": json.loads(answer.body.read()),
        "version": package.model_package_version,
        "approval": package.model_approval_status,
    }
    package.delete()
    ModelPackageGroup.get(model_package_group_name=name).delete()
    for resource in (endpoint, config, model):
        resource.delete()
    print(json.dumps(report))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(*sys.argv[1:])
