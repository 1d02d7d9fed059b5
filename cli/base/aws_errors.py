"""Turns an AWS error into one sentence that says what to do."""

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from cli.base.errors import CliError, CredentialsError, NoStackError
from cli.base.session import NO_AWS, Session

#: AWS's codes for credentials that expired, that AWS does not accept, and that do not permit the call.
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
REFUSED = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthFailure"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def explain(error: BotoCoreError | ClientError, session: Session) -> CliError:
    """The error for the user; its class tells who can mend it: the stack's owner, the credentials' owner, or neither."""
    if isinstance(error, ClientError):
        return _refusal(error, session)
    if isinstance(error, EndpointConnectionError) and session.url:
        return NoStackError(f"nothing answers at {session.url}; start the local AWS and deploy to it: make up deploy")
    if not isinstance(error, NoCredentialsError):
        return CliError(f"AWS cannot be reached: {error}")
    if session.profile is None and session.endpoint_url is None:
        return NoStackError(NO_AWS)
    return CredentialsError("no AWS credentials were found for this profile; run: aws configure, or aws sso login")


def _refusal(error: ClientError, session: Session) -> CliError:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in EXPIRED or "expired" in message.lower():
        return CredentialsError(f"the AWS credentials have expired ({code}); renew them, for one with: aws sso login --profile {session.profile or 'NAME'}")
    if code in REFUSED:
        return CredentialsError(f"AWS does not accept the credentials ({code}: {message}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile")
    if code in DENIED:
        return CredentialsError(f"the credentials may not do this ({code}: {message})")
    return CliError(f"{error.operation_name} was refused ({code}): {message}")
