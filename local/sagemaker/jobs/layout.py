"""/opt/ml of a training container: configuration, channels and source.

Source: "How Amazon SageMaker provides training information", SageMaker developer guide.
"""

import json
from pathlib import Path

from local.sagemaker import storage
from local.sagemaker.errors import JobFailedError
from local.sagemaker.resources import Record

HOST, GROUP = "algo-1", "homogeneousCluster"
#: Input modes that look like files to the script.
FILE_MODES = ("File", "FastFile")


def lay_out(record: Record, folder: Path) -> None:
    """Fill a job's folder.

    Raises:
        JobFailedError: a channel cannot be read, or has an unsupported data type or mode.
    """
    config = folder / "input" / "config"
    for path in (config, folder / "input" / "data", folder / "model", folder / "output" / "data", folder / "checkpoints"):
        path.mkdir(parents=True, exist_ok=True)
    hyperparameters = record.get("HyperParameters", {})
    channels = {channel["ChannelName"]: channel for channel in record.get("InputDataConfig", [])}
    channel_configs = {name: _channel_config(record, channel) for name, channel in channels.items()}
    for name, content in (("hyperparameters", hyperparameters), ("inputdataconfig", channel_configs), ("resourceconfig", _resources(record))):
        (config / f"{name}.json").write_text(json.dumps(content))
    for name, channel in channels.items():
        storage.download(record["RoleArn"], _uri(record, channel), folder / "input" / "data" / name)
    source = str(hyperparameters.get("sagemaker_submit_directory", "")).strip('"')
    if source:
        storage.unpack(storage.read(record["RoleArn"], source), folder / "code")


def requirements(folder: Path) -> str:
    """The project's requirements.txt, from its source archive or from the SDK's `code` channel; empty where it has none."""
    for path in (folder / "code" / "requirements.txt", folder / "input" / "data" / "code" / "requirements.txt"):
        if path.exists():
            return path.read_text()
    return ""


def _mode(record: Record, channel: Record) -> str:
    return str(channel.get("InputMode") or record["AlgorithmSpecification"].get("TrainingInputMode", "File"))


def _channel_config(record: Record, channel: Record) -> Record:
    config = {
        "TrainingInputMode": _mode(record, channel),
        "S3DistributionType": channel["DataSource"].get("S3DataSource", {}).get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    return {**config, "ContentType": channel["ContentType"]} if "ContentType" in channel else config


def _resources(record: Record) -> Record:
    instance = record["ResourceConfig"].get("InstanceType", "")
    return {
        "current_host": HOST,
        "current_instance_type": instance,
        "current_group_name": GROUP,
        "hosts": [HOST],
        "instance_groups": [{"instance_group_name": GROUP, "instance_type": instance, "hosts": [HOST]}],
        "network_interface_name": "lo",
    }


def _uri(record: Record, channel: Record) -> str:
    """The S3 URI of a channel.

    Raises:
        JobFailedError: the channel's data type or mode is not supported.
    """
    source: Record = channel["DataSource"].get("S3DataSource", {})
    if source.get("S3DataType") != "S3Prefix" or _mode(record, channel) not in FILE_MODES:
        raise JobFailedError(
            f"ClientError: Data download failed:the channel {channel['ChannelName']} is no S3Prefix in mode File or FastFile: no other is served locally"
        )
    return str(source["S3Uri"])
