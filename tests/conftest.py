"""What every suite shares."""

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _no_credentials_of_the_user() -> None:
    """No test may reach an AWS account by the user's own settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
