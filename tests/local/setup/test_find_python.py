"""A fresh machine: the set-up finds a Python 3.13, lets uv fetch one, or says in one sentence what to do."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest

from local.lifecycle import ROOT

UV = ROOT / ".noria" / "uv" / "bin" / "uv"
#: What the scripts call besides interpreters and uv; the machine's own interpreters are not on the PATH of these tests.
TOOLS = ("sh", "cat", "dirname", "mkdir", "rm", "cp", "ln")
#: What of the address of a release UV_PYTHON_INSTALL_MIRROR takes the place of.
RELEASES = "https://github.com/astral-sh/python-build-standalone/releases/download"
#: Makes the running interpreter answer as one that is 3.11.
IS_3_11 = 'sys.version_info = (3, 11, 2, "final", 0)'
SYSTEM_WIDE = [*Path("/opt").glob("*/bin/python3.13"), *Path("/usr/local/bin").glob("python3.13")]
needs_no_other = pytest.mark.skipif(bool(SYSTEM_WIDE), reason=f"this machine has a Python 3.13 that every search finds: {SYSTEM_WIDE}")


@dataclass
class FreshMachine:
    """A checkout, an empty home and a PATH with nothing but `TOOLS`, all in one folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        env = {"HOME": str(self.home), "PATH": str(self.bin), "UV_CACHE_DIR": str(self.folder / "cache"), **self.env}
        return subprocess.run(["/bin/sh", *command], cwd=self.checkout, env=env, capture_output=True, text=True)

    def find_python(self) -> subprocess.CompletedProcess[str]:
        return self.run("-euc", ". scripts/find-python.sh; find_python")


@pytest.fixture
def fresh(tmp_path: Path) -> FreshMachine:
    """GIVEN a machine where nothing is set up."""
    machine = FreshMachine(tmp_path)
    (machine.checkout / "scripts").mkdir(parents=True)
    machine.home.mkdir()
    machine.bin.mkdir()
    for name in ("find-python.sh", "setup.sh"):
        shutil.copy(ROOT / "scripts" / name, machine.checkout / "scripts")
    for tool in TOOLS:
        link(machine.bin / tool, Path(str(shutil.which(tool))))
    return machine


