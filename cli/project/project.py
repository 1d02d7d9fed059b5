"""Loads a model project: the spec, and the user's code as an archive that is the same for the same content."""

import gzip
import io
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cli.base.errors import CliError
from cli.project import spec as specs
from noria.kernel.identity import digest
from noria.spec import ModelSpec

#: The files of a project folder that go to AWS.
PACKED = ("*.py", "**/*.py", "model.yaml", "requirements.txt")
MIB = 1024**2
LARGEST_ARCHIVE = 50 * MIB


@dataclass(frozen=True)
class Project:
    """A model project, ready to publish.

    Attributes:
        code_digest: of every packed file's path and content.
        requirements: the text of `requirements.txt`.
        archive: a gzipped tarball without times or owners.
    """

    spec: ModelSpec
    code_digest: str
    requirements: str
    archive: bytes

    def environment_digest(self, images: dict[str, str]) -> str:
        """The digest of all that the code runs on: its images and its requirements."""
        return digest(images, self.requirements)

    def id(self, images: dict[str, str]) -> str:
        """Twelve hexadecimal characters: the same content on the same images has the same id."""
        return digest(self.spec.model_dump(mode="json"), self.code_digest, self.environment_digest(images))


def load(folder: Path) -> Project:
    """Read a project folder and pack its code.

    Raises:
        CliError: the folder or a file that the spec names does not exist, or the archive is too large.
        SpecError: model.yaml is wrong.
    """
    spec = specs.of_project(folder)
    for name in (spec.train.entry, "inference.py"):
        if not (folder / name).is_file():
            raise CliError(
                f"{folder / name} is missing: a project has {spec.train.entry}, which trains, and inference.py, which serves; noria init writes both"
            )
    script = spec.preprocess.script
    if script and not (folder / script.entry).is_file():
        raise CliError(f"{folder / script.entry} is missing: preprocess.script names it; write it, or take the block out of model.yaml")
    paths = sorted({path for pattern in PACKED for path in folder.glob(pattern) if path.is_file() and _is_part(path.relative_to(folder))})
    files = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    archive = _packed(files)
    if len(archive) > LARGEST_ARCHIVE:
        raise CliError(f"{folder} packs to {len(archive) // MIB} MB, more than {LARGEST_ARCHIVE // MIB}: data belongs into an upload, not into a project")
    code = digest({name: sha256(content).hexdigest() for name, content in files.items()})
    return Project(spec, code, files.get("requirements.txt", b"").decode(errors="replace"), archive)


def _is_part(path: Path) -> bool:
    """Whether a path is part of the archive: no cache, no environment, nothing that begins with a dot."""
    return not any(part.startswith((".", "__pycache__")) or part in ("venv", "node_modules") for part in path.parts)


def _packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
