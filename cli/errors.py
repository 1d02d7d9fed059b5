"""Errors of the command line: one sentence of what was found, what was expected, what to do."""


class CliError(Exception):
    """Told to the user as it is; the command ends with 1."""


class NoStackError(CliError):
    """There is no stack where the command looks."""


class CredentialsError(CliError):
    """There are no credentials, or they have expired, or may not do this."""