def link(path: Path, to: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def install_3_13(prefix: Path) -> Path:
    """An interpreter that has `prefix` as its own: the running one's program beside its library."""
    base = Path(sys.base_prefix)
    python = prefix / "bin" / "python3.13"
    python.parent.mkdir(parents=True)
    shutil.copy(base / "bin" / "python3.13", python)
    link(prefix / "lib", base / "lib")
    return python


def install_disguised(path: Path, disguise: str, before: str = ":") -> Path:
    """A program that is the running interpreter, but for `disguise`: Python that runs before what it is asked to run.

    `before` is what the shell does first, and may end in.
    """
    code = f'import sys; {disguise}; sys.executable = "{path}"; exec(sys.argv[1])'
    return script(path, f'{before}\nexec {sys.executable} -c {shlex.quote(code)} "$2"')


def install_3_11(path: Path) -> Path:
    """A Python 3.11 that makes environments whose pip installs the uv of this checkout."""
    pip = script(path.parent / "pip-of-3.11", f'[ "$2 $3" = "pip install" ] && ln -s {UV} "${{0%/*}}/uv"')
    venv = f'if [ "$1 $2 $3" = "-m venv --clear" ]; then mkdir -p "$4/bin" && cp {pip} "$4/bin/python"; exit; fi'
    return install_disguised(path, IS_3_11, venv)


def install_shims(fresh: FreshMachine) -> None:
    """3.11 is the default, and `python3.13` a shim of a version manager in which no 3.13 is active."""
    install_3_11(fresh.bin / "python3")
    script(fresh.bin / "python3.13", 'echo "python3.13: command not found; it exists in these versions: 3.13.1" >&2; exit 127')


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a mirror that has the running interpreter in the archive that this uv asks for."""
    folder = tmp_path_factory.mktemp("mirror")
    command = [UV, "python", "list", "--only-downloads", "--output-format", "json", "cpython-3.13"]
    [release] = [item for item in json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) if item["variant"] == "default"]
    build, name = release["url"].split("/")[-2:]
    archive = folder / build / unquote(name)
    archive.parent.mkdir()
    pack(archive)
    # What uv says of the release itself, but for the checksum, which nothing but the real archive has.
    item = {"name": "cpython", "os": release["os"], "libc": release["libc"], "url": f"{RELEASES}/{build}/{name}", **release["version_parts"]}
    item |= {"arch": {"family": release["arch"], "variant": None}, "prerelease": "", "variant": None, "sha256": None}
    releases = folder / "releases.json"
    releases.write_text(json.dumps({release["key"]: item}))
    return {"UV_PYTHON_INSTALL_MIRROR": folder.as_uri(), "UV_PYTHON_DOWNLOADS_JSON_URL": str(releases)}


def pack(archive: Path) -> None:
    """The running interpreter without what nobody needs to make an environment."""
    base = Path(sys.base_prefix)
    left_out = {"site-packages", "dist-packages", "test", "__pycache__", "idlelib", "tkinter", "pydoc_data"}

    def keep(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        name = Path(member.name).name
        return None if name in left_out or name.startswith("config-3.13") else member

    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(os.path.realpath(base / "bin" / "python3.13"), "python/bin/python3.13")
        tar.add(base / "lib" / "python3.13", "python/lib/python3.13", filter=keep)
        for library in (base / "lib").glob("libpython3.13.so*"):
            tar.add(library, f"python/lib/{library.name}")


def test_an_interpreter_on_path_is_taken_with_an_empty_home(fresh):
    python = install_3_13(fresh.folder / "usr")
    link(fresh.bin / "python3", python)
    # WHEN
    result = fresh.find_python()
    # THEN
    assert (result.stdout, result.stderr) == (f"{python}\n", "")


MANAGED = {
    "pyenv": ("PYENV_ROOT", ".pyenv", "versions/3.13.1"),
    "asdf": ("ASDF_DATA_DIR", ".asdf", "installs/python/3.13.1"),
    "uv": ("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", "cpython-3.13.1-linux-x86_64-gnu"),
}


@pytest.mark.parametrize("manager", MANAGED)
def test_an_inactive_interpreter_is_found_under_a_root_given_by_its_variable(fresh, manager):
    variable, _, folder = MANAGED[manager]
    install_shims(fresh)
    python = install_3_13(fresh.folder / "the root" / folder)
    fresh.env[variable] = str(fresh.folder / "the root")
    # WHEN
    result = fresh.find_python()
    # THEN
    assert (result.stdout, result.stderr) == (f"{python}\n", "")


@pytest.mark.parametrize("manager", MANAGED)
def test_an_inactive_interpreter_is_found_under_the_managers_usual_root(fresh, manager):
    _, root, folder = MANAGED[manager]
    install_shims(fresh)
    python = install_3_13(fresh.home / root / folder)
    # WHEN
    result = fresh.find_python()
    # THEN
    assert (result.stdout, result.stderr) == (f"{python}\n", "")


@pytest.mark.parametrize(
    "disguise",
    [
        'sys.version_info = (3, 12, 9, "final", 0)',
        'sys.version_info = (3, 14, 0, "final", 0)',
        'sys.version_info = (3, 13, 0, "candidate", 2)',
        'sys.modules["ensurepip"] = None',
        'import sysconfig; sysconfig.get_config_var = {"Py_GIL_DISABLED": 1}.get',
    ],
    ids=["older", "newer", "a release candidate", "without ensurepip", "free-threaded"],
)
def test_an_interpreter_that_will_not_do_is_passed_over(fresh, disguise):
    install_disguised(fresh.bin / "python3.13", disguise)
    python = install_3_13(fresh.home / ".pyenv/versions/3.13.1")
    # WHEN
    result = fresh.find_python()
    # THEN
    assert (result.stdout, result.stderr) == (f"{python}\n", "")


def test_the_interpreter_that_is_named_comes_first(fresh):
    link(fresh.bin / "python3.13", install_3_13(fresh.folder / "usr"))
    python = install_3_13(fresh.folder / "mine")
    fresh.env["PYTHON"] = str(python)
    # WHEN
    result = fresh.find_python()
    # THEN
    assert result.stdout == f"{python}\n"


def with_uv_alone(fresh: FreshMachine) -> None:
    link(fresh.bin / "uv", UV)


@needs_no_other
@pytest.mark.parametrize(
    ("bootstrap", "settings", "folder"),
    [(with_uv_alone, {}, ".noria/python"), (install_shims, {"UV_PYTHON_INSTALL_DIR": "../interpreters"}, "../interpreters")],
    ids=["by uv alone, into the checkout", "by 3.11, to where the user has uv's interpreters"],
)
def test_uv_fetches_one_where_there_is_none(fresh, mirror, bootstrap, settings, folder):
    bootstrap(fresh)
    fresh.env = mirror | settings
    # WHEN
    first = fresh.find_python()
    fresh.env = {"PATH": str(fresh.folder / "nothing")} | settings
    second = fresh.find_python()
    # THEN
    assert first.returncode == 0, first.stderr
    python = Path(first.stdout.strip())
    assert python.resolve().is_relative_to((fresh.checkout / folder).resolve())
    assert subprocess.check_output([python, "--version"], text=True).startswith("Python 3.13")
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert list(fresh.home.iterdir()) == []
    assert not (fresh.checkout / ".noria" / "bootstrap").exists()


def with_nothing(_: FreshMachine) -> None:
    """Neither uv nor any Python."""


@needs_no_other
@pytest.mark.parametrize("bootstrap", [with_nothing, with_uv_alone, install_shims])
def test_the_set_up_says_in_one_sentence_what_to_do_where_none_can_be_fetched(fresh, bootstrap):
    bootstrap(fresh)
    fresh.env = {"UV_PYTHON_INSTALL_MIRROR": (fresh.folder / "nowhere").as_uri()}
    # WHEN
    result = fresh.run("scripts/setup.sh")
    # THEN
    assert result.returncode == 1
    assert result.stdout == ""
    [sentence] = result.stderr.splitlines()
    assert sentence.startswith("setup: Noria needs Python 3.13 with venv")
    assert "https://www.python.org/downloads/" in sentence
    assert "make PYTHON=" in sentence
    assert (fresh.checkout / ".noria" / "logs" / "find-python.log").read_text() != ""
