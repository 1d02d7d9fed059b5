"""Sessions of IAM roles for the services that act under a role, so that the gateway judges each of their calls."""

import json
import os
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.handlers import handle_copy_source_param
from ministack import app
from ministack.core import iam_evaluator
from ministack.services import iam, sts

SESSION_SECONDS = 3600
#: A session is renewed this long before it ends, so that a call under way never meets its end.
RENEW_SECONDS = 120


class RoleNotAssumableError(PermissionError):
    """The role does not exist, or its trust policy does not name the service."""


@dataclass(frozen=True)
class RoleSession:
    """Temporary credentials of one role, held by one service."""

    access_key: str
    secret_key: str
    token: str
    expires: float


_lock = threading.RLock()
_sessions: dict[tuple[str, str], RoleSession] = {}
_clients: dict[tuple[str, str, str], Any] = {}


def assume(role_arn: str, service: str) -> RoleSession:
    """The service's session of a role, made when there is none.

    Args:
        role_arn: `arn:aws:iam::<account>:role/…`
        service: the service principal, `states.amazonaws.com` for one.

    Raises:
        RoleNotAssumableError: as AWS words it when the trust policy does not name the service.
    """
    with _lock:
        session = _sessions.get((role_arn, service))
        if session is None or session.expires < time.time() + RENEW_SECONDS:
            if app.AUTH and not _trusts(role_arn, service):
                raise RoleNotAssumableError(
                    f"Neither the global service principal {service}, nor the regional one is authorized to assume the provided role {role_arn}"
                )
            session = _sessions[role_arn, service] = _register(role_arn, service)
        return session


def client(api: str, role_arn: str, service: str, region: str) -> Any:
    """A boto3 client of the gateway itself, acting as the service under a role; made once per session.

    Requests are neither validated nor repeated: both are the caller's to decide, as they are on AWS.
    """
    session = assume(role_arn, service)
    return client_with(api, session.access_key, session.secret_key, session.token, region)


def client_with(api: str, access_key: str, secret_key: str, token: str | None, region: str) -> Any:
    """A boto3 client of the gateway itself with given credentials."""
    with _lock:
        key = (api, region, access_key)
        if key not in _clients:
            _clients[key] = made = boto3.session.Session().client(
                api,  # type: ignore[call-overload]  # the service's name is data here
                region_name=region,
                endpoint_url=gateway_url(),
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                aws_session_token=token,
                config=Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    inject_host_prefix=False,
                    max_pool_connections=50,
                    read_timeout=3600,
                    s3={"addressing_style": "path"},
                ),
            )
            made.meta.events.register("after-call", _add_request_id)
            # Step Functions passes CopySource on as it is: encoding it is its caller's part.
            made.meta.events.unregister("before-parameter-build.s3.CopyObject", handle_copy_source_param)
        return _clients[key]


def gateway_url() -> str:
    """Where this process listens."""
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def _trusts(role_arn: str, service: str) -> bool:
    role = iam._roles.get_scoped(role_arn.split(":")[4], None, role_arn.rsplit("/", 1)[-1])
    document = (role or {}).get("AssumeRolePolicyDocument") or {}
    statements = (json.loads(document) if isinstance(document, str) else document).get("Statement", [])
    return any(
        statement.get("Effect") == "Allow"
        and iam_evaluator._service_principal_matches(statement.get("Principal"), service)
        and iam_evaluator._action_matches("sts:AssumeRole", _listed(statement.get("Action")), [])
        for statement in ([statements] if isinstance(statements, dict) else statements)
    )


def _listed(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _register(role_arn: str, service: str) -> RoleSession:
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    actor = service.split(".")[0]
    session = RoleSession(sts._gen_session_access_key(), sts._gen_secret(), sts._gen_session_token(), time.time() + SESSION_SECONDS)
    sts.register_session(
        session.access_key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{actor}",
            "UserId": f"{sts._role_id(role_arn)}:{actor}",
            "SecretAccessKey": session.secret_key,
            "SessionToken": session.token,
            "Expiration": session.expires,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
            "SourceAccessKeyId": account,
            "SourcePrincipalArn": service,
            "SessionTags": [],
            "SessionPolicies": None,
        },
    )
    return session


def _add_request_id(parsed: dict[str, Any] | None = None, **_: Any) -> None:
    """The gateway's denials carry no request id; the state machine interpreter reads it."""
    if isinstance(parsed, dict):
        parsed.setdefault("ResponseMetadata", {}).setdefault("RequestId", str(uuid.uuid4()))
