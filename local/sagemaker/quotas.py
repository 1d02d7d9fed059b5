"""Quotas on running instances, so that a burst is refused here as it would be on AWS.

The numbers are those of this machine, not of an account: each job is a process or more, and so is an endpoint's instance that is asked.
"""

import os
from collections.abc import Callable

from local.sagemaker.errors import ApiError, JobFailedError
from local.sagemaker.families import STORE, Record

#: Instances that may run at once, by what they are used for.
LIMITS = {"TrainingJob": 20, "TransformJob": 20, "ProcessingJob": 20, "Endpoint": 60}
USAGE = {"TrainingJob": "training job", "TransformJob": "transform job", "ProcessingJob": "processing job", "Endpoint": "endpoint"}
RUNNING = frozenset({"InProgress", "Stopping", "Creating", "Updating", "InService"})


def check(noun: str, record: Record, instances: Callable[[Record], int]) -> None:
    """Refuse a record whose instances would exceed the limit.

    Raises:
        ApiError: `ResourceLimitExceeded`, in AWS's words.
    """
    used = sum(instances(other) for other in STORE.of(noun) if other is not record and other.get(f"{noun}Status") in RUNNING)
    asked = instances(record)
    if used + asked > LIMITS[noun]:
        raise ApiError(
            "ResourceLimitExceeded",
            f"The account-level service limit 'Number of instances for {USAGE[noun]} usage' is {LIMITS[noun]} Instances, with current utilization of "
            f"{used} Instances and a request delta of {asked} Instances. Please use AWS Service Quotas to request an increase for this quota.",
        )


def capacity(types: list[str]) -> str:
    """The first of some instance types that can be had; `noria up --without` names those that cannot.

    Raises:
        JobFailedError: none of them, in AWS's words.
    """
    missing = os.environ.get("NORIA_WITHOUT", "").split()
    found = next((kind for kind in types if kind not in missing), None)
    if found is None:
        raise JobFailedError(
            f"Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error for {', '.join(types)}. "
            "Please retry using a different ML instance type or after some time."
        )
    return found
