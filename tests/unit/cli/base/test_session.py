"""The session: AWS's errors in words, and the stack's prefix."""

import pytest
from botocore.exceptions import ClientError

from cli.base.aws_errors import explain
from cli.base.session import Session


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ExpiredToken", "have expired"),
        ("InvalidClientTokenId", "does not accept the credentials"),
        ("AccessDeniedException", "may not do this"),
        ("InternalFailure", "was refused"),
    ],
)
def test_an_aws_error_is_one_sentence_with_what_to_do(code, told):
    error = ClientError({"Error": {"Code": code, "Message": "m"}}, "DescribeStacks")
    assert told in str(explain(error, Session(profile="work")))


@pytest.mark.parametrize(("outputs", "prefix"), [({"Prefix": "acme"}, "acme"), ({}, "noria")])
def test_names_derive_from_the_prefix_that_the_stack_says_and_else_from_its_name(outputs, prefix):
    session = Session()
    session.__dict__["outputs"] = outputs
    assert (session.prefix, session.endpoint("bikeshare")) == (prefix, f"{prefix}-bikeshare")
