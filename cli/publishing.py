"""Publishes a model project: its archive, its spec in the ledger, its group in the model registry."""

import difflib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from cli import images, ledger, projects, specs, starting
from cli.errors import CliError
from cli.session import Session
from noria.kernel.errors import SpecError

if TYPE_CHECKING:
    from botocore.model import StringShape
    from types_boto3_sagemaker.type_defs import TagTypeDef

Json = dict[str, Any]
#: A spec travels through machines whose payloads have at most 256 KiB, beside a header and a verdict.
MOST_BYTES = 64 * 1024


def publish(session: Session, folder: Path) -> Json:
    """Publish what is in a folder; what is published already is left as it is.

    Returns:
        `{model, spec, changed, source, images, warnings}`

    Raises:
        SpecError: the spec is wrong, or too large for a state machine.
        CliError: a script is missing, or written for other columns.
    """
    project = projects.load(folder)
    starting.check_scripts(folder, project.spec)
    model, stack = project.spec.name, session.prefix
    current = ledger.read(session, model).spec
    resolved = _images(project, folder, session.region_name)
    spec, bucket = project.id(resolved), session.outputs["ArtifactBucket"]
    changed = current is None or current["id"] != spec
    _check_instances(session, project, folder)
    source = f"s3://{bucket}/projects/{model}/{spec}/source.tar.gz"
    if changed:
        document = _document(project, source, resolved, session.region_name, session.caller)
        if (size := len(json.dumps(document))) > MOST_BYTES:
            raise SpecError(f"{folder / 'model.yaml'} makes a document of {size} bytes, more than {MOST_BYTES}: name fewer columns, or fewer values of them")
        session.s3.put_object(Bucket=bucket, Key=source.removeprefix(f"s3://{bucket}/"), Body=project.archive)
        _declare_group(session, f"{stack}-{model}", model)
        _record(session, model, document)
    return {"model": model, "spec": spec, "changed": changed, "source": source, "images": resolved, "warnings": list(warnings(project, folder))}


def _images(project: projects.Project, folder: Path, region: str) -> dict[str, str]:
    """Of training and serving; of the project's own preprocessing, and of the container that applies what is declared."""
    preprocess = project.spec.preprocess
    resolved = _resolved(project.spec.train.image, ("train", "image"), folder, region)
    if preprocess.script:
        resolved["processing"] = _resolved(preprocess.script.image, ("preprocess", "script", "image"), folder, region)["training"]
    if preprocess.declared:
        resolved["preprocess"] = _resolved("sklearn", ("preprocess",), folder, region)["inference"]
    return resolved


def _resolved(image: str, where: tuple[str, ...], folder: Path, region: str) -> dict[str, str]:
    try:
        return images.resolve(image, region)
    except CliError as error:
        raise SpecError(f"{folder / 'model.yaml'}:{specs.line_in(folder / 'model.yaml', where)}: {'.'.join(where)}: {error}") from error


#: Where a spec names instance types, and SageMaker's name of those that are meant.
INSTANCES = {
    ("train", "instance", "type"): "TrainingInstanceType",
    ("preprocess", "script", "instance", "type"): "ProcessingInstanceType",
    ("evaluate", "instance"): "TransformInstanceType",
    ("serve", "instance"): "ProductionVariantInstanceType",
}


def _check_instances(session: Session, project: projects.Project, folder: Path) -> None:
    """Refuse an instance type that SageMaker has not for its purpose, before anything is trained."""
    document = project.spec.model_dump(mode="json")
    for where, shape in INSTANCES.items():
        named: Any = document
        for part in where:
            named = named and named[part]
        known = cast("StringShape", session.sagemaker.meta.service_model.shape_for(shape)).enum
        for kind in [named] if isinstance(named, str) else named or ():
            if kind not in known:
                near = difflib.get_close_matches(kind, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                path = folder / "model.yaml"
                raise SpecError(f"{path}:{specs.line_in(path, where)}: {'.'.join(where)}: found {kind!r}, which is no {shape} of SageMaker's{hint}")


def warnings(project: projects.Project, folder: Path) -> Iterator[str]:
    """What may be meant, and is more often a slip."""
    spec, name = project.spec, folder.resolve().name
    if spec.name != name:
        yield f"the folder is {name}, the model is {spec.name}; uploads go to incoming/{spec.name}/"
    named = {"target": [spec.target], "data.time": [spec.data.time] if spec.data.time else [], "data.key": list(spec.data.key)}
    for field, columns in named.items():
        for column in set(columns) - set(spec.data.columns):
            near = difflib.get_close_matches(column, list(spec.data.columns), n=1, cutoff=0.75)
            if near or field == "target":
                there = f", where there is {near[0]}" if near else ", so any value of it is taken for a truth"
                yield f"{field} is {column}, which is not in data.columns{there}: every upload must have {'both' if near else 'it'}"


def _document(project: projects.Project, source: str, resolved: dict[str, str], region: str, by: str) -> Json:
    return {
        **project.spec.model_dump(mode="json"),
        "id": project.id(resolved),
        "source": source,
        "images": resolved,
        "region": region,
        "published_by": by,
        "digests": {"code": project.code_digest, "environment": project.environment_digest(resolved)},
    }


def _declare_group(session: Session, group: str, model: str) -> None:
    """The group of the model's versions; one that is there already, or that somebody else makes just now, is as good."""
    tags: list[TagTypeDef] = [{"Key": "noria:model", "Value": model}, {"Key": "noria:stage", "Value": session.prefix}]
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
        {"pk": {"S": f"MODEL#{model}"}, "sk": {"S": key}, "document": {"S": json.dumps(document, allow_nan=False)}, "time": {"S": now}}
        for key in (f"SPEC#{document['id']}", "SPEC")
    ]
    # By this, whoever looks at every model finds it.
    items.append({"pk": {"S": "MODELS"}, "sk": {"S": model}, "time": {"S": now}})
    session.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items])
