"""Model projects on disk: the spec and the user's code, packed so that the same content is the same archive."""

import gzip
import io
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cli import specs
from cli.errors import CliError
from noria.kernel.identity import digest
from noria.spec import ModelSpec

#: What goes to AWS of a project folder.
PACKED = ("*.py", "**/*.py", "model.yaml", "requirements.txt")
LARGEST_ARCHIVE = 50 * 1024 * 1024


@dataclass(frozen=True)
class Project:
    """A model project, ready to be published.

    Attributes:
        code_digest: of every packed file's path and content.
        environment_digest: of `requirements.txt`.
        archive: a gzipped tarball without times or owners.
    """

    spec: ModelSpec
    code_digest: str
    environment_digest: str
    archive: bytes

    @property
    def id(self) -> str:
        """Twelve hexadecimal characters: the same content has the same id."""
        return digest(self.spec.model_dump(mode="json"), self.code_digest, self.environment_digest)


def load(folder: Path) -> Project:
    """Read and pack a project folder.

    Raises:
        CliError: a file that the spec needs is not there.
        SpecError: model.yaml is wrong.
    """
    if not folder.is_dir():
        raise CliError(f"there is no folder {folder}; noria init NAME makes models/NAME")
    spec = specs.load(folder / "model.yaml")
    for name in (spec.train.entry, "inference.py"):
        if not (folder / name).is_file():
            raise CliError(
                f"{folder / name} is missing: a project has {spec.train.entry}, which trains, and inference.py, which serves; noria init writes both"
            )
    paths = sorted({path for pattern in PACKED for path in folder.glob(pattern) if path.is_file() and "__pycache__" not in path.parts})
    files = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    archive = _packed(files)
    if len(archive) > LARGEST_ARCHIVE:
        raise CliError(
            f"{folder} packs to {len(archive) // 1024**2} MB, more than {LARGEST_ARCHIVE // 1024**2}: data belongs into an upload, not into a project"
        )
    code = digest({name: sha256(content).hexdigest() for name, content in files.items()})
    return Project(spec, code, digest(files.get("requirements.txt", b"").decode(errors="replace")), archive)


def _packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
