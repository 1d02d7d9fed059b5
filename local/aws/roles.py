"""Sessions and clients of IAM roles for services that act under a role; the gateway authorises each of their calls."""

import inspect
import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials, ReadOnlyCredentials
from botocore.handlers import handle_copy_source_param
from ministack import app
from ministack.core import iam_evaluator
from ministack.services import iam, sts

from local.aws import models

SESSION_SECONDS = 3600
#: Renewal of a session before its end (seconds), so that no call under way meets the end.
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

    def frozen(self) -> ReadOnlyCredentials:
        """As botocore signs with them."""
        return ReadOnlyCredentials(self.access_key, self.secret_key, self.token)


class CallCredentials(Credentials):
    """The credentials of a shared client: those of the call under way, never any of its own."""

    def __init__(self) -> None:
        super().__init__("none", "none")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The credentials that `Client` set for this call.

        Raises:
            LookupError: the shared client was called directly.
        """
        return _signing.get()


class CallCredentialProvider(CredentialProvider):
    """Gives every client of the session `CallCredentials`, whatever the machine's own configuration has."""

    METHOD = "call"

    def load(self) -> CallCredentials:
        return CallCredentials()


class Client:
    """An API's client as one identity: all identities share one botocore client, and each call is signed by itself.

    A role's session is renewed when a call comes near its end, so a client may be held for as long as it is needed.
    """

    def __init__(self, shared: Any, credentials: Callable[[], ReadOnlyCredentials]) -> None:
        self._shared, self._credentials = shared, credentials

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._shared, name)
        return partial(self._call, member) if inspect.ismethod(member) else member

    def get_paginator(self, operation: str) -> Any:
        """botocore's paginator, each of whose pages is a call of this client."""
        return type(self._shared).get_paginator(self, operation)

    def _call(self, method: Callable[..., Any], *args: Any, **request: Any) -> Any:
        token = _signing.set(self._credentials())
        try:
            return method(*args, **request)
        finally:
            _signing.reset(token)


_lock = threading.RLock()
_signing: ContextVar[ReadOnlyCredentials] = ContextVar("signing")
_sessions: dict[tuple[str, str], RoleSession] = {}
_shared: dict[tuple[str, str], Any] = {}


def assume(role_arn: str, service: str) -> RoleSession:
    """The service's session of a role, created when there is none.

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
            _forget_expired()
            session = _sessions[role_arn, service] = _register(role_arn, service)
        return session


def _forget_expired() -> None:
    for key in [key for key, session in _sessions.items() if session.expires < time.time()]:
        del _sessions[key]


def client(api: str, role_arn: str, service: str, region: str) -> Client:
    """A client of the gateway itself, acting as the service under a role.

    Requests are neither validated nor repeated: both are the caller's to decide, as they are on AWS.

    Raises:
        RoleNotAssumableError: the role's trust policy does not name the service.
    """
    assume(role_arn, service)
    return Client(_shared_client(api, region), lambda: assume(role_arn, service).frozen())


def client_with(api: str, access_key: str, secret_key: str, token: str | None, region: str) -> Client:
    """A client of the gateway itself with given credentials."""
    credentials = ReadOnlyCredentials(access_key, secret_key, token)
    return Client(_shared_client(api, region), lambda: credentials)


def _shared_client(api: str, region: str) -> Any:
    """The one botocore client of an API in a region; it signs each call with that call's credentials."""
    with _lock:
        if (api, region) not in _shared:
            _shared[api, region] = _create_client(api, region)
        return _shared[api, region]


@cache
def _session() -> botocore.session.Session:
    """The session of all clients, whose loader keeps each service model once; it is not thread-safe while it creates one."""
    session = models.session()
    session.register_component("credential_provider", CredentialResolver([CallCredentialProvider()]))
    return session


def _create_client(api: str, region: str) -> Any:
    client = _session().create_client(
        api,
        region_name=region,
        endpoint_url=gateway_url(),
        config=Config(
            parameter_validation=False,
            retries={"total_max_attempts": 1},
            inject_host_prefix=False,
            max_pool_connections=100,
            read_timeout=3600,
            s3={"addressing_style": "path"},
        ),
    )
    client.meta.events.register("after-call", _add_request_id)
    # Step Functions passes CopySource unchanged; its caller encodes it.
    client.meta.events.unregister("before-parameter-build.s3.CopyObject", handle_copy_source_param)
    return client


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
        and iam_evaluator._action_matches("sts:AssumeRole", _as_list(statement.get("Action")), [])
        for statement in ([statements] if isinstance(statements, dict) else statements)
    )


def _as_list(value: str | list[str] | None) -> list[str]:
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
    """Add a request id to the gateway's denials, which have none; the state machine interpreter reads it."""
    if isinstance(parsed, dict):
        parsed.setdefault("ResponseMetadata", {}).setdefault("RequestId", str(uuid.uuid4()))
