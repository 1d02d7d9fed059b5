"""A client that keeps requesting predictions, and counts which version answers."""

import random
import threading
import time
from collections import Counter
from pathlib import Path

from botocore.exceptions import ClientError

from cli.base.session import Session
from cli.demo.dataset import hours_of, request_body
from cli.demo.reports import ClientReport

#: Requests a second, and threads that send them.
RPS, THREADS = 50, 4
#: Seconds between two looks at the endpoint's configuration.
CONFIG_SECONDS = 0.25
#: The spoiled version's own error.
SPOILED = "spoiled on purpose"


class Client:
    """Requests hours that no version has seen.

    Attributes:
        failed: errors that are not the spoiled version's own.
        spoiled: the spoiled version's errors.
        served_by: requests by version.
    """

    def __init__(self, session: Session, endpoint: str, rows: Path) -> None:
        self._session, self._endpoint, self._bodies = session, endpoint, [request_body([hour]) for hour in hours_of(rows)]
        # Created once, before several threads need it.
        self._runtime = session.runtime
        self._versions: dict[str, dict[str, str]] = {}
        self._config, self._running = "", True
        self.requests, self.failed, self.spoiled = 0, list[str](), 0
        self.served_by: Counter[str] = Counter()
        self._lock = threading.Lock()
        targets = [self._poll_config, *[self._request] * THREADS]
        self._threads = [threading.Thread(target=target, daemon=True) for target in targets]

    def start(self) -> None:
        self._read_config()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._running = False
        for thread in self._threads:
            thread.join()

    def report(self) -> ClientReport:
        return {"requests": self.requests, "failed": len(self.failed), "model_errors": self.spoiled, "served_by": dict(self.served_by)}

    def _request(self) -> None:
        while self._running:
            began = time.perf_counter()
            try:
                response = self._runtime.invoke_endpoint(
                    EndpointName=self._endpoint, ContentType="text/csv", Accept="text/csv", Body=random.choice(self._bodies)
                )
                self._count(response["InvokedProductionVariant"], None)
            except ClientError as error:
                self._count(None, str(error))
            time.sleep(max(0.0, THREADS / RPS - (time.perf_counter() - began)))

    def _count(self, variant: str | None, error: str | None) -> None:
        with self._lock:
            self.requests += 1
            if variant:
                self.served_by[self._versions.get(self._config, {}).get(variant, variant)] += 1
            elif error and SPOILED in error:
                self.spoiled += 1
            else:
                self.failed.append(error or "no answer")

    def _poll_config(self) -> None:
        while self._running:
            self._read_config()
            time.sleep(CONFIG_SECONDS)

    def _read_config(self) -> None:
        """The version behind each variant of the present configuration."""
        sagemaker = self._session.sagemaker
        config = sagemaker.describe_endpoint(EndpointName=self._endpoint).get("EndpointConfigName", "")
        if config not in self._versions:
            variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
            self._versions[config] = {variant["VariantName"]: _version(self._session, variant["ModelName"]) for variant in variants}
        self._config = config


def _version(session: Session, model: str) -> str:
    package = session.sagemaker.describe_model(ModelName=model)["Containers"][0].get("ModelPackageName", model)
    return package.rsplit(":model-package/", 1)[-1]
