"""Files that a user names."""

import gzip

import pytest

from cli.base import files
from cli.base.errors import CliError


def test_what_is_no_file_is_refused(tmp_path):
    for path, message in ((tmp_path, "is a folder, expected a file"), (tmp_path / "x", "there is no file")):
        with pytest.raises(CliError, match=message):
            files.existing(path)


def test_a_table_of_any_format_becomes_csv_that_can_be_uploaded(tmp_path):
    text = "at,x,open\n2026-01-01,1.5,true\n2026-01-02,,false\n"
    (tmp_path / "plain.csv").write_text(text)
    (tmp_path / "other.csv.gz").write_bytes(gzip.compress(text.replace(",", ";").encode()))
    plain, other = (b"".join(files.as_csv(tmp_path / name)).decode() for name in ("plain.csv", "other.csv.gz"))
    assert plain == text
    assert other.splitlines()[0] == "at,x,open"
    assert [line.split(",")[1:] for line in other.splitlines()[1:]] == [["1.5", "true"], ["", "false"]]
    assert [files.is_plain(tmp_path / name) for name in ("plain.csv", "other.csv.gz")] == [True, False]


@pytest.mark.parametrize(("name", "message"), [("plot.jpg", "expected a name that ends in .png"), ("nowhere/plot.png", "there is no folder")])
def test_a_path_that_cannot_be_written_is_refused_before_any_work(tmp_path, name, message):
    with pytest.raises(CliError, match=message):
        files.check_writable(tmp_path / name, "--plot", ".png")
    files.check_writable(None, "--plot", ".png")
