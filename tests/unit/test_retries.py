"""The catalogue of retry policies, and what it writes into a machine."""

from pathlib import Path

import pytest

from scripts import generate, retries

CATALOGUE = """\
defaults: {IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 6, MaxDelaySeconds: 30, JitterStrategy: FULL}
integrations:
  lambda: {ErrorEquals: [TransientError, Lambda.ServiceException]}
  aws-sdk:sagemaker: {ErrorEquals: [SageMaker.ThrottlingException], MaxDelaySeconds: 60}
"""
LAMBDA = "Retry: [{ErrorEquals: [TransientError, Lambda.ServiceException], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 6, MaxDelaySeconds: 30, JitterStrategy: FULL}]"
SAGEMAKER = (
    "Retry: [{ErrorEquals: [SageMaker.ThrottlingException], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 6, MaxDelaySeconds: 60, JitterStrategy: FULL}]"
)
MACHINE = f"""\
Comment: One of each.  # a comment
StartAt: Look
States:
  Look:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {{FunctionName: "${{Look}}", Retry: "[a field of the request]"}}
    TimeoutSeconds: 60
    {LAMBDA}
    # A comment between two fields.
    Next: Repeat
  Repeat:
    Type: Map
    ItemProcessor:
      StartAt: Describe
      States:
        Describe:
          Type: Task
          Resource: arn:aws:states:::aws-sdk:sagemaker:describeEndpoint.waitForTaskToken
          TimeoutSeconds: 60
          {SAGEMAKER}
          End: true
    Next: Create
  Create:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    TimeoutSeconds: 60
    # The reason.
    Retry:
      - {{ErrorEquals: [TransientError], MaxAttempts: 2}}
    End: true
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine's file, in a folder with a catalogue."""
    monkeypatch.setattr(retries, "MACHINES", tmp_path)
    (tmp_path / "retries.yaml").write_text(CATALOGUE)
    path = tmp_path / "release" / "one.asl.yaml"
    path.parent.mkdir()
    path.write_text(MACHINE)
    return path


def stamped(path: Path, text: str) -> str:
    path.write_text(text)
    return retries.stamp(path, retries.catalogue())


def test_a_machine_that_has_the_catalogues_policies_keeps_every_byte(machine: Path):
    assert stamped(machine, MACHINE) == MACHINE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SAGEMAKER, SAGEMAKER.replace("MaxDelaySeconds: 60", "MaxDelaySeconds: 5")),
        (LAMBDA, "Retry: []"),
        (LAMBDA, LAMBDA.replace("[{", "\n      [\n        {").replace("}]", "},\n      ]")),
    ],
    ids=["within a map", "none", "over several lines"],
)
def test_a_policy_that_differs_becomes_the_catalogues_and_nothing_else_changes(machine: Path, before: str, after: str):
    assert stamped(machine, MACHINE.replace(before, after)) == MACHINE


def test_a_task_without_a_retry_gets_its_integrations(machine: Path):
    assert stamped(machine, MACHINE.replace(f"    {LAMBDA}\n", "").replace(f"          {SAGEMAKER}\n", "")) == MACHINE


def test_a_task_that_spells_out_its_retry_keeps_it(machine: Path):
    own = MACHINE.replace("MaxAttempts: 2", "MaxAttempts: 3")
    assert stamped(machine, own) == own


def test_an_integration_that_the_catalogue_lacks_is_named_with_what_to_do(machine: Path):
    with pytest.raises(SystemExit, match=r"one.asl.yaml: Look calls the integration sqs, expected one of lambda, .*; add its policy to retries.yaml"):
        stamped(machine, MACHINE.replace("lambda:invoke", "sqs:sendMessage", 1))


def test_a_task_in_braces_is_refused_instead_of_broken(machine: Path):
    with pytest.raises(SystemExit, match="Look: found a Task in braces"):
        stamped(machine, "States:\n  Look: {Type: Task, Resource: 'arn:aws:states:::lambda:invoke', Retry: [], End: true}\n")


def test_drift_from_the_catalogue_fails_the_check_until_the_files_are_written_anew(machine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(generate, "ROOT", machine.parents[1])
    monkeypatch.setattr(generate, "generated", retries.stamped)
    monkeypatch.setattr("sys.argv", ["generate", "--check"])
    generate.main()
    machine.write_text(MACHINE.replace(LAMBDA, "Retry: []"))
    with pytest.raises(SystemExit, match=r"release/one.asl.yaml; run: make docs"):
        generate.main()
    monkeypatch.setattr("sys.argv", ["generate"])
    generate.main()
    assert machine.read_text() == MACHINE


def test_a_policy_of_several_retriers_is_written_as_such_each_with_the_defaults(machine: Path):
    catalogue = machine.parents[1] / "retries.yaml"
    second = "ErrorEquals: [Lambda.TooManyRequestsException], MaxAttempts: 22"
    catalogue.write_text(
        CATALOGUE.replace("  lambda: {", "  lambda:\n    - {").replace("Lambda.ServiceException]}", f"Lambda.ServiceException]}}\n    - {{{second}}}")
    )
    throttled = (
        "{ErrorEquals: [Lambda.TooManyRequestsException], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 22, MaxDelaySeconds: 30, JitterStrategy: FULL}"
    )
    both = MACHINE.replace(LAMBDA, f"{LAMBDA.removesuffix(']')}, {throttled}]")
    assert stamped(machine, MACHINE) == both
    assert stamped(machine, both) == both


@pytest.mark.parametrize("reason", ["    # The reason.\n    Retry:\n", "    Retry:  # the reason\n"])
def test_a_retry_of_a_tasks_own_stands_with_its_reason(machine: Path, reason: str):
    machine.write_text(MACHINE.replace("    # The reason.\n    Retry:\n", reason))
    assert list(retries.faults()) == []


def test_a_retry_of_a_tasks_own_without_a_reason_is_a_fault(machine: Path):
    machine.write_text(MACHINE.replace("    # The reason.\n", ""))
    (fault,) = retries.faults()
    assert fault.startswith("one.asl.yaml: Create spells out its Retry and gives no reason")


def test_a_policy_that_no_task_has_is_a_fault(machine: Path):
    machine.write_text(MACHINE.replace("aws-sdk:sagemaker:describeEndpoint.waitForTaskToken", "lambda:invoke"))
    (fault,) = retries.faults()
    assert fault.startswith("retries.yaml: no Task calls aws-sdk:sagemaker")
