"""Buckets, functions and tables: properties that the emulator accepts and drops, and a bucket that still has contents."""

from collections.abc import Callable
from typing import Any

import botocore.session
from botocore import serialize
from ministack.services import dynamodb, lambda_svc, s3
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Hook = Callable[[str, Properties], None]
CONFLICT = 409


class ResourceNotAppliedError(ValueError):
    """The service refuses what the template asks of it; the stack fails, as it would on AWS."""


def install() -> None:
    """Have the properties of buckets, functions and tables applied, and keep a bucket that is not empty."""
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"] = _delete_bucket
    after("AWS::S3::Bucket", _bucket)
    after("AWS::DynamoDB::Table", _table)
    after("AWS::Lambda::Function", _function)


def after(resource_type: str, hook: Hook) -> None:
    """Call `hook(physical_id, properties)` after each creation and update of a type."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers.get("update")

    def create_and_apply(logical_id: str, properties: Properties, stack: str) -> Any:
        resource = create(logical_id, properties, stack)
        hook(resource[0], properties)
        return resource

    def update_and_apply(physical_id: str, old: Properties, new: Properties, stack: str, *rest: Any) -> Any:
        resource = update(physical_id, old, new, stack, *rest)
        hook(resource[0], new)
        return resource

    handlers["create"] = create_and_apply
    if update:
        handlers["update"] = update_and_apply


def _delete_bucket(name: str, properties: Properties) -> None:
    """Only an empty bucket can be deleted (`AWS::S3::Bucket`, AWS CloudFormation User Guide); the emulator drops it with all that is in it."""
    status, _, body = s3._delete_bucket(name)
    if status == CONFLICT:
        raise ResourceNotAppliedError(f"DeleteBucket on {name}: {body!r}")


def _bucket(name: str, properties: Properties) -> None:
    if encryption := properties.get("BucketEncryption"):
        rules = [
            {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"], "BucketKeyEnabled": _true(rule.get("BucketKeyEnabled"))}
            for rule in encryption["ServerSideEncryptionConfiguration"]
        ]
        _put("PutBucketEncryption", s3._put_bucket_encryption, name, {"ServerSideEncryptionConfiguration": {"Rules": rules}})
    if lifecycle := properties.get("LifecycleConfiguration"):
        rules = [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]
        _put("PutBucketLifecycleConfiguration", s3._put_bucket_lifecycle, name, {"LifecycleConfiguration": {"Rules": rules}})
    if tags := properties.get("Tags"):
        _put("PutBucketTagging", s3._put_bucket_tagging, name, {"Tagging": {"TagSet": tags}})


def _lifecycle_rule(rule: Properties) -> Properties:
    result: Properties = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        result["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        result["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    for name in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration"):
        if name in rule:
            result[name] = {key: int(value) for key, value in rule[name].items()}
    if "Transitions" in rule:
        result["Transitions"] = [{"Days": int(step["TransitionInDays"]), "StorageClass": step["StorageClass"]} for step in rule["Transitions"]]
    return result


def _put(operation: str, call: Callable[[str, bytes], tuple[int, Any, Any]], bucket: str, parameters: Properties) -> None:
    """Call the emulator's handler in-process: CloudFormation runs on its event loop, where a request to itself would wait for ever."""
    model = botocore.session.get_session().get_service_model("s3")
    request = serialize.create_serializer("rest-xml").serialize_to_request({"Bucket": bucket, **parameters}, model.operation_model(operation))
    status, _, body = call(bucket, request["body"])
    if status >= 300:
        raise ResourceNotAppliedError(f"{operation} on {bucket}: {body!r}")


def _table(name: str, properties: Properties) -> None:
    if ttl := properties.get("TimeToLiveSpecification"):
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": {**ttl, "Enabled": _true(ttl.get("Enabled"))}})
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        enabled = {"PointInTimeRecoveryEnabled": _true(recovery.get("PointInTimeRecoveryEnabled"))}
        dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": enabled})


def _function(name: str, properties: Properties) -> None:
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is None:
        lambda_svc._delete_function_concurrency(name)
    else:
        lambda_svc._put_function_concurrency(name, {"ReservedConcurrentExecutions": int(reserved)})


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
