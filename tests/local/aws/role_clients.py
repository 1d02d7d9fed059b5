"""Clients of many roles in the emulator's own process; run by its interpreter.

No request leaves: each is answered on the spot, after its signature was read. The last line of output is a report, as JSON.
"""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

os.environ |= {"AUTH": "false", "GATEWAY_PORT": "9"}

from botocore.awsrequest import AWSResponse

from local.aws import roles

REGION, STATES = "us-east-1", "states.amazonaws.com"
ROLES, HOUR = 30, 3600
_barrier = threading.Barrier(2)
_signers: list[str] = []
_interleaved = threading.Event()


def role(number: int) -> str:
    return f"arn:aws:iam::000000000000:role/role-{number}"


def answer(request, **_):
    """Remembers who signed; two calls that are to overlap wait for each other first."""
    if _interleaved.is_set():
        _barrier.wait(10)
    signed = request.headers["Authorization"]
    signer = (signed.decode() if isinstance(signed, bytes) else signed).split("Credential=")[1].split("/")[0]
    _signers.append(signer)
    response = AWSResponse(request.url, 200, {"x-signer": signer}, None)
    response._content = b"{}"
    return response


def signer_of(client) -> str:
    return client.list_tables()["ResponseMetadata"]["HTTPHeaders"]["x-signer"]


def key_of(number: int) -> str:
    return roles.assume(role(number), STATES).access_key


def pages_signer(client) -> str:
    """Who signs the pages that a paginator asks for."""
    (page,) = client.get_paginator("list_tables").paginate()
    return page["ResponseMetadata"]["HTTPHeaders"]["x-signer"]


def main() -> None:
    clients = [roles.client("dynamodb", role(number), STATES, REGION) for number in range(ROLES)]
    roles._shared["dynamodb", REGION].meta.events.register("before-send", answer)
    report = {"shared clients": len(roles._shared)}
    report["each signs by itself"] = [signer_of(client) for client in clients] == [key_of(number) for number in range(ROLES)]
    report["pages too"] = pages_signer(clients[3]) == key_of(3)
    _interleaved.set()
    with ThreadPoolExecutor(2) as pool:
        pairs = [tuple(pool.map(signer_of, clients[number : number + 2])) for number in range(0, ROLES, 2)]
    _interleaved.clear()
    report["also side by side"] = pairs == [(key_of(number), key_of(number + 1)) for number in range(0, ROLES, 2)]
    now, before = time.time(), key_of(0)
    roles.time.time = lambda: now + HOUR + 1
    report["a held client renews its session"] = signer_of(clients[0]) == key_of(0) != before
    report["sessions left after an hour"] = len(roles._sessions)
    try:
        roles._shared["dynamodb", REGION].list_tables()
    except LookupError:
        report["the shared client signs for nobody"] = True
    print(json.dumps(report))


if __name__ == "__main__":
    main()
