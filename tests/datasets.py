"""Datasets for tests: rows of texts, ingested as an upload is, in the folder of a dataset."""

import pyarrow.parquet as pq

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.ingestion import Ingestion
from noria.tables.source import BytesSource


def inspected(body: bytes | str | list[bytes], contract: DataContract | None, target: str = "y") -> dict:
    """The facts of a file."""
    body = body.encode() if isinstance(body, str) else body
    with Ingestion(contract, target) as ingestion:
        return ingestion.read(lambda: BytesSource(body))


def ingested(body: bytes | str, contract: DataContract, target: str = "y") -> tuple[list[dict], str]:
    """The good rows of a file as a dataset has them, and the bad ones as they are set aside."""
    with Ingestion(contract, target) as ingestion:
        ingestion.read(lambda: BytesSource(body.encode() if isinstance(body, str) else body))
        assert ingestion.dataset is not None
        good = pq.read_table(ingestion.dataset.path).to_pylist() if ingestion.dataset.rows else []
        bad = [path.read_text() for _, path, _ in ingestion.bad_objects()]
    return good, "".join(bad)


def write_dataset(bucket: str, folder: str, text: str, spec: dict) -> None:
    """Write the good rows of a CSV, with their profiles."""
    with Ingestion(DataContract.of(spec["data"]), spec["target"]) as ingestion:
        ingestion.read(lambda: BytesSource(text.encode()))
        for name, content, kind in ingestion.objects(as_csv=False):
            objects.put(bucket, folder + name, content, kind)
