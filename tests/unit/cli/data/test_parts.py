"""A large file goes in parts; an upload that broke off goes on, and what is not its own content is left alone."""

import json
import os
from hashlib import sha256

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from cli.base.errors import CliError
from cli.data import parts, view
from cli.data.parts import Sending
from cli.data.upload import CORRECTS, upload

KEY = "incoming/m/d.csv"
BODY = bytes(range(250)) * 10


@pytest.fixture(autouse=True)
def small(monkeypatch, put):
    """Files from 1,000 bytes on are large, and have parts of 600."""
    monkeypatch.setattr("cli.data.upload.LARGE_BYTES", 1_000)
    monkeypatch.setattr(parts, "PART_BYTES", 600)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 100)
    put("SPEC", {"id": "s"}, time="t")


@pytest.fixture
def file(tmp_path):
    (tmp_path / "d.csv").write_bytes(BODY)
    return tmp_path / "d.csv"


@pytest.fixture
def sent_parts(stack, monkeypatch) -> list[int]:
    """The numbers of the parts that are sent from now on."""
    numbers, send = [], stack.s3.upload_part

    def upload_part(**request):
        numbers.append(request["PartNumber"])
        return send(**request)

    monkeypatch.setattr(stack.s3, "upload_part", upload_part)
    return numbers


def begin(stack, body: bytes = BODY, numbers=(1, 3), key: str = KEY, size: int = 600) -> str:
    """An upload that broke off: some of its parts are there; its id."""
    id_ = stack.s3.create_multipart_upload(Bucket="lake", Key=key)["UploadId"]
    for number in numbers:
        stack.s3.upload_part(Bucket="lake", Key=key, UploadId=id_, PartNumber=number, Body=body[(number - 1) * size : number * size])
    return id_


def stored(stack) -> bytes:
    return stack.s3.get_object(Bucket="lake", Key=KEY)["Body"].read()


def open_uploads(stack) -> list[str]:
    return [entry["UploadId"] for entry in stack.s3.list_multipart_uploads(Bucket="lake").get("Uploads", [])]


def test_a_large_file_arrives_whole_in_parts_with_its_metadata_and_each_step_is_seen(stack, file, sent_parts):
    steps: list[Sending] = []
    result = upload(stack, "m", file, watch=steps.append, corrects="0123456789ab")
    assert stored(stack) == BODY
    assert (result.digest, result.sent) == (sha256(BODY).hexdigest(), True)
    head = stack.s3.head_object(Bucket="lake", Key=KEY)
    assert (head["VersionId"], head["Metadata"]) == (result.version, {CORRECTS: "0123456789ab"})
    assert sorted(sent_parts) == [1, 2, 3, 4, 5]
    assert [step.parts for step in steps] == [0, 1, 2, 3, 4, 5]
    assert (steps[0], steps[-1]) == (Sending(0, 2500, 0, 5, 0), Sending(2500, 2500, 5, 5, 0))
    assert open_uploads(stack) == []


def test_an_upload_that_broke_off_goes_on_with_the_parts_that_are_missing(stack, file, sent_parts):
    begin(stack)
    sent_parts.clear()
    steps: list[Sending] = []
    upload(stack, "m", file, watch=steps.append)
    assert (stored(stack), sorted(sent_parts), steps[0]) == (BODY, [2, 4, 5], Sending(1200, 2500, 2, 5, 2))


@pytest.mark.parametrize(
    "broken",
    [
        {"body": BODY[::-1]},
        {"key": KEY + ".old"},
        {"numbers": ()},
        {"size": 500, "numbers": (2,)},
        {"body": BODY + b"more", "numbers": (1, 5)},
    ],
    ids=["another content", "another key", "no part", "other parts", "a longer file"],
)
def test_an_unfinished_upload_that_is_not_of_this_content_is_left_alone(stack, file, sent_parts, broken):
    other = begin(stack, **broken)
    sent_parts.clear()
    upload(stack, "m", file)
    assert (stored(stack), sorted(sent_parts)) == (BODY, [1, 2, 3, 4, 5])
    assert open_uploads(stack) == [other]


def test_of_several_unfinished_uploads_the_one_with_most_parts_goes_on(stack, file, sent_parts):
    begin(stack, numbers=(1,))
    begin(stack, numbers=(1, 2, 3))
    sent_parts.clear()
    upload(stack, "m", file)
    assert sorted(sent_parts) == [4, 5]


def test_a_part_is_compared_by_its_checksum_where_s3_lists_one():
    """Where a KMS key encrypts the bucket, as the lake's does, an ETag is no digest."""
    listed = {"ETag": '"no digest"', "ChecksumSHA256": parts._checksum(BODY)}
    assert parts._is_equal(listed, BODY)
    assert not parts._is_equal(listed, BODY[1:])


