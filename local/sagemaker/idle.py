"""Ends the processes of idle model servers; the next request starts them again, and AWS's clients see no difference but its wait.

A server stays while its endpoint is released: in any status but `InService`, and while several variants or a shadow share the
traffic. The instances that a scalable target's `MinCapacity` holds stay as well, and start where they were ended before.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from ministack.core.responses import request_scope

from local import clock
from local.aws import gateway
from local.sagemaker import endpoints, scaling
from local.sagemaker.errors import ApiError
from local.sagemaker.families import Record
from local.sagemaker.fleets import Serving
from local.sagemaker.servers import ServerStoppedError

#: Where the gateway says how many servers there are.
PATH = "/_noria/model-servers"
#: A server without a request for so long is idle; and never sooner, however fast the clock.
IDLE_SECONDS, SHORTEST_IDLE_SECONDS = 900.0, 10.0
#: Looks within an idle time, and endpoints that are looked at side by side: a server takes a second to end.
LOOKS, AT_ONCE = 5, 8


def install() -> None:
    """Look for idle servers from now on."""
    gateway.serve(PATH, counts)
    threading.Thread(target=_keep_looking, daemon=True, name="idle-servers").start()


def counts() -> dict[str, dict[str, int]]:
    """Running and idle model servers, by the endpoint's ARN."""
    fleets = {arn: [serving.fleet, *([serving.incoming] if serving.incoming else [])] for arn, serving in endpoints.all_serving().items()}
    servers = {arn: [server for fleet in both for server in fleet.servers()] for arn, both in fleets.items()}
    return {
        arn: {"running": sum(server.alive() and not server.idle for server in of_endpoint), "idle": sum(server.idle for server in of_endpoint)}
        for arn, of_endpoint in servers.items()
    }


def settle(record: Record, serving: Serving, seconds: float) -> None:
    """End the servers of an endpoint that were idle for so long, as far as it can spare them."""
    if record["EndpointStatus"] != "InService" or serving.incoming or serving.fleet.shadows or len(serving.fleet.variants) > 1:
        return
    for variant in serving.fleet.variants.values():
        held = scaling.minimum(record["EndpointName"], variant.name)
        for number, server in enumerate(variant.servers):
            if number >= held:
                server.end_idle(seconds)
            else:
                # One that does not start again fails its next request, as a crashed one does.
                with suppress(OSError, ServerStoppedError):
                    server.start()


def _keep_looking() -> None:
    limit = max(SHORTEST_IDLE_SECONDS, clock.scaled(IDLE_SECONDS))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="idle-servers") as pool:
        while True:
            time.sleep(limit / LOOKS)
            list(pool.map(partial(_look, limit), endpoints.all_serving()))


def _look(limit: float, arn: str) -> None:
    region, account = arn.split(":")[3:5]
    # One that was deleted meanwhile is not found.
    with request_scope(account, region), suppress(ApiError):
        serving, record = endpoints.serving(arn)
        settle(record, serving, limit)
