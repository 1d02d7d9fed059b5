"""Puts the provider into the gateway, with everything that it is mended by."""

# First: it replaces what the provider's other parts bind when they are imported.
from local.states import provider

# isort: split
from local.states import errors, expressions, jobs, language, machines, waits


def install() -> None:
    """Have the gateway's `states` service answered by the provider."""
    language.install()
    expressions.install()
    errors.install()
    jobs.install()
    machines.install()
    waits.install()
    provider.install()
