"""The type of AWS's own requests and answers, and of published documents."""

from typing import Any

#: A JSON object of any shape. What passes between a machine and a function has a shape of its own (`noria.<context>.shapes`).
Json = dict[str, Any]
