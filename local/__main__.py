"""The gateway's process: `python -m local`, with its settings in the environment (`local.machine` sets them)."""

import os
from pathlib import Path


def main() -> None:
    """Assert the hooks, extend the emulator, serve until SIGTERM."""
    from local import hooks
    from local.states import assembly

    hooks.verify()
    from ministack import app

    from local.aws import delivery, functions, metrics, stacks, transport
    from local.sagemaker import endpoints, idle, scaling, service

    functions.install(Path(os.environ["NORIA_RUNTIME_PYTHON"]))
    delivery.install()
    stacks.install()
    transport.install()
    metrics.install()
    assembly.install()
    service.install()
    scaling.install(scaling.Fleet(endpoints.instances, endpoints.scale))
    idle.install()
    app.main()


if __name__ == "__main__":
    main()
