"""Installs the provider in the gateway, with every correction of it."""

# First: it replaces names that the provider's other parts bind at their import.
from local.states import provider

# isort: split
from local.states import errors, expressions, jobs, language, machines, waits


def install() -> None:
    """Serve the gateway's `states` by the provider."""
    language.install()
    expressions.install()
    errors.install()
    jobs.install()
    machines.install()
    waits.install()
    provider.install()
