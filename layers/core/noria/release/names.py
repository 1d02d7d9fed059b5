"""Names of a release: derived from the version and its approval, so that one approval is one release."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from noria.kernel.identity import digest

if TYPE_CHECKING:
    from noria.release.shapes.admission import ReleaseNamesShape

#: Ends the name of a configuration in which champion and challenger share an endpoint.
TRIAL = "-try"


class ReleaseNames(NamedTuple):
    """The release itself, its endpoint, and the endpoint's configuration, which is the SageMaker model's name as well."""

    release: str
    endpoint: str
    config: str

    def to_json(self) -> ReleaseNamesShape:
        return {"release": self.release, "endpoint": self.endpoint, "config": self.config}

    @property
    def trial(self) -> str:
        """The configuration in which champion and challenger share the endpoint."""
        return self.config + TRIAL


def release_id(package: str, approved_at: str) -> str:
    """The id of a release.

    Args:
        package: ARN of the version.
        approved_at: when it was approved, as the registry's event has it.
    """
    return digest(package, approved_at)


def endpoint_name(prefix: str, model: str) -> str:
    """The endpoint of a model; `prefix` is the stack's."""
    return f"{prefix}-{model}"


def release_names(prefix: str, model: str, package: str, approved_at: str) -> ReleaseNames:
    """The names of the release that an approval begins."""
    release, endpoint = release_id(package, approved_at), endpoint_name(prefix, model)
    return ReleaseNames(release, endpoint, f"{endpoint}-{release}")
