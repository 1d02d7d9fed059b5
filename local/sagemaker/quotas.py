"""Quotas on running instances, so that a burst is refused here as it would be on AWS.

The numbers are those of this machine, not of an account: each instance is a process or more.
"""

from collections.abc import Callable

from local.sagemaker.errors import ApiError
from local.sagemaker.families import STORE, Record

#: Instances that may run at once, by what they are used for.
LIMITS = {"TrainingJob": 20, "TransformJob": 20, "Endpoint": 40}
USAGE = {"TrainingJob": "training job", "TransformJob": "transform job", "Endpoint": "endpoint"}
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
