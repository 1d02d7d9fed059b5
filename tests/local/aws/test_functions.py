"""Lambda functions: errors as the runtime reports them, and what a function can see."""

import json
import os

import pytest


@pytest.fixture(scope="module")
def invoke(client):
    """Calls a function: its answer, and the kind of error that the call reports."""
    functions = client("lambda")

    def invoked(function: str, event: object = None) -> tuple[object, str | None]:
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    return invoked


@pytest.fixture(scope="module")
def looking(make_function) -> str:
    """A function that evaluates its event, in its own process."""
    return make_function(
        """
        import importlib, os, sys

        def handler(event, context):
            match event["look"]:
                case "environment": return dict(os.environ)
                case "context": return {"request": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
                                        "memory": context.memory_limit_in_mb, "left": context.get_remaining_time_in_millis()}
                case "import": return importlib.import_module(event["name"]).__name__
                case "identity":
                    import boto3
                    return boto3.client("sts").get_caller_identity()["Arn"]
        """,
        variables={"OWN": "it's mine"},
    )


def test_an_exception_is_told_by_class_message_and_stack(invoke, make_function):
    raising = make_function("""
        class BrokenRowsError(ValueError): ...

        def check(rows):
            raise BrokenRowsError(f"{rows} rows are \\"broken\\"")

        def handler(event, context):
            check(event["rows"])
    """)
    error, kind = invoke(raising, {"rows": 3})
    assert kind == "Unhandled"
    assert error["errorType"] == "BrokenRowsError"
    assert error["errorMessage"] == '3 rows are "broken"'
    assert [line.split(",")[0].strip() for line in error["stackTrace"]] == ['File "/var/task/app.py"'] * 2
    assert "in handler" in error["stackTrace"][0]
    assert "in check" in error["stackTrace"][1]
    assert error["requestId"]


def test_a_function_s_process_outlives_an_exception(invoke, make_function):
    """GIVEN a call that raised THEN the next one finds the same process with its globals."""
    counting = make_function("""
        import os
        calls = 0

        def handler(event, context):
            global calls
            calls += 1
            if event == "raise":
                raise RuntimeError("no")
            return [calls, os.getpid()]
    """)
    (first, process), _ = invoke(counting)
    assert first == 1
    assert invoke(counting, "raise")[1] == "Unhandled"
    assert invoke(counting) == ([3, process], None)


def test_a_function_that_takes_too_long_is_timed_out(invoke, make_function):
    sleeping = make_function("import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'slept'\n", seconds=1)
    error, kind = invoke(sleeping, 5)
    assert (error["errorType"], kind) == ("Sandbox.Timedout", "Unhandled")
    assert "Task timed out after 1.00 seconds" in error["errorMessage"]
    assert invoke(sleeping, 0) == ("slept", None)


def test_a_module_that_cannot_be_imported_is_an_import_module_error(invoke, make_function):
    error, kind = invoke(make_function("import nopackage\ndef handler(event, context): ...\n"))
    assert (error["errorType"], kind) == ("Runtime.ImportModuleError", "Unhandled")
    assert error["errorMessage"] == "Unable to import module 'app': No module named 'nopackage'"


def test_a_handler_that_is_not_there_is_told_by_name(invoke, make_function):
    error, _ = invoke(make_function("def another(event, context): ...\n"))
    assert error["errorType"] == "Runtime.HandlerNotFound"
    assert "'handler'" in error["errorMessage"]


def test_a_syntax_error_is_the_user_code_s(invoke, make_function):
    error, _ = invoke(make_function("def handler(event, context:\n"))
    assert error["errorType"] == "Runtime.UserCodeSyntaxError"


def test_an_answer_that_is_no_json_is_a_marshal_error(invoke, make_function):
    error, kind = invoke(make_function("def handler(event, context):\n    return {1, 2}\n"))
    assert (error["errorType"], kind) == ("Runtime.MarshalError", "Unhandled")


def test_a_process_that_exits_is_an_exit_error_and_the_next_call_gets_a_new_one(invoke, make_function):
    exiting = make_function("""
        import os

        def handler(event, context):
            if event == "exit":
                os._exit(3)
            return "alive"
    """)
    error, kind = invoke(exiting, "exit")
    assert (error["errorType"], kind) == ("Runtime.ExitError", "Unhandled")
    assert invoke(exiting) == ("alive", None)


@pytest.mark.parametrize("package", ["ministack", "moto", "localstack", "pydantic", "numpy", "local", "noria"])
def test_a_function_imports_only_what_it_brought(invoke, looking, package):
    error, _ = invoke(looking, {"look": "import", "name": package})
    assert error["errorType"] == "ModuleNotFoundError"


@pytest.mark.parametrize("package", ["boto3", "botocore"])
def test_a_function_has_the_sdk_of_the_runtime(invoke, looking, package):
    assert invoke(looking, {"look": "import", "name": package}) == (package, None)


def test_a_function_s_environment_is_its_own(invoke, looking):
    """Nothing of the host's environment is in it; all that AWS promises and its own variables are."""
    seen, _ = invoke(looking, {"look": "environment"})
    assert seen["OWN"] == "it's mine"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == looking
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "us-east-1"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{looking}"
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "TZ", "LANG", "PATH"} <= seen.keys()
    assert seen["AWS_SECRET_ACCESS_KEY"] != "test"
    strangers = {name for name in seen if not name.startswith(("AWS_", "LAMBDA_", "_LAMBDA_", "_X_AMZN_", "LC_"))} - {"OWN", "TZ", "LANG", "PATH"}
    assert not strangers
    assert not {name for name in os.environ if name in seen} - {"LANG", "PATH", "TZ", "LC_CTYPE"}


def test_a_function_acts_under_its_role(invoke, looking, role):
    arn, _ = invoke(looking, {"look": "identity"})
    assert arn.startswith(f"arn:aws:sts::000000000000:assumed-role/{role.rsplit('/', 1)[-1]}/")


def test_the_context_tells_request_function_and_time_left(invoke, looking):
    seen, _ = invoke(looking, {"look": "context"})
    assert seen["arn"].endswith(f":function:{looking}")
    assert (seen["name"], seen["memory"]) == (looking, "128")
    assert len(seen["request"]) == 36
    assert 0 < seen["left"] <= 10_000
