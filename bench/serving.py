"""What a release costs those who ask meanwhile: failed requests, seconds to restore, and the latency of the endpoint's front."""

import http.client
import random
import shutil
import socket
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.loop import deployed
from bench.results import ROOT, Result
from cli.base import ledger
from cli.base.paths import home
from cli.base.session import Session
from cli.data.progress import follow
from cli.data.upload import upload
from cli.demo.client import Client
from cli.demo.dataset import YEAR, rows_of_year
from cli.project.publish import publish
from cli.release import approval
from cli.release.releases import rollback

LIMIT_SECONDS = 600
#: Requests of each kind whose latency is measured, in turns.
ROUNDS = 300
CSV = {"Content-Type": "text/csv", "Accept": "text/csv"}
#: A row as the endpoint is sent it.
ROW = b"17,1,4,10.5,18.2,0.0,420\n"


class Served:
    """A fresh model whose second version serves; both versions' configurations are kept.

    Attributes:
        first, second: what the ledger had of each when it served.
    """

    def __init__(self) -> None:
        self.session = deployed()
        self.name = f"serve{datetime.now().strftime('%H%M%S')}"  # noqa: DTZ005  # a name
        self.endpoint = f"{self.session.prefix}-{self.name}"
        self._project = home() / "bench" / self.name
        shutil.copytree(ROOT / "models" / "bikeshare", self._project, ignore=shutil.ignore_patterns("__pycache__"))
        spec = self._project / "model.yaml"
        text = spec.read_text().replace("name: bikeshare", f"name: {self.name}").replace("margin: 0.0", "margin: -1.0")
        spec.write_text(text + "rollout: {strategy: all_at_once}\n")
        publish(self.session, self._project)
        self.first = self._release(YEAR)
        self.second = self._release(YEAR + 1)

    def _release(self, year: int) -> Any:
        sent = upload(self.session, self.name, rows_of_year(year))
        stages = list(follow(self.session, sent, LIMIT_SECONDS))
        if stages[-1].verdict != "completed":
            raise RuntimeError(f"the loop ended at {stages[-1].name}: {stages[-1].reasons}")
        return ledger.read(self.session, self.name).champion

    def serves(self, config: str) -> bool:
        result = self.session.sagemaker.describe_endpoint(EndpointName=self.endpoint)
        return bool(result["EndpointStatus"] == "InService" and result.get("EndpointConfigName") == config)

    def until(self, holds: Callable[[], bool]) -> float:
        """Seconds until something holds, looked at ten times a second."""
        began = time.perf_counter()
        while not holds():
            if time.perf_counter() - began > LIMIT_SECONDS:
                raise TimeoutError(self.name)
            time.sleep(0.1)
        return time.perf_counter() - began


served = cache(Served)


def release_load() -> Result:
    """Requests that fail in the machinery at 50 a second during update, shift, rollback, scale-out and scale-in."""
    model = served()
    client = Client(model.session, model.endpoint, rows_of_year(YEAR + 2))
    client.start()
    sagemaker, parts = model.session.sagemaker, dict[str, Any]()

    def scale(count: int) -> None:
        expected: Any = [{"VariantName": "main", "DesiredInstanceCount": count}]
        sagemaker.update_endpoint_weights_and_capacities(EndpointName=model.endpoint, DesiredWeightsAndCapacities=expected)

    steps: dict[str, Callable[[], object]] = {
        "scale-out": lambda: scale(2),
        "scale-in": lambda: scale(1),
        "rollback": lambda: rollback(model.session, model.name, None, "benchmark", LIMIT_SECONDS),
        "approval and release": lambda: approval.decide(model.session, f"{model.name}/2", approval.APPROVED, "benchmark"),
    }
    try:
        for name, step in steps.items():
            before, began = (client.requests, len(client.failed)), time.perf_counter()
            step()
            if name == "approval and release":
                model.until(lambda: ledger.read(model.session, model.name).champion_in_service()["model_package_arn"].endswith("/2"))
            model.until(lambda: sagemaker.describe_endpoint(EndpointName=model.endpoint)["EndpointStatus"] == "InService")
            time.sleep(1)
            request, failed = client.requests - before[0], len(client.failed) - before[1]
            parts[name] = f"{failed} of {request} requests failed, {time.perf_counter() - began:.1f} s"
    finally:
        client.stop()
    return Result("release_load", len(client.failed), client.requests, "requests", "requests that failed in the machinery at 50 a second, of all", parts)


