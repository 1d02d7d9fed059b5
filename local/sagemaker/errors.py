"""Errors of SageMaker's API and of its jobs, with AWS's codes and HTTP statuses."""


class ApiError(Exception):
    """A request that the API refuses.

    Args:
        code: AWS's error code, such as `ValidationException`.
        message: AWS's wording.
        status: HTTP status of the response.
        fields: further members of the error's shape.
    """

    def __init__(self, code: str, message: str, status: int = 400, fields: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.fields = code, message, status, fields or {}


class JobFailedError(Exception):
    """A job or an endpoint's variant failed; the message is its `FailureReason`."""


def invalid(message: str) -> ApiError:
    """`ValidationException`: the request is well-formed and cannot be served."""
    return ApiError("ValidationException", message)
