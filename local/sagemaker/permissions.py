"""IAM of SageMaker: the resource that a request acts on, and the permission to pass it a role."""

import json
import re
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router

from local.sagemaker import resources
from local.sagemaker.errors import ApiError
from local.sagemaker.resources import Record

SERVICE = "sagemaker"
INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")


def install() -> None:
    """Give IAM the ARN that each of SageMaker's requests acts on."""
    emulator_arn = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str) -> str:
        if service != SERVICE:
            return str(emulator_arn(service, method, path, headers, body, query, region, account))
        return _resource_arn(path, headers, body, region, account)

    iam_actions.extract_resource_arn = extract_resource_arn


def check_pass_role(headers: dict[str, str], parameters: Record) -> None:
    """Refuse a caller who hands SageMaker a role without `iam:PassRole`.

    Raises:
        ApiError: `AccessDeniedException`, in AWS's words.
    """
    role = parameters.get("RoleArn") or parameters.get("ExecutionRoleArn")
    if not role or not app.AUTH:
        return
    access_key = router.extract_access_key_id(headers, {})
    context = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    denial = iam_evaluator.enforce(access_key, "iam:PassRole", "iam", router.extract_region(headers), resource_arn=role, service_context=context)
    if denial:
        caller = getattr(denial, "principal_arn", access_key)
        raise ApiError(
            "AccessDeniedException",
            f"User: {caller} is not authorized to perform: iam:PassRole on resource: {role} because no identity-based policy allows the iam:PassRole action",
        )


def _resource_arn(path: str, headers: Any, body: bytes, region: str, account: str) -> str:
    prefix = f"arn:aws:sagemaker:{region}:{account}:"
    if match := INVOCATIONS.fullmatch(path):
        return f"{prefix}endpoint/{match[1].lower()}"
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    parameters = json.loads(body or b"{}")
    noun = re.sub(r"^(Create|Describe|Update|Delete|Stop)", "", action).removesuffix("WeightsAndCapacities")
    if noun == "ModelPackage":
        return _package_arn(prefix, parameters)
    name = parameters.get(f"{noun}Name") or parameters.get(f"{noun}Arn") or parameters.get("ResourceArn")
    if not name:
        return "*"
    return str(name) if str(name).startswith("arn:") else f"{prefix}{resources.kebab(noun)}/{name}"


def _package_arn(prefix: str, parameters: Record) -> str:
    name = parameters.get("ModelPackageArn") or parameters.get("ModelPackageName")
    if name:
        return str(name) if str(name).startswith("arn:") else f"{prefix}model-package/{name}"
    return f"{prefix}model-package/{parameters.get('ModelPackageGroupName', '*')}/*"