def restore() -> Result:
    """From a failing alarm to restored traffic, against the same steps as bare API calls in sequence."""
    model = served()
    session, sagemaker = model.session, model.session.sagemaker
    champion = ledger.read(session, model.name).champion
    assert champion
    configs = {"first": model.first["config"], "second": champion["config"]}
    model.until(lambda: model.serves(configs["second"]))

    def bare(config: str) -> float:
        sagemaker.update_endpoint(EndpointName=model.endpoint, EndpointConfigName=config, RetainAllVariantProperties=True)
        return model.until(lambda: model.serves(config))

    reference = bare(configs["first"])
    back = bare(configs["second"])
    session.cloudwatch.set_alarm_state(AlarmName=f"{session.prefix}/{model.name}/errors", StateValue="ALARM", StateReason="benchmark")
    ours = model.until(lambda: model.serves(configs["first"]))
    # The version is marked once the rollback is told; a person's word counts from then on.
    version = champion["model_package_arn"]
    model.until(lambda: sagemaker.describe_model_package(ModelPackageName=version)["ModelApprovalStatus"] == "Rejected")
    approval.decide(session, f"{model.name}/2", approval.APPROVED, "benchmark")
    approved = model.until(lambda: model.serves(configs["second"]) or _newer(model))
    parts = {
        "from the alarm to restored traffic": f"{ours:.2f} s, bare {reference:.2f} s",
        "from the approval to the first served request": f"{approved:.2f} s, of it a batch transform of the smoke rows; a bare update {back:.2f} s",
    }
    return Result(
        "restore", round(ours, 2), round(reference, 2), "s", "from an alarm to restored traffic, against UpdateEndpoint and DescribeEndpoint alone", parts
    )


def _newer(model: Served) -> bool:
    champion = ledger.read(model.session, model.name).champion
    return bool(champion and champion["model_package_arn"].endswith("/2") and model.serves(champion["config"]))


def invoke_overhead() -> Result:
    """Latency of a request through the endpoint's front, without and with data capture, each against its own model server alone."""
    model = served()
    session = model.session
    champion = ledger.read(session, model.name).champion
    assert champion
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{session.outputs['ArtifactBucket']}/releases/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    plain, captured = _endpoint(model, champion["config"], "plain", {}), _endpoint(model, champion["config"], "captured", {"DataCaptureConfig": capture})
    ways: dict[str, Callable[[], None]] = {
        "front": lambda: _front(session, plain[0]),
        "its server alone": lambda: _alone(plain[1]),
        "front and capture": lambda: _front(session, captured[0]),
        "the capturing one's server alone": lambda: _alone(captured[1]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name in random.sample(list(ways), len(ways)):
            began = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - began)
    for name in (plain[0], captured[0]):
        session.sagemaker.delete_endpoint(EndpointName=name)
    medians = {name: statistics.median(taken) * 1000 for name, taken in seconds.items()}
    tails = {name: statistics.quantiles(taken, n=100)[-1] * 1000 for name, taken in seconds.items()}
    parts = {name: f"{medians[name]:.2f} ms at the median, {tails[name]:.2f} ms at the 99th percentile" for name in ways}
    parts["capture"] = f"ratio {medians['front and capture'] / medians["the capturing one's server alone"]:.2f}"
    what = "a request by the endpoint's front, against its model server alone"
    return Result("invoke_overhead", round(medians["front"], 3), round(medians["its server alone"], 3), "ms", what, parts)


def _endpoint(model: Served, config: str, name: str, more: Any) -> tuple[str, Path]:
    """Another endpoint of the same model, and where its server listens."""
    sagemaker, result = model.session.sagemaker, f"{model.endpoint}-{name}"
    variants: Any = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    sagemaker.create_endpoint_config(EndpointConfigName=result, ProductionVariants=variants, **more)
    before = set((home() / "work").glob("srv-*/server.sock"))
    sagemaker.create_endpoint(EndpointName=result, EndpointConfigName=result)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=result, WaiterConfig={"Delay": 1})
    (server,) = set((home() / "work").glob("srv-*/server.sock")) - before
    return result, server


class _Socket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def _alone(server: Path) -> None:
    connection = _Socket(server)
    connection.request("POST", "/invocations", body=ROW, headers=CSV)
    _answered(connection)


def _front(session: Session, endpoint: str) -> None:
    """A signed request, without the SDK's own time."""
    url = urlsplit(str(session.url))
    path = f"/endpoints/{endpoint}/invocations"
    request: Any = AWSRequest("POST", f"{session.url}{path}", headers=CSV, data=ROW)
    signer: Any = SigV4Auth(Credentials("test", "test"), "sagemaker", session.region_name)
    signer.add_auth(request)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=60)
    connection.request("POST", path, body=ROW, headers=dict(request.headers))
    _answered(connection)


def _answered(connection: http.client.HTTPConnection) -> None:
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {body[:300]!r}")
