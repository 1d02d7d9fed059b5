"""Files that a user names."""

import pytest

from cli.base import files
from cli.base.errors import CliError


def test_what_is_no_file_is_refused(tmp_path):
    for path, message in ((tmp_path, "is a folder, expected a file"), (tmp_path / "x", "there is no file")):
        with pytest.raises(CliError, match=message):
            files.existing(path)


@pytest.mark.parametrize(("name", "message"), [("plot.jpg", "expected a name that ends in .png"), ("nowhere/plot.png", "there is no folder")])
def test_a_path_that_cannot_be_written_is_refused_before_any_work(tmp_path, name, message):
    with pytest.raises(CliError, match=message):
        files.check_writable(tmp_path / name, "--plot", ".png")
    files.check_writable(None, "--plot", ".png")
