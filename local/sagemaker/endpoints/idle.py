"""Ends the processes of idle model servers; the next request starts them again, and its client sees no more than a longer wait.

None ends during a release: while the endpoint's status is not `InService`, and while several variants or a shadow share the traffic.
Nor do the instances end that a scalable target's `MinCapacity` holds, which start again where they have ended before.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from ministack.core.responses import request_scope

from local import clock
from local.aws import gateway
from local.sagemaker.containers.model_server import ServerStoppedError
from local.sagemaker.endpoints import deployments, scalable_targets
from local.sagemaker.endpoints.fleets import Deployment
from local.sagemaker.errors import ApiError
from local.sagemaker.resources import Record

#: Path of the gateway that counts the servers.
PATH = "/_noria/model-servers"
#: Time without a request after which a server is idle, divided by the speed; and the shortest at any speed.
IDLE_SECONDS, SHORTEST_IDLE_SECONDS = 900.0, 10.0
#: Looks within an idle time, and endpoints in parallel: a server takes a second to end.
LOOKS, PARALLEL = 5, 8


def install() -> None:
    """Look for idle servers from now on."""
    gateway.serve(PATH, counts)
    threading.Thread(target=_look_forever, daemon=True, name="idle-servers").start()


def counts() -> dict[str, dict[str, int]]:
    """Running and idle model servers, by the endpoint's ARN."""
    servers = {arn: deployment.servers() for arn, deployment in deployments.every().items()}
    return {
        arn: {"running": sum(server.alive() and not server.idle for server in group), "idle": sum(server.idle for server in group)}
        for arn, group in servers.items()
    }


def end_idle_servers(record: Record, deployment: Deployment, seconds: float) -> None:
    """End the servers of an endpoint that had no request for so long, unless it is released or a minimum holds them."""
    fleet = deployment.fleet
    if record["EndpointStatus"] != "InService" or deployment.incoming or fleet.shadows or len(fleet.variants) > 1:
        return
    for variant in fleet.variants.values():
        minimum = scalable_targets.min_capacity(record["EndpointName"], variant.name)
        for number, server in enumerate(variant.servers):
            if number >= minimum:
                server.end_if_idle(seconds)
            else:
                # One that does not start again fails its next request, as a crashed one does.
                with suppress(OSError, ServerStoppedError):
                    server.start()


def _look_forever() -> None:
    seconds = max(SHORTEST_IDLE_SECONDS, clock.scaled(IDLE_SECONDS))
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="idle-servers") as pool:
        while True:
            time.sleep(seconds / LOOKS)
            list(pool.map(partial(_look, seconds), deployments.every()))


def _look(seconds: float, arn: str) -> None:
    region, account = arn.split(":")[3:5]
    # An endpoint that was deleted meanwhile is not found.
    with request_scope(account, region), suppress(ApiError):
        deployment, record = deployments.get(arn)
        end_idle_servers(record, deployment, seconds)
