"""Prints new and published projects."""

from cli.base import console
from cli.project.publish import Publication
from cli.project.scaffold import Scaffold


def published(result: Publication) -> None:
    change = "published" if result.changed else "is published already, unchanged:"
    console.out.print(f"{result.model} {change} spec {result.spec}; image {result.images['training']}")
    if result.rollout:
        console.out.print(f"  next release: {result.rollout}", markup=False)
    for warning in result.warnings:
        console.out.print(f"  look again: {warning}", style="yellow", markup=False)


def started(result: Scaffold) -> None:
    console.out.print(f"wrote {result.folder}: {', '.join(result.files)} (a {result.task} task, target {result.target})")
    console.out.print(f"edit them, then: noria publish {result.folder}")
