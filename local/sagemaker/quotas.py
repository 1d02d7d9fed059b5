"""Quotas on running instances, and instance types without capacity.

The numbers are those of this machine, not of an account: each job is a process or more, and so is an endpoint's instance that gets requests.
"""

import os
from collections.abc import Callable

from local.sagemaker.errors import ApiError, JobFailedError
from local.sagemaker.resources import STORE, Record

#: Instances that may run at once, by what they are used for.
LIMITS = {"TrainingJob": 20, "TransformJob": 20, "ProcessingJob": 20, "Endpoint": 60}
USAGE = {"TrainingJob": "training job", "TransformJob": "transform job", "ProcessingJob": "processing job", "Endpoint": "endpoint"}
RUNNING = frozenset({"InProgress", "Stopping", "Creating", "Updating", "InService"})


def check(noun: str, record: Record, instances: Callable[[Record], int]) -> None:
    """Refuse a record whose instances would exceed the limit.

    Args:
        instances: counts the instances of a record.

    Raises:
        ApiError: `ResourceLimitExceeded`, in AWS's words.
    """
    used = sum(instances(other) for other in STORE.of(noun) if other is not record and other.get(f"{noun}Status") in RUNNING)
    delta = instances(record)
    if used + delta > LIMITS[noun]:
        raise ApiError(
            "ResourceLimitExceeded",
            f"The account-level service limit 'Number of instances for {USAGE[noun]} usage' is {LIMITS[noun]} Instances, with current utilization of "
            f"{used} Instances and a request delta of {delta} Instances. Please use AWS Service Quotas to request an increase for this quota.",
        )


def choose_instance_type(types: list[str]) -> str:
    """The first of some instance types with capacity; `noria up --without` names those without.

    Raises:
        JobFailedError: none has capacity, in AWS's words.
    """
    missing = os.environ.get("NORIA_WITHOUT", "").split()
    choice = next((instance_type for instance_type in types if instance_type not in missing), None)
    if choice is None:
        raise JobFailedError(
            f"Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error for {', '.join(types)}. "
            "Please retry using a different ML instance type or after some time."
        )
    return choice
