"""Errors by who should act. Their class names are the vocabulary of `Retry` and `Catch` in the state machines."""


class NoriaError(Exception):
    """The root of what Noria raises by itself."""


class ContractError(NoriaError):
    """For the user to mend: never retried."""


class SpecError(ContractError):
    """A model spec is wrong; the message names the line, the field, what was found and what would be right."""


class UnreadableDatasetError(ContractError):
    """An object cannot be read as the format that its contract names."""


class EvaluationError(ContractError):
    """Predictions do not fit the holdout that they were asked for."""


class SmokeMismatchError(ContractError):
    """A version answers rows of its own holdout otherwise than it did in its evaluation."""


class TransientError(NoriaError):
    """A service's passing trouble: retried."""


class InvariantError(NoriaError):
    """For the operator: something that cannot be is; alarmed, not retried."""
