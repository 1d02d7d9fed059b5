"""Requests to AWS inside the shapes of releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: A complete request to AWS, as its service model has it.
AwsRequest = Mapping[str, Any]
