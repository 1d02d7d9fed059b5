"""The gateway's process: `python -m local`; `local.lifecycle` sets its environment variables."""

import os
from pathlib import Path


def main() -> None:
    """Verify the hooks, extend the emulator, serve until SIGTERM."""
    from local import hooks
    from local.states import assembly

    hooks.verify()
    from ministack import app

    from local.aws import concurrency, delivery, functions, metrics, packages, policies, stacks, transport
    from local.sagemaker import service
    from local.sagemaker.endpoints import autoscaling, idle

    functions.install(Path(os.environ["NORIA_RUNTIME_PYTHON"]))
    packages.install()
    policies.install()
    concurrency.install()
    delivery.install()
    stacks.install()
    transport.install()
    metrics.install()
    assembly.install()
    service.install()
    autoscaling.install()
    idle.install()
    app.main()


if __name__ == "__main__":
    main()
