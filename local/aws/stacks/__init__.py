"""CloudFormation as AWS runs it: what a template may say, properties that the emulator drops, and nested stacks."""

from local.aws.stacks import busy, changes, describe, exports, nested, parameters, properties, references


def install() -> None:
    """Extend the emulator's CloudFormation."""
    properties.install()
    parameters.install()
    references.install()
    exports.install()
    changes.install()
    busy.install()
    nested.install()
    describe.install()