def test_each_part_is_sent_with_the_checksum_by_which_s3_refuses_a_damaged_one(stack, file, monkeypatch):
    requests, send = [], stack.s3.upload_part
    monkeypatch.setattr(stack.s3, "upload_part", lambda **request: requests.append(request) or send(**request))
    upload(stack, "m", file)
    first = next(request for request in requests if request["PartNumber"] == 1)
    assert first["ChecksumSHA256"] == parts._checksum(BODY[:600])


def test_a_lost_connection_is_told_with_what_is_there_and_the_next_command_goes_on(stack, file, sent_parts, monkeypatch):
    send = stack.s3.upload_part

    def breaks(**request):
        if request["PartNumber"] > 2:
            raise ConnectionClosedError(endpoint_url="http://s3")
        return send(**request)

    monkeypatch.setattr(parts, "PARALLEL", 1)
    with monkeypatch.context() as broken:
        broken.setattr(stack.s3, "upload_part", breaks)
        with pytest.raises(CliError, match=r"was not sent whole: .*; S3 holds 2 of 5 parts for 7 days: run the same command again"):
            upload(stack, "m", file)
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="lake")
    sent_parts.clear()
    upload(stack, "m", file)
    assert (stored(stack), sorted(sent_parts)) == (BODY, [3, 4, 5])


def test_an_interrupted_command_gives_up_the_parts_on_their_way(stack, file, sent_parts):
    def interrupt(step: Sending) -> None:
        if step.parts == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(stack, "m", file, watch=interrupt)
    assert len(open_uploads(stack)) == 1
    upload(stack, "m", file)
    assert (stored(stack), open_uploads(stack)) == (BODY, [])


def test_a_part_on_its_way_breaks_off_when_the_command_ends(stack):
    stop = parts.threading.Event()
    body = parts._Body(b"abc", stop)
    assert body.read(1) == b"a"
    stop.set()
    with pytest.raises(parts._StoppedError):
        body.read(1)


@pytest.mark.parametrize("size", [2500, 900], ids=["in parts", "at once"])
def test_a_file_that_changes_meanwhile_is_not_ingested_and_leaves_nothing(stack, file, monkeypatch, size):
    file.write_bytes(BODY[:size])
    read = parts.Content.read

    def write_and_read(content, *place):
        os.utime(file, ns=(1, 1))
        return read(content, *place)

    monkeypatch.setattr(parts.Content, "read", write_and_read)
    with pytest.raises(CliError, match=rf"changed while it was sent \({size:,} bytes when it began, {size:,} now\)"):
        upload(stack, "m", file)
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="lake")
    assert open_uploads(stack) == []


def test_a_file_that_vanishes_meanwhile_is_told(stack, file, monkeypatch):
    monkeypatch.setattr(parts, "_earlier", lambda *_: file.unlink())
    with pytest.raises(CliError, match=r"cannot read .*d\.csv any more: No such file"):
        upload(stack, "m", file)


def test_an_upload_that_another_command_has_finished_is_no_error_of_aws(stack, file, monkeypatch):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "NoSuchUpload", "Message": "m"}}, "CompleteMultipartUpload")

    monkeypatch.setattr(stack.s3, "complete_multipart_upload", refuse)
    with pytest.raises(CliError, match=r"another command has finished or ended the upload of incoming/m/d\.csv"):
        upload(stack, "m", file)


def test_the_command_says_that_it_goes_on_and_how_far_it_is(stack, noria, file, monkeypatch):
    begin(stack)
    monkeypatch.setattr(view, "LINE_SECONDS", 0.0)
    lines = noria("upload", "m", file).stdout.splitlines()
    assert lines[0] == "goes on with an earlier upload of this content: 2 of 5 parts are there"
    assert lines[-2:] == ["sent 0 of 0 MiB, 5 of 5 parts", f"uploaded s3://lake/{KEY}"]


def test_with_json_nothing_else_is_printed_and_the_result_has_its_shape(noria, file):
    answer = json.loads(noria("upload", "m", file, "--json").stdout)
    assert set(answer) == {"model", "digest", "bucket", "key", "at", "version", "sent", "known", "stages"}
    assert answer["version"]


def test_on_a_terminal_there_is_a_bar_with_bytes_and_parts(monkeypatch):
    from rich.console import Console

    console = Console(force_terminal=True, width=100, record=True)
    monkeypatch.setattr(view.console, "out", console)
    with view.sending(quiet=False) as step:
        step(Sending(0, 2 * 2**20, 0, 2, 0))
        step(Sending(2**20, 2 * 2**20, 1, 2, 0))
    text = console.export_text()
    assert "1.0/2.0 MiB" in text
    assert "part 1 of 2" in text


def test_an_interrupted_command_says_what_is_there(noria, file, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(parts, "_check_unchanged", interrupt)
    assert "interrupted: S3 holds 5 of 5 parts for 7 days: run the same command again" in noria("upload", "m", file).stdout
