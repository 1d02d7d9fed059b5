"""Checks a project before anything is trained: instance types that SageMaker has, and settings that are more often a slip."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cli.base.session import Session
from cli.project.project import Project
from cli.project.spec import line_in
from noria.kernel.errors import SpecError
from noria.spec import ModelSpec

if TYPE_CHECKING:
    from botocore.model import StringShape

#: Fields of instance types, and SageMaker's name of the right ones.
INSTANCES = {
    ("train", "instance", "type"): "TrainingInstanceType",
    ("preprocess", "script", "instance", "type"): "ProcessingInstanceType",
    ("evaluate", "instance"): "TransformInstanceType",
    ("serve", "instance"): "ProductionVariantInstanceType",
}


def check_instances(session: Session, project: Project, folder: Path) -> None:
    """Refuse an instance type that SageMaker does not have for its purpose.

    Raises:
        SpecError: with the line of the field and the nearest type.
    """
    for field, shape in INSTANCES.items():
        known = cast("StringShape", session.sagemaker.meta.service_model.shape_for(shape)).enum
        for kind in _instances(project.spec, field):
            if kind not in known:
                near = difflib.get_close_matches(kind, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                path = folder / "model.yaml"
                raise SpecError(f"{path}:{line_in(path, field)}: {'.'.join(field)}: found {kind!r}, which is no {shape} of SageMaker's{hint}")


def _instances(spec: ModelSpec, field: tuple[str, ...]) -> tuple[str, ...]:
    """The types that a field names: one, several, or none where its block is missing."""
    value: Any = spec
    for name in field:
        value = value and getattr(value, name)
    return (value,) if isinstance(value, str) else tuple(value or ())


def warnings(project: Project, folder: Path) -> Iterator[str]:
    """Settings that are legal, and more often a slip."""
    spec, name = project.spec, folder.resolve().name
    if spec.name != name:
        yield f"the folder is {name}, the model is {spec.name}; uploads go to incoming/{spec.name}/"
    fields = {"target": [spec.target], "data.time": [spec.data.time] if spec.data.time else [], "data.key": list(spec.data.key)}
    for field, columns in fields.items():
        for column in set(columns) - set(spec.data.columns):
            near = difflib.get_close_matches(column, list(spec.data.columns), n=1, cutoff=0.75)
            if near or field == "target":
                hint = f", where there is {near[0]}" if near else ", so any value of it is taken for a truth"
                yield f"{field} is {column}, which is not in data.columns{hint}: every upload must have {'both' if near else 'it'}"
