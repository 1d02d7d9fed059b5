"""Clients under roles: one per API for all roles, and each call under the role that makes it."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.lifecycle import ROOT
from tests.local.aws.test_machine_roles import READ

PYTHON = ROOT / ".noria" / "envs" / "local" / "bin" / "python"
EXECUTIONS = 12


def test_roles_share_a_client_and_no_credentials_and_expired_sessions_go(tmp_path):
    """GIVEN clients of thirty roles THEN one botocore client serves them, each call is signed by its own role, and no session outlives its hour."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    script = Path(__file__).with_name("role_clients.py")
    ended = subprocess.run([str(PYTHON), str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == {
        "shared clients": 1,
        "each signs by itself": True,
        "pages too": True,
        "also side by side": True,
        "a held client renews its session": True,
        "sessions left after an hour": 1,
        "the shared client signs for nobody": True,
    }


def test_executions_under_two_roles_at_once_are_allowed_and_denied_by_their_own(machines, make_role, tables):
    """GIVEN two roles that may read one table each WHEN executions of both read the first THEN IAM denies exactly the second's."""
    arns = [
        make_role({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"}) for table in tables
    ]
    machine, other = (machines.create(READ.replace("TABLE", tables[0]), role=arn) for arn in arns)
    with ThreadPoolExecutor(EXECUTIONS) as pool:
        ended = list(pool.map(lambda number: machines.end(machines.start(other if number % 2 else machine)), range(EXECUTIONS)))
    assert [execution.output for execution in ended[::2]] == ["read"] * (EXECUTIONS // 2)
    assert {execution.output["Error"] for execution in ended[1::2]} == {"DynamoDB.AmazonDynamoDBException"}
