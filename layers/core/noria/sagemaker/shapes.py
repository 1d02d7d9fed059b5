"""Shapes that every context that calls SageMaker shares. Only type checkers and tests import them."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class StackResourcesShape(TypedDict):
    """`noria.sagemaker.stack.StackResources` as JSON."""

    prefix: str
    artifacts: str
    execution_role: str
    training_role: NotRequired[str]
    processing_role: NotRequired[str]
    lake: NotRequired[str]
