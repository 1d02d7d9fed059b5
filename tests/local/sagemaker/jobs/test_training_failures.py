"""Training jobs that fail: their failure reasons."""

import pytest

from tests.local.sagemaker.conftest import IMAGE, channel, secondaries


def test_an_exception_is_told_in_the_reason(jobs):
    ended = jobs.run("raise ValueError('the target column is empty')")
    assert (ended["TrainingJobStatus"], ended["SecondaryStatus"]) == ("Failed", "Failed")
    assert ended["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n")
    assert "ValueError: the target column is empty" in ended["FailureReason"]
    assert ended["FailureReason"].endswith(", exit code: 1")
    assert "ModelArtifacts" not in ended


def test_the_containers_exit_code_is_one_whatever_the_scripts_was(jobs):
    reason = jobs.run("raise SystemExit(3)")["FailureReason"]
    assert "\nExitCode 3\n" in reason
    assert reason.endswith(", exit code: 1")


def test_a_failure_file_of_the_script_is_kept(jobs):
    ended = jobs.run("open('/opt/ml/output/failure', 'w').write('too few rows: 3')\nraise SystemExit(4)")
    assert ended["FailureReason"] == "AlgorithmError: too few rows: 3, exit code: 1"


def test_a_killed_script_is_suspected_of_want_of_memory(jobs):
    ended = jobs.run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert "more memory" in ended["FailureReason"]
    assert ended["FailureReason"].endswith("exit code: 137")


def test_missing_data_fail_the_job_with_their_place(jobs, bucket):
    ended = jobs.run("", InputDataConfig=[channel("train", f"s3://{bucket.name}/nowhere/")])
    assert ended["TrainingJobStatus"] == "Failed"
    assert secondaries(ended) == ["Starting", "Downloading", "Failed"]
    assert ended["FailureReason"].startswith(f'ClientError: Data download failed:No S3 objects found under S3 URL "s3://{bucket.name}/nowhere/"')


@pytest.mark.parametrize("kind", [{"S3DataType": "ManifestFile"}, {"InputMode": "Pipe"}])
def test_a_channel_that_would_be_read_wrongly_is_refused(jobs, bucket, kind):
    data = channel("train", bucket.put("a"))
    if "S3DataType" in kind:
        data["DataSource"]["S3DataSource"].update(kind)
    else:
        data.update(kind)
    assert "the channel train is no S3Prefix in mode File or FastFile" in jobs.run("", InputDataConfig=[data])["FailureReason"]


def test_an_unknown_image_fails_the_job_and_names_the_known_ones(jobs):
    ended = jobs.run("", AlgorithmSpecification={"TrainingImage": "me/mine:1", "TrainingInputMode": "File"})
    assert ended["FailureReason"].startswith("ClientError: image me/mine:1 has no local environment")
    assert "sagemaker-scikit-learn:1.9-0" in ended["FailureReason"]


def test_an_entrypoint_that_fails_is_told_by_its_last_words_and_its_exit_code(jobs):
    specification = {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["/bin/sh", "-c"],
        "ContainerArguments": ["echo no luck; exit 5"],
    }
    assert jobs.run(AlgorithmSpecification=specification)["FailureReason"] == "AlgorithmError: no luck, exit code: 5"


def test_a_job_cannot_write_into_the_environment_that_others_share(jobs):
    reason = jobs.run("import numpy\nopen(numpy.__file__, 'a')")["FailureReason"]
    assert "Read-only file system" in reason


def test_requirements_that_cannot_be_installed_are_told(jobs):
    ended = jobs.run("", files={"requirements.txt": "./not-there-1.0-py3-none-any.whl\n"})
    assert ended["FailureReason"].startswith("AlgorithmError: InstallRequirementsError:\nExitCode ")
    assert "not-there" in ended["FailureReason"]
