"""`AddTags`, `ListTags` and `DeleteTags`, of any resource by its ARN."""

from local.sagemaker.resources import STORE, Record


def add(parameters: Record) -> Record:
    record = STORE.by_arn(parameters["ResourceArn"])
    tags = {tag["Key"]: tag for tag in [*record.get("Tags", []), *parameters["Tags"]]}
    record["Tags"] = list(tags.values())
    return {"Tags": record["Tags"]}


def list_all(parameters: Record) -> Record:
    return {"Tags": STORE.by_arn(parameters["ResourceArn"]).get("Tags", [])}


def delete(parameters: Record) -> Record:
    record = STORE.by_arn(parameters["ResourceArn"])
    record["Tags"] = [tag for tag in record.get("Tags", []) if tag["Key"] not in parameters["TagKeys"]]
    return {}


OPERATIONS = {"AddTags": add, "ListTags": list_all, "DeleteTags": delete}
