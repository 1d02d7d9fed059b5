"""Errors of the command: one sentence that says what was found, what was expected and what to do."""


class CliError(Exception):
    """The user can mend this; the command prints it and exits with 1."""


class NoStackError(CliError):
    """The command finds no stack of that name, or no AWS at all."""


class CredentialsError(CliError):
    """The credentials are missing, expired or not permitted to do this."""
