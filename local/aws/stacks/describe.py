"""What CloudFormation tells of nested stacks: whose children they are, and where their templates lie."""

import os
import re
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

Request = dict[str, list[str]]
Reply = tuple[int, Any, bytes]


def install() -> None:
    """Complete the answers that the emulator gives."""
    for action, complete in (("DescribeStacks", _add_parents), ("ListStacks", _add_parents), ("GetTemplate", _name_s3)):
        handlers._ACTION_HANDLERS[action] = _completed(handlers._ACTION_HANDLERS[action], complete)


def _completed(call: Callable[[Request], Reply], complete: Callable[[bytes], bytes]) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        status, headers, body = call(request)
        return status, headers, complete(body)

    return answer


def _add_parents(body: bytes) -> bytes:
    """The ids of a child's parent and root, which the emulator stores and does not show (`Stack` in the API reference)."""
    for stack in cloudformation._stacks.values():
        if "ParentId" in stack:
            element = f"<StackId>{stack['StackId']}</StackId>"
            parents = f"<ParentId>{stack['ParentId']}</ParentId><RootId>{stack['RootId']}</RootId>"
            body = body.replace(element.encode(), (element + parents).encode())
    return body


def _name_s3(body: bytes) -> bytes:
    """The address that S3 has on AWS: `sam deploy` writes that of its endpoint into a template, and `sam delete` looks for a child's template at AWS's only."""
    endpoint = rf"http://(127\.0\.0\.1|localhost):{os.environ['GATEWAY_PORT']}/".encode()
    return re.sub(endpoint, f"https://s3.{get_region()}.amazonaws.com/".encode(), body)
