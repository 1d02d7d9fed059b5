"""How the gateway is spoken to: as if by TLS, and on connections that stay open for as long as their client wants."""

import asyncio
import sys
from typing import Any

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config
from ministack import app

#: Connections that may wait to be accepted; a burst of clients that finds no room waits a second and more to try again.
BACKLOG = 2048


def install() -> None:
    """Pin each request's origin as secure, and end no idle connection.

    Bucket policies refuse plain HTTP; the gateway listens on the loopback alone, so no request leaves the machine.
    """
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, secure_transport: pin(source_ip, True)
    keep_connections()


def keep_connections() -> None:
    """Have the server end connections only with itself, however long they are idle and however many requests they have had.

    A client that reuses a connection in the moment in which the server ends it for idleness gets no answer, and cannot know whether its request was heard.
    Clients of the loopback end theirs, at the latest with their process.
    """
    TCPServer._idle_timeout = _until_the_end
    Config.keep_alive_max_requests = sys.maxsize
    Config.backlog = BACKLOG


async def _until_the_end(connection: Any) -> None:
    await connection.context.terminated.wait()
    await asyncio.shield(connection._initiate_server_close())
