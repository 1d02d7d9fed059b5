"""Script mode against AWS's own toolkit: the table is what sagemaker-training 5.1.4 gives a script for the same configuration."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import lifecycle

TRAIN = lifecycle.ROOT / "local" / "sagemaker" / "containers" / "toolkit" / "train.py"
SCRIPT = """
import json, os, sys
report = {"argv": sys.argv, "cwd": os.getcwd(), "env": dict(os.environ)}
json.dump(report, open(os.path.join(os.environ["SM_OUTPUT_DATA_DIR"], "report.json"), "w"))
"""
HYPERPARAMETERS = {
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": '"s3://bucket/source.tar.gz"',
    "sagemaker_job_name": '"job-x"',
    "sagemaker_region": '"us-east-1"',
    "sagemaker_container_log_level": "20",
    "C": "0.5",
    "empty": "",
    "flag": "true",
    "layers": "[1, 2, 3]",
    "learning_rate": "0.1",
    "max-iter": "100",
    "name": "plain text",
    "nothing": "null",
    "off": "false",
    "options": '{"a": 1}',
    "quoted": '"quoted text"',
    "sci": "1e-3",
    "zero": "0",
}
CHANNELS = {
    "train": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None", "ContentType": "text/csv"},
    "test-set": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"},
}
GROUP = {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": ["algo-1"]}
RESOURCES = {
    "current_host": "algo-1",
    "hosts": ["algo-1"],
    "network_interface_name": "eth0",
    "current_instance_type": "ml.m5.large",
    "current_group_name": "homogeneousCluster",
    "instance_groups": [GROUP],
}
ARGUMENTS = ["-C", "0.5", "--empty", "", "--flag", "True", "--layers", "[1, 2, 3]", "--learning_rate", "0.1", "--max-iter", "100", "--name", "plain text"]
ARGUMENTS += ["--nothing", "", "--off", "False", "--options", "a=1", "--quoted", "quoted text", "--sci", "0.001", "--zero", "0"]
HPS = (
    '{"C":0.5,"empty":"","flag":true,"layers":[1,2,3],"learning_rate":0.1,"max-iter":100,"name":"plain text","nothing":null,"off":false,'
    '"options":{"a":1},"quoted":"quoted text","sci":0.001,"zero":0}'
)
INPUT_DATA_CONFIG = (
    '{"test-set":{"RecordWrapperType":"None","S3DistributionType":"FullyReplicated","TrainingInputMode":"File"},'
    '"train":{"ContentType":"text/csv","RecordWrapperType":"None","S3DistributionType":"FullyReplicated","TrainingInputMode":"File"}}'
)
GROUPS = '{"hosts":["algo-1"],"instance_group_name":"homogeneousCluster","instance_type":"ml.m5.large"}'
RESOURCE_CONFIG = (
    '{"current_group_name":"homogeneousCluster","current_host":"algo-1","current_instance_type":"ml.m5.large","hosts":["algo-1"],'
    f'"instance_groups":[{GROUPS}],"network_interface_name":"eth0"}}'
)
#: {base} is /opt/ml, {cpus} the number of processors.
VARIABLES = {
    "SM_CHANNELS": '["test-set","train"]',
    "SM_CHANNEL_TEST-SET": "{base}/input/data/test-set",
    "SM_CHANNEL_TRAIN": "{base}/input/data/train",
    "SM_CURRENT_HOST": "algo-1",
    "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster",
    "SM_CURRENT_INSTANCE_GROUP_HOSTS": '["algo-1"]',
    "SM_CURRENT_INSTANCE_TYPE": "ml.m5.large",
    "SM_DISTRIBUTION_INSTANCE_GROUPS": "[]",
    "SM_FRAMEWORK_MODULE": "",
    "SM_FRAMEWORK_PARAMS": "{{}}",
    "SM_HOSTS": '["algo-1"]',
    "SM_HP_C": "0.5",
    "SM_HP_EMPTY": "",
    "SM_HP_FLAG": "true",
    "SM_HP_LAYERS": "[1,2,3]",
    "SM_HP_LEARNING_RATE": "0.1",
    "SM_HP_MAX-ITER": "100",
    "SM_HP_NAME": "plain text",
    "SM_HP_NOTHING": "",
    "SM_HP_OFF": "false",
    "SM_HP_OPTIONS": '{{"a":1}}',
    "SM_HP_QUOTED": "quoted text",
    "SM_HP_SCI": "0.001",
    "SM_HP_ZERO": "0",
    "SM_INPUT_CONFIG_DIR": "{base}/input/config",
    "SM_INPUT_DIR": "{base}/input",
    "SM_INSTANCE_GROUPS": '["homogeneousCluster"]',
    "SM_IS_HETERO": "false",
    "SM_LOG_LEVEL": "20",
    "SM_MODEL_DIR": "{base}/model",
    "SM_MODULE_DIR": "s3://bucket/source.tar.gz",
    "SM_MODULE_NAME": "train",
    "SM_NETWORK_INTERFACE_NAME": "eth0",
    "SM_NUM_CPUS": "{cpus}",
    "SM_NUM_GPUS": "0",
    "SM_NUM_NEURONS": "0",
    "SM_OUTPUT_DATA_DIR": "{base}/output/data",
    "SM_OUTPUT_DIR": "{base}/output",
    "SM_OUTPUT_INTERMEDIATE_DIR": "{base}/output/intermediate",
    "SM_USER_ENTRY_POINT": "train.py",
}
JSON_VARIABLES = {
    "SM_HPS": HPS,
    "SM_INPUT_DATA_CONFIG": INPUT_DATA_CONFIG,
    "SM_INSTANCE_GROUPS_DICT": f'{{"homogeneousCluster":{GROUPS}}}',
    "SM_RESOURCE_CONFIG": RESOURCE_CONFIG,
    "SM_USER_ARGS": json.dumps(ARGUMENTS, separators=(",", ":")),
}
#: What SM_TRAINING_ENV has there beyond the variables, and is left out here: switches of distributed training.
DISTRIBUTED = {"distribution_hosts", "is_modelparallel_enabled", "is_smddpmprun_installed", "is_smddprun_installed", "topology"}
TRAINING_ENV = [
    "additional_framework_parameters",
    "channel_input_dirs",
    "current_host",
    "current_instance_group",
    "current_instance_group_hosts",
    "current_instance_type",
    "distribution_hosts",
    "distribution_instance_groups",
    "framework_module",
    "hosts",
    "hyperparameters",
    "input_config_dir",
    "input_data_config",
    "input_dir",
    "instance_groups",
    "instance_groups_dict",
    "is_hetero",
    "is_master",
    "is_modelparallel_enabled",
    "is_smddpmprun_installed",
    "is_smddprun_installed",
    "job_name",
    "log_level",
    "master_hostname",
    "model_dir",
    "module_dir",
    "module_name",
    "network_interface_name",
    "num_cpus",
    "num_gpus",
    "num_neurons",
    "output_data_dir",
    "output_dir",
    "output_intermediate_dir",
    "resource_config",
    "topology",
    "user_entry_point",
]


def run(base: Path, script: str, **hyperparameters: str) -> subprocess.CompletedProcess[str]:
    """The toolkit's runner over a folder that stands for /opt/ml."""
    for folder in ("input/config", "code", "output/data"):
        (base / folder).mkdir(parents=True)
    (base / "code" / "train.py").write_text(script)
    for name, content in (("hyperparameters", HYPERPARAMETERS | hyperparameters), ("inputdataconfig", CHANNELS), ("resourceconfig", RESOURCES)):
        (base / "input" / "config" / f"{name}.json").write_text(json.dumps(content))
    environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(base), "TRAINING_JOB_NAME": "job-x"}
    return subprocess.run([sys.executable, str(TRAIN)], env=environment, capture_output=True, text=True, timeout=30)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    base = tmp_path_factory.mktemp("ml")
    ended = run(base, SCRIPT)
    assert ended.returncode == 0, ended.stdout
    return {**json.loads((base / "output" / "data" / "report.json").read_text()), "base": str(base)}


