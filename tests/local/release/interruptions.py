"""Releases by every strategy that are interrupted at some moment: what each begins with, how it is interrupted, and how it must end."""

import contextlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.base import event_log, ledger
from cli.base.ledger import ModelRecord
from cli.base.session import Session
from cli.project.publish import publish
from cli.release import approval
from cli.release.releases import rollback
from cli.training.requests import retrain
from local import lifecycle
from noria.release import status
from tests.conftest import HOME
from tests.local.aws.waiting import until
from tests.local.release.traffic import QUICK, asking, serving, with_rollout
from tests.local.small_model import LIMIT, data, loop, project

STRATEGIES = {
    "progressive": f"{{{QUICK}}}",
    "ab": f"{{strategy: ab, steps: [0.5], sample: 200, {QUICK}}}",
    "shadow": f"{{strategy: shadow, {QUICK}}}",
    "canary": "{strategy: canary, bake_minutes: 4}",
    "linear": "{strategy: linear, steps: [0.5], bake_minutes: 4}",
    "rolling": "{strategy: rolling, steps: [0.5], bake_minutes: 4}",
    "all_at_once": "{strategy: all_at_once}",
}
#: A row by which a server kills itself.
DEADLY = "99\n"
CODE = serving(f"""def predict_fn(rows, model):
    if serves and float(rows[0][-1]) == {float(DEADLY)}:
        os.kill(os.getpid(), signal.SIGKILL)
    return model.predict(rows)""")
#: Statuses in which a release has ended, and those of a rollback.
ENDED = {status.COMPLETED, status.RESTORED, status.ROLLED_BACK, status.FAILED, status.REFUSED}
ROLLED_BACK = {status.ROLLED_BACK, status.UNDONE, status.REFUSED}
#: Seconds within which every release and rollback has ended.
SETTLED = 150


@dataclass
class Model:
    """A model of three versions that wait for approvals; the first of them serves to begin with.

    Attributes:
        log_levels: of the functions, the next one first.
    """

    stack: Session
    name: str
    folder: Path
    log_levels: list[str] = field(default_factory=lambda: ["DEBUG", "INFO"])

    @classmethod
    def trained(cls, stack: Session, name: str, folder: Path, rollout: str) -> "Model":
        """Three versions under a rollout block; the first of them serves."""
        project(folder / "p", name, inference=CODE)
        with_rollout(folder, f"{rollout}\napprove: {{mode: manual}}")
        publish(stack, folder / "p")
        model = cls(stack, name, folder)
        for number in (1, 2, 3):
            assert loop(stack, name, data(folder, f"{number}.csv", rows=200 + 10 * number, seed=number % 2))[-1].verdict == "pending"
        model.approve(1)
        until(lambda: model.record.champion, SETTLED)
        model.settle()
        return model

    @property
    def record(self) -> ModelRecord:
        return ledger.read(self.stack, self.name)

    def approve(self, number: int) -> None:
        """Begin the release of a version, whatever serves."""
        approval.decide(self.stack, f"{self.name}/{number}", approval.APPROVED, "as tested", again=True)

    def champion(self) -> int:
        """The number of the version that serves."""
        champion = self.record.champion
        assert champion
        return int(champion["model_package_arn"].rsplit("/", 1)[1])

    def endpoint(self) -> Any:
        return self.stack.sagemaker.describe_endpoint(EndpointName=self.stack.endpoint(self.name))

    def settle(self) -> None:
        """Wait until nothing is under way."""
        until(lambda: self.record.lock is None and all(item["status"] in ENDED for item in self.record.releases), SETTLED)


def holds_the_lock(model: Model) -> bool:
    return model.record.lock is not None


def takes_traffic(model: Model) -> bool:
    """Whether the new version answers requests: beside the champion, in a second fleet that bakes, or as the update brings it."""
    endpoint = model.endpoint()
    pending = endpoint.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    baking = any(entry["Status"] == "Baking" for variant in pending for entry in variant["VariantStatus"])
    return baking or len(endpoint["ProductionVariants"]) + len(endpoint.get("ShadowProductionVariants", [])) > 1


