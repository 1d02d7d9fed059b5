"""Connections to the gateway: they are the client's to end."""

import http.client
import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from local.lifecycle import ROOT

PYTHON = ROOT / ".noria" / "envs" / "local" / "bin" / "python"
#: More requests than the server would answer on one connection by its own configuration.
REQUESTS = 1100


def test_an_idle_connection_is_answered_however_long_it_was_idle(tmp_path):
    """GIVEN a server that is told to end idle connections THEN it ends none before itself."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    script = Path(__file__).with_name("idle_connection.py")
    ran = subprocess.run([str(PYTHON), str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    report = json.loads(ran.stdout.splitlines()[-1])
    assert report == {"answers": [["http/1.1 200 ok", False]] * 5, "left when the server ended": ""}


def test_a_connection_to_the_gateway_is_never_ended_by_it(running):
    url = urlsplit(running.endpoint_url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    connection.connect()
    used = connection.sock
    for _ in range(REQUESTS):
        connection.request("GET", "/_ministack/health")
        connection.getresponse().read()
    assert connection.sock is used
    connection.close()


def test_a_request_that_is_refused_unread_leaves_its_connection_usable(running):
    """GIVEN credentials of nobody and a large body THEN the next request on that connection is answered."""
    url = urlsplit(running.endpoint_url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    signature = "AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    for _ in range(3):
        connection.request("PUT", "/nothere/key", body=b"x" * 3_000_000, headers={"Authorization": signature})
        response = connection.getresponse()
        response.read()
        assert response.status >= 400
    connection.close()