def test_a_script_gets_the_variables_of_the_toolkit_and_no_others(report):
    expected = {name: value.format(base=report["base"], cpus=os.cpu_count()) for name, value in VARIABLES.items()} | JSON_VARIABLES
    got = {name: value for name, value in report["env"].items() if name.startswith("SM_")}
    training = json.loads(got.pop("SM_TRAINING_ENV"))
    assert got == expected
    assert set(training) == set(TRAINING_ENV) - DISTRIBUTED
    assert (training["hyperparameters"], training["is_master"], training["job_name"]) == (json.loads(HPS), True, "job-x")


def test_a_script_gets_the_arguments_of_the_toolkit(report):
    assert report["argv"] == ["train.py", *ARGUMENTS]
    assert report["cwd"] == f"{report['base']}/code"
    assert report["env"]["PYTHONPATH"].split(":")[0] == f"{report['base']}/code"
    assert (report["env"]["CURRENT_HOST"], report["env"]["SAGEMAKER_JOB_NAME"], report["env"]["SAGEMAKER_REGION"]) == ("algo-1", "job-x", "us-east-1")


def test_parameters_of_the_framework_reach_a_variable_and_not_the_script(tmp_path):
    assert run(tmp_path, SCRIPT, sagemaker_mpi_enabled="true", _tuning_objective_metric='"loss"').returncode == 0
    report = json.loads((tmp_path / "output" / "data" / "report.json").read_text())
    assert report["env"]["SM_FRAMEWORK_PARAMS"] == '{"sagemaker_mpi_enabled":true}'
    assert report["argv"] == ["train.py", *ARGUMENTS]


@pytest.mark.parametrize(
    ("script", "number", "words"),
    [("raise ValueError('odd')", 1, "ValueError: odd"), ("import sys\nsys.exit(3)", 3, ""), ("import os\nos.kill(os.getpid(), 15)", -15, "")],
)
def test_a_script_that_fails_is_told_as_the_toolkit_tells_it(tmp_path, script, number, words):
    ended = run(tmp_path, script)
    failure = (tmp_path / "output" / "failure").read_text()
    assert failure.startswith(f'ExecuteUserScriptError:\nExitCode {number}\nErrorMessage "')
    assert failure.endswith(f'"\nCommand "{sys.executable} -- train.py {" ".join(ARGUMENTS)}"')
    assert words in failure
    assert ended.returncode == (1 if number > 0 else 128 - number)


def test_a_failure_file_of_the_script_is_kept(tmp_path):
    run(tmp_path, "import os\nopen(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('my own')\nraise SystemExit(4)")
    assert (tmp_path / "output" / "failure").read_text() == "my own"


def test_a_program_that_is_not_in_the_archive_is_told_with_what_is(tmp_path):
    run(tmp_path, SCRIPT, sagemaker_program='"fit.py"')
    assert "fit.py is not in the source archive, which has ['train.py']" in (tmp_path / "output" / "failure").read_text()
