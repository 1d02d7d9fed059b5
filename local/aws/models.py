"""botocore's service models, parsed once for the whole process: those of SageMaker alone take 20 MB."""

from functools import cache

import botocore.session
from botocore.model import ServiceModel


@cache
def session() -> botocore.session.Session:
    """The session whose loader caches every service model; it is not thread-safe while it creates clients."""
    return botocore.session.get_session()


@cache
def service_model(api: str) -> ServiceModel:
    """Operations and shapes of an API, `sagemaker` for one."""
    return session().get_service_model(api)
