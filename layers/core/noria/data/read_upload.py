"""The use case of the function that reads an upload."""

from noria.adapters import objects
from noria.data import inspection, policy
from noria.data.contract import DataContract
from noria.kernel.json import Json


def inspect_upload(event: Json) -> Json:
    """The facts of one object version.

    Args:
        event: `{bucket, key, version, size, spec}`; `spec` is the published document, or null. Rows of an object that is too
            large are not looked at.
    """
    spec = event["spec"] if event["size"] <= policy.MOST_BYTES else None
    contract = DataContract.of(spec["data"]) if spec else None
    pieces = objects.chunks(event["bucket"], event["key"], event["version"])
    return inspection.profile(pieces, contract, spec["target"] if spec else "")
