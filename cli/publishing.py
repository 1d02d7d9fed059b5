"""Publishes a model project: its archive, its spec in the ledger, its group in the model registry."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli import images, ledger, projects
from cli.session import Session

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import TagTypeDef

Json = dict[str, Any]


def publish(session: Session, folder: Path) -> Json:
    """Publish what is in a folder; what is published already is left as it is.

    Returns:
        `{model, spec, changed, source, images}`
    """
    project = projects.load(folder)
    model, stack = project.spec.name, session.stack
    current = ledger.read(session, model).spec
    resolved = images.resolve(project.spec.train.image, session.region_name)
    changed = current is None or current["id"] != project.id or current["images"] != resolved
    bucket = session.outputs["ArtifactBucket"]
    source = f"s3://{bucket}/projects/{model}/{project.id}/source.tar.gz"
    if changed:
        session.s3.put_object(Bucket=bucket, Key=source.removeprefix(f"s3://{bucket}/"), Body=project.archive)
        _declare_group(session, f"{stack}-{model}", model)
        _record(session, model, _document(project, source, resolved, session.region_name))
    return {"model": model, "spec": project.id, "changed": changed, "source": source, "images": resolved}


def _document(project: projects.Project, source: str, resolved: dict[str, str], region: str) -> Json:
    return {
        **project.spec.model_dump(mode="json"),
        "id": project.id,
        "source": source,
        "images": resolved,
        "region": region,
        "digests": {"code": project.code_digest, "environment": project.environment_digest},
    }


def _declare_group(session: Session, group: str, model: str) -> None:
    """The group of the model's versions; one that is there already, or that somebody else makes just now, is as good."""
    tags: list[TagTypeDef] = [{"Key": "noria:model", "Value": model}, {"Key": "noria:stage", "Value": session.stack}]
    try:
        session.sagemaker.create_model_package_group(ModelPackageGroupName=group, ModelPackageGroupDescription=f"Versions of {model}", Tags=tags)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ConflictException"):
            raise
        session.sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def _record(session: Session, model: str, document: Json) -> None:
    """The spec for ever under its id, and as the one that uploads are judged by."""
    now, table = datetime.now(UTC).isoformat(), session.outputs["LedgerTable"]
    items = [
        {"pk": {"S": f"MODEL#{model}"}, "sk": {"S": key}, "document": {"S": json.dumps(document)}, "time": {"S": now}}
        for key in (f"SPEC#{document['id']}", "SPEC")
    ]
    session.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items])
