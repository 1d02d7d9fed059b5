"""The session: AWS's errors in words, and the stack's prefix."""

import pytest
from botocore.exceptions import ClientError

from cli.base.aws_errors import explain
from cli.base.session import Session


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ExpiredToken", "have expired"),
        ("InvalidClientTokenId", "does not accept the credentials"),
        ("AccessDeniedException", "may not do this"),
        ("InternalFailure", "was refused"),
    ],
)
def test_an_aws_error_is_one_sentence_with_what_to_do(code, message):
    error = ClientError({"Error": {"Code": code, "Message": "m"}}, "DescribeStacks")
    assert message in str(explain(error, Session(profile="work")))


def test_names_derive_from_the_prefix_of_the_stack_whatever_the_stack_is_called():
    session = Session(stack="production")
    session.__dict__["outputs"] = {"Prefix": "acme"}
    assert (session.prefix, session.endpoint("bikeshare")) == ("acme", "acme-bikeshare")
