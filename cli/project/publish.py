"""Publishes a model project: its archive, its spec in the ledger, its group in the model registry."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.session import Session
from cli.project import images, scripts
from cli.project import project as projects
from cli.project.checks import check_instances, warnings
from cli.project.project import Project
from cli.project.spec import line_in
from cli.release.forecast import forecast
from noria.kernel.errors import SpecError
from noria.kernel.published_spec import PublishedSpec, RolloutShape

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import TagTypeDef

#: Largest spec (bytes), as the text within a text that a machine carries it as: each quote in it is two characters. A payload of Step
#: Functions has at most 256 KiB, and the judgement of an upload holds beside the spec: the header and the faults, of 32 KiB of names
#: each; 56 KiB of empty values by column at the most; 24 KiB of requests, reasons and examples. The item of a dataset in the ledger, with
#: its spec and its verdict, then stays far below DynamoDB's 400 KB.
MOST_BYTES = 112 * 1024
#: SageMaker's codes for a group that exists, or that somebody else creates at this moment.
EXISTS = ("ValidationException", "ConflictException")


@dataclass(frozen=True)
class Publication:
    """A published project.

    Attributes:
        spec: its id.
        changed: whether it differs from what was published before.
        source: the archive's S3 URI.
        images: by purpose: `training`, `inference`; `processing` and `preprocess` where the project has them.
        warnings: settings that are more often a slip.
        rollout: what the next release will do at the traffic of the last days; nothing where that cannot be read.
    """

    model: str
    spec: str
    changed: bool
    source: str
    images: dict[str, str]
    warnings: list[str]
    rollout: str | None


def publish(session: Session, folder: Path) -> Publication:
    """Publish a project folder; the same content a second time changes nothing.

    Raises:
        SpecError: the spec is wrong, or too large for a state machine.
        CliError: a script is missing, or names other columns than the spec.
    """
    project = projects.load(folder)
    scripts.check_columns(folder, project.spec)
    record = ledger.read(session, project.spec.name)
    current = record.spec
    resolved = _images(project, folder, session.region_name)
    spec, model = project.id(resolved), project.spec.name
    check_instances(session, project, folder)
    bucket, key = session.outputs["ArtifactBucket"], f"projects/{model}/{spec}/source.tar.gz"
    changed, outlook = current is None or current["id"] != spec, forecast(session, record, _rollout(project))
    result = Publication(model, spec, changed, f"s3://{bucket}/{key}", resolved, list(warnings(project, folder)), outlook)
    if result.changed:
        document = _document(session, project, result)
        if (size := len(json.dumps(json.dumps(document)))) > MOST_BYTES:
            raise SpecError(f"{folder / 'model.yaml'} makes a document of {size} bytes, more than {MOST_BYTES}: name fewer columns, or fewer values of them")
        session.s3.put_object(Bucket=bucket, Key=key, Body=project.archive)
        _ensure_group(session, model)
        ledger.record_spec(session, document)
    return result


def _rollout(project: Project) -> RolloutShape:
    return cast("RolloutShape", project.spec.rollout.model_dump(mode="json"))


def _images(project: Project, folder: Path, region: str) -> dict[str, str]:
    """The images of training and serving, of the project's own preprocessing script, and of the declared steps."""
    preprocess = project.spec.preprocess
    resolved = _resolved(project.spec.train.image, ("train", "image"), folder, region)
    if preprocess.script:
        resolved["processing"] = _resolved(preprocess.script.image, ("preprocess", "script", "image"), folder, region)["training"]
    if preprocess.declared:
        resolved["preprocess"] = _resolved("sklearn", ("preprocess",), folder, region)["inference"]
    return resolved


def _resolved(image: str, field: tuple[str, ...], folder: Path, region: str) -> dict[str, str]:
    try:
        return images.resolve(image, region)
    except CliError as error:
        raise SpecError(f"{folder / 'model.yaml'}:{line_in(folder / 'model.yaml', field)}: {'.'.join(field)}: {error}") from error


def _document(session: Session, project: Project, publication: Publication) -> PublishedSpec:
    document = {
        **project.spec.model_dump(mode="json"),
        "id": publication.spec,
        "source": publication.source,
        "images": publication.images,
        "region": session.region_name,
        "published_by": session.caller,
        "digests": {"code": project.code_digest, "environment": project.environment_digest(publication.images)},
    }
    return cast("PublishedSpec", document)


def _ensure_group(session: Session, model: str) -> None:
    """Create the group of the model's versions, unless it exists."""
    group = f"{session.prefix}-{model}"
    tags: list[TagTypeDef] = [{"Key": "noria:model", "Value": model}, {"Key": "noria:stage", "Value": session.prefix}]
    try:
        session.sagemaker.create_model_package_group(ModelPackageGroupName=group, ModelPackageGroupDescription=f"Versions of {model}", Tags=tags)
    except ClientError as error:
        if error.response["Error"]["Code"] not in EXISTS:
            raise
        session.sagemaker.describe_model_package_group(ModelPackageGroupName=group)
