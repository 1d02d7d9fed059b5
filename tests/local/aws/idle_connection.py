"""A server whose configuration ends idle connections at once, in the emulator's own process; run by its interpreter.

The last line of output is a report, as JSON: the answers that one connection got after pauses, each its status line and whether its end was announced.
"""

import asyncio
import json

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.aws import transport

IDLE_SECONDS, REQUESTS = 0.05, 5


async def answer(scope, receive, send):
    assert scope["type"] in ("http", "lifespan")
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def main():
    transport.keep_connections()
    config, ends = Config(), asyncio.Event()
    config.bind, config.keep_alive_timeout = ["127.0.0.1:0"], IDLE_SECONDS
    sockets = config.create_sockets()
    config.create_sockets = lambda: sockets
    (listening,) = sockets.insecure_sockets
    listening.listen()
    server = asyncio.create_task(serve(answer, config, shutdown_trigger=ends.wait))
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    heads = []
    for _ in range(REQUESTS):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        heads.append((await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode().lower())
        await asyncio.sleep(4 * IDLE_SECONDS)
    ends.set()
    await asyncio.wait_for(server, 20)
    left = await asyncio.wait_for(reader.read(), 10)
    print(json.dumps({"answers": [[head.splitlines()[0], "close" in head] for head in heads], "left when the server ended": left.decode()}))


asyncio.run(main())