MOMENTS: dict[str, Callable[[Model], bool]] = {"before": holds_the_lock, "during": takes_traffic}


def asked_back(model: Model) -> None:
    """A person asks for the release before."""
    result = rollback(model.stack, model.name, None, "not today", LIMIT)
    assert result.status in ROLLED_BACK, result


def approved_anew(model: Model) -> None:
    """A third version is approved while the second one is released."""
    model.approve(3 if model.champion() != 3 else 1)


def trained_anew(model: Model) -> None:
    """A person asks for another run on the newest dataset."""
    runs = len(model.record.runs)
    retrain(model.stack, model.name)
    until(lambda: len(model.record.runs) > runs, LIMIT)


def updated(model: Model) -> None:
    """The stack is updated: every function gets another log level."""
    noria, level = lifecycle.ROOT / ".noria", model.log_levels[0]
    model.log_levels.reverse()
    command = [str(noria / "envs" / "sam" / "bin" / "sam"), "deploy", "--template-file", str(HOME / "build" / "template.yaml")]
    command += ["--config-file", str(lifecycle.ROOT / "samconfig.toml"), "--config-env", "local", "--parameter-overrides", f"LogLevel={level}"]
    running = lifecycle.running()
    assert running
    variables = {**os.environ, **running.environment(), "SAM_CLI_TELEMETRY": "0", "PATH": f"{noria / 'uv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=lifecycle.ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]


def killed(model: Model) -> None:
    """A model server dies: the challenger's where it can be named, else any."""
    variants = {variant["VariantName"] for variant in model.endpoint()["ProductionVariants"]}
    target = {"TargetVariant": "challenger"} if "challenger" in variants else {}
    with contextlib.suppress(ClientError):
        model.stack.runtime.invoke_endpoint(EndpointName=model.stack.endpoint(model.name), ContentType="text/csv", Body=DEADLY, **target)


INTERRUPTIONS: dict[str, Callable[[Model], None]] = {
    "rollback": asked_back,
    "second approval": approved_anew,
    "retraining": trained_anew,
    "update": updated,
    "killed": killed,
}


def interrupt(model: Model, interruption: str, moment: str) -> None:
    """Begin a release, interrupt it at a moment, and hold how all of it ends: on record, with one version that serves alone, and without a failed request."""
    before = model.champion()
    began = model.record.releases[0]["time"]
    with asking(model.stack, model.name, own="Received") as client:
        model.approve(2 if before != 2 else 1)
        # The moment may have passed on a slow machine; how it ends is the same.
        with contextlib.suppress(TimeoutError):
            until(lambda: MOMENTS[moment](model) or model.champion() != before, 60)
        INTERRUPTIONS[interruption](model)
        releases = 2 if interruption == "second approval" else 1
        until(lambda: len([item for item in model.record.releases if item["time"] > began]) >= releases, SETTLED)
        model.settle()
    assert client.failed == []
    _assert_settled(model)
    if interruption == "rollback":
        (entry, *_) = model.record.rollbacks
        assert (entry["status"] in ROLLED_BACK, entry["request"]["reason"]) == (True, "not today")
        assert model.champion() == before


def _assert_settled(model: Model) -> None:
    """Everything is on record, and the endpoint and the registry say what the ledger says."""
    record, endpoint = model.record, model.endpoint()
    champion = record.champion
    assert champion
    assert all(item["reasons"] for item in record.releases)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", champion["config"])
    assert [variant["VariantName"] for variant in endpoint["ProductionVariants"]] == ["main"]
    package = model.stack.sagemaker.describe_model_package(ModelPackageName=champion["model_package_arn"])
    assert package["ModelApprovalStatus"] == "Approved"
    assert event_log.first_failure(model.stack, model.name, 0) is None
