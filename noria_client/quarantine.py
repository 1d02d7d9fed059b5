"""The commands of `noria quarantine` as functions: `quarantine.show(session, "4dc982")`."""

from cli.data.quarantine import CorrectedCopy, Details, Quarantined, show
from cli.data.quarantine import quarantined as list  # noqa: A004 - the name of the command; nothing here needs the builtin
from cli.data.quarantine_fix import Fixed, fix
from cli.data.quarantine_release import Released, release

__all__ = ["CorrectedCopy", "Details", "Fixed", "Quarantined", "Released", "fix", "list", "release", "show"]
