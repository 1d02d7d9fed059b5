"""What SageMaker refuses with: AWS's codes and HTTP status."""


class ApiError(Exception):
    """A refused request.

    Args:
        code: as in AWS's error, `ValidationException` for one.
        message: as AWS words it.
        status: HTTP status of the answer.
        fields: further members of the error's shape.
    """

    def __init__(self, code: str, message: str, status: int = 400, fields: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.fields = code, message, status, fields or {}


class JobFailedError(Exception):
    """Why a job or an endpoint's variant failed, in the words of its `FailureReason`."""


def invalid(message: str) -> ApiError:
    """The error of a request that is well-formed and cannot be done."""
    return ApiError("ValidationException", message)
