"""CloudFormation as AWS runs it: properties that the emulator drops, and nested stacks."""

from local.aws.stacks import nested, properties


def install() -> None:
    """Extend the emulator's CloudFormation."""
    properties.install()
    nested.install()
