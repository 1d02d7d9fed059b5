"""Tasks whose calls get no answer, in the emulator's own process; run by its interpreter.

The gateway that the interpreter calls is a socket that breaks off. The last line of output is a report, as JSON: by the way of breaking and the resource, error
and cause of the execution.
"""

import json
import os
import socket
import threading
import time

os.environ |= {"AUTH": "false", "MINISTACK_ACCOUNT_ID": "000000000000"}

# Before anything of the interpreter, which binds at import what this replaces.
from local.states import assembly, provider

# isort: split
from botocore.config import Config

from local.aws import roles

ROLE = "arn:aws:iam::000000000000:role/machine"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:other"
JOB = {"TrainingJobName": "job"}
TASKS = {
    "arn:aws:states:::lambda:invoke": {"FunctionName": "f"},
    "arn:aws:lambda:us-east-1:000000000000:function:f": {},
    "arn:aws:states:::dynamodb:putItem": {"TableName": "t", "Item": {"pk": {"S": "x"}}},
    "arn:aws:states:::events:putEvents": {"Entries": [{"Source": "s", "DetailType": "d", "Detail": {}}]},
    "arn:aws:states:::sns:publish": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": "m"},
    "arn:aws:states:::sqs:sendMessage": {"QueueUrl": "http://localhost/000000000000/q", "MessageBody": "m"},
    "arn:aws:states:::states:startExecution": {"StateMachineArn": MACHINE},
    "arn:aws:states:::states:startExecution.sync:2": {"StateMachineArn": MACHINE},
    "arn:aws:states:::sagemaker:createModel": {"ModelName": "m"},
    "arn:aws:states:::sagemaker:createTrainingJob.sync": JOB,
    "arn:aws:states:::aws-sdk:s3:getObject": {"Bucket": "b", "Key": "k"},
    "arn:aws:states:::aws-sdk:dynamodb:transactWriteItems": {"TransactItems": []},
    "arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken": {"TableName": "t", "Item": {"pk": {"S": "{% $states.context.Task.Token %}"}}},
    "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess": {"TaskToken": "t", "Output": "{}"},
    "arn:aws:states:::aws-sdk:cloudwatch:putMetricData": {"Namespace": "n", "MetricData": []},
    "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint": {"EndpointName": "e"},
    "arn:aws:states:::aws-sdk:applicationautoscaling:describeScalableTargets": {"ServiceNamespace": "sagemaker"},
}
#: The ways of breaking off, and whose call is.
WAYS = {
    "closed": list(TASKS),
    "cut off": ["arn:aws:states:::dynamodb:putItem", "arn:aws:states:::aws-sdk:s3:getObject"],
    "silent": ["arn:aws:states:::dynamodb:putItem"],
    "garbled": ["arn:aws:states:::sns:publish"],
    "polled": ["arn:aws:states:::sagemaker:createTrainingJob.sync"],
    "refused": ["arn:aws:states:::dynamodb:putItem"],
}

_server = socket.create_server(("127.0.0.1", 0))
os.environ["GATEWAY_PORT"] = str(_server.getsockname()[1])
_way = "closed"
_described = 0


def serve() -> None:
    while True:
        connection, _ = _server.accept()
        threading.Thread(target=break_off, args=(connection,), daemon=True).start()


def break_off(connection: socket.socket) -> None:
    request = connection.recv(65536)
    if _way == "cut off":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    elif _way == "silent":
        time.sleep(3)
    elif _way == "garbled":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nnot XML")
    elif _way == "polled":
        poll(connection, request)
    connection.close()


def poll(connection: socket.socket, request: bytes) -> None:
    """The job is created; one look at it is broken off, the next one finds it ended."""
    global _described
    job = {"TrainingJobArn": "arn"}
    if b"DescribeTrainingJob" in request:
        _described += 1
        if _described == 1:
            return
        job |= {**JOB, "TrainingJobStatus": "Completed"}
    body = json.dumps(job).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def ask(action: str, **request: object) -> dict:
    status, _, body = provider.call(action, request)
    assert status < 400, body
    return json.loads(body)


def run(resource: str) -> list[str]:
    """Error and cause of an execution of one task; its status and output where it succeeded."""
    states = {"Call": {"Type": "Task", "Resource": resource, "Arguments": TASKS[resource], "End": True}}
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Call", "States": states})
    machine = ask("CreateStateMachine", name=f"m{time.time_ns()}", definition=definition, roleArn=ROLE)["stateMachineArn"]
    execution = ask("StartExecution", stateMachineArn=machine)["executionArn"]
    while (seen := ask("DescribeExecution", executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.02)
    return [seen["error"], seen["cause"]] if "error" in seen else [seen["status"], seen.get("output", "")]


assembly.install()
roles.Config = lambda **options: Config(**options | {"read_timeout": 0.3})
threading.Thread(target=serve, daemon=True).start()
report = {}
for _way, resources in WAYS.items():
    if _way == "refused":
        roles._shared.clear()
        os.environ["GATEWAY_PORT"] = "9"
    report[_way] = {resource: run(resource) for resource in resources}
print(json.dumps(report), flush=True)
os._exit(0)
