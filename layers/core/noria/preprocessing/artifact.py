"""The artifact of preprocessing: the fitted document and the code that applies it, packed as a framework container of AWS loads a model."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import noria

if TYPE_CHECKING:
    from noria.preprocessing.shapes import TransformDocument

#: The container gets this part of the package, under the same names.
SHIPPED = (
    "__init__.py",
    "kernel/__init__.py",
    "kernel/request_rows.py",
    "kernel/values.py",
    "preprocessing/__init__.py",
    "preprocessing/transform.py",
)


def pack(document: TransformDocument) -> bytes:
    """`model.tar.gz` of the container in front of the model; the same content is the same bytes."""
    package = Path(noria.__path__[0])
    files = {"preprocess.json": json.dumps(document).encode(), "code/inference.py": (package / "preprocessing" / "inference.py").read_bytes()}
    files |= {f"code/noria/{name}": (package / name).read_bytes() for name in SHIPPED}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return gzip.compress(buffer.getvalue(), mtime=0)
