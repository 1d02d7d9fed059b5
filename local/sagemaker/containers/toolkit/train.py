"""Script mode: the `train` command of the framework containers.

Reads the configuration under /opt/ml/input/config, sets the SM_* variables, runs the user's script with its
hyperparameters as arguments, and writes the failure file. Variables, arguments and failure text are those of AWS's
sagemaker-training toolkit 5.1.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
#: Prefixes of hyperparameters for the container, not for the script.
RESERVED = ("sagemaker_", "_tuning_objective_metric", "default_user_module_name")
#: Those that the toolkit itself reads; the others are parameters of the framework.
PLATFORM = frozenset(
    (
        *RESERVED[1:],
        "sagemaker_container_log_level",
        "sagemaker_enable_cloudwatch_metrics",
        "sagemaker_job_name",
        "sagemaker_program",
        "sagemaker_region",
        "sagemaker_s3_output",
        "sagemaker_submit_directory",
    )
)
#: Characters of the script's output that the failure file has.
REASON_CHARACTERS = 900
#: Longest wait for the end of the output, which a process that the script left behind may hold open.
OUTPUT_SECONDS = 2.0


def config(name):
    path = BASE / "input" / "config" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def decode(value):
    """A hyperparameter's value: JSON where it is JSON, else the text itself."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def compact(value):
    """A value as the toolkit writes it to a variable."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def argument(value):
    """A value as the toolkit writes it to the command line: Python's `str`, and `a=1,b=2` for a mapping."""
    if isinstance(value, dict):
        return ",".join(f"{key}={item}" for key, item in sorted(value.items()))
    return "" if value is None else str(value)


def arguments(hyperparameters):
    """`--name value` in order of names; a name of one letter has one dash."""
    return [part for name in sorted(hyperparameters) for part in (f"-{name}" if len(name) == 1 else f"--{name}", argument(hyperparameters[name]))]


def settings(hyperparameters, user, program):
    """The toolkit's settings of a job, by its names."""
    resources, channels = config("resourceconfig"), config("inputdataconfig")
    groups = {group["instance_group_name"]: group for group in resources.get("instance_groups", [])}
    group = resources.get("current_group_name", "homogeneousCluster")
    return {
        "channel_input_dirs": {name: str(BASE / "input" / "data" / name) for name in channels},
        "current_host": resources.get("current_host", "algo-1"),
        "current_instance_group": group,
        "current_instance_group_hosts": groups.get(group, {}).get("hosts", []),
        "current_instance_type": resources.get("current_instance_type", ""),
        "distribution_instance_groups": [],
        "framework_module": os.environ.get("SAGEMAKER_TRAINING_MODULE", ""),
        "hosts": resources.get("hosts", ["algo-1"]),
        "hyperparameters": user,
        "input_config_dir": str(BASE / "input" / "config"),
        "input_data_config": channels,
        "input_dir": str(BASE / "input"),
        "instance_groups": list(groups),
        "instance_groups_dict": groups,
        "is_hetero": len(groups) > 1,
        "log_level": hyperparameters.get("sagemaker_container_log_level", 20),
        "model_dir": str(BASE / "model"),
        "module_dir": hyperparameters.get("sagemaker_submit_directory", ""),
        "module_name": program.removesuffix(".py"),
        "network_interface_name": resources.get("network_interface_name", "eth0"),
        "num_cpus": os.cpu_count(),
        "num_gpus": 0,
        "num_neurons": 0,
        "output_data_dir": str(BASE / "output" / "data"),
        "output_dir": str(BASE / "output"),
        "output_intermediate_dir": str(BASE / "output" / "intermediate"),
        "resource_config": resources,
        "user_entry_point": program,
    }


def variables(hyperparameters, user, program):
    """The environment variables of script mode: SM_* and three more."""
    job_settings = settings(hyperparameters, user, program)
    values = {name: value for name, value in job_settings.items() if name not in ("channel_input_dirs", "hyperparameters")}
    job = hyperparameters.get("sagemaker_job_name") or os.environ.get("TRAINING_JOB_NAME", "")
    host = job_settings["current_host"]
    training = {
        **job_settings,
        "additional_framework_parameters": {},
        "is_master": host == job_settings["hosts"][0],
        "job_name": job,
        "master_hostname": job_settings["hosts"][0],
    }
    values |= {
        "channels": sorted(job_settings["channel_input_dirs"]),
        "framework_params": {name: value for name, value in hyperparameters.items() if name.startswith(RESERVED) and name not in PLATFORM},
        "hps": user,
        "training_env": training,
        "user_args": arguments(user),
    }
    values |= {f"channel_{name}": path for name, path in job_settings["channel_input_dirs"].items()}
    values |= {f"hp_{name}": value for name, value in user.items()}
    region = hyperparameters.get("sagemaker_region") or os.environ.get("AWS_REGION", "")
    more = {"CURRENT_HOST": host, "SAGEMAKER_JOB_NAME": job, "SAGEMAKER_REGION": region}
    return more | {f"SM_{name.upper()}": compact(value) for name, value in values.items()}


def run(command, environment, folder):
    """Run the script, which gets SIGTERM as well; its exit code and the end of its output."""
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
    tail = []
    reader = threading.Thread(target=copy_output, args=(process.stdout, tail), daemon=True)
    reader.start()
    status = process.wait()
    reader.join(OUTPUT_SECONDS)
    return status, "".join(tail)[-REASON_CHARACTERS:]


def copy_output(lines, tail):
    """Write each line to the log as it comes; `tail` gets the last ones."""
    for line in lines:
        sys.stdout.write(line)
        sys.stdout.flush()
        tail[:] = [*tail[-40:], line]


def main():
    hyperparameters = {name: decode(value) for name, value in config("hyperparameters").items()}
    program = hyperparameters.get("sagemaker_program")
    if not program:
        fail('ClientError:\nErrorMessage "no script to run: set the hyperparameters sagemaker_program and sagemaker_submit_directory"', 1)
    for folder in ("model", "output/data", "output/intermediate"):
        (BASE / folder).mkdir(parents=True, exist_ok=True)
    user = {name: value for name, value in hyperparameters.items() if not name.startswith(RESERVED)}
    code = BASE / "code"
    if not (code / program).exists():
        fail(f'ClientError:\nErrorMessage "{program} is not in the source archive, which has {sorted(p.name for p in code.iterdir())}"', 1)
    command = [sys.executable, "--", program, *arguments(user)]
    print(f"Invoking script with the following command:\n\n{' '.join(command)}\n", flush=True)
    status, tail = run(command, {**os.environ, **variables(hyperparameters, user, program), "PYTHONPATH": str(code)}, code)
    if status:
        reason = f'ExecuteUserScriptError:\nExitCode {status}\nErrorMessage "{tail.strip()}"\nCommand "{" ".join(command)}"'
        fail(reason, 128 - status if status < 0 else 1)


def fail(reason, status):
    """Write the failure file, unless the script wrote one, and exit."""
    path = BASE / "output" / "failure"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(reason)
    sys.exit(status)


if __name__ == "__main__":
    main()
