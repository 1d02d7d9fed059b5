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
from pathlib import Path

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
#: Hyperparameters that speak to the container, not to the script.
RESERVED = "sagemaker_"
#: How much of the script's last words the failure file carries.
TOLD_CHARACTERS = 900


def config(name):
    path = BASE / "input" / "config" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def decoded(value):
    """A hyperparameter's value: JSON where it is JSON, else the text itself."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def arguments(hyperparameters):
    """`--name value` in order of names; one letter takes one dash."""
    listed = []
    for name in sorted(hyperparameters):
        value = hyperparameters[name]
        listed += [f"-{name}" if len(name) == 1 else f"--{name}", value if isinstance(value, str) else json.dumps(value)]
    return listed


def variables(hyperparameters, program):
    """The SM_* environment of script mode."""
    resources, channels = config("resourceconfig"), config("inputdataconfig")
    user = {name: value for name, value in hyperparameters.items() if not name.startswith(RESERVED)}
    made = {
        "SM_CHANNELS": json.dumps(sorted(channels)),
        "SM_CURRENT_HOST": resources.get("current_host", "algo-1"),
        "SM_CURRENT_INSTANCE_TYPE": resources.get("current_instance_type", ""),
        "SM_HOSTS": json.dumps(resources.get("hosts", ["algo-1"])),
        "SM_HPS": json.dumps(user),
        "SM_INPUT_CONFIG_DIR": str(BASE / "input" / "config"),
        "SM_INPUT_DATA_CONFIG": json.dumps(channels),
        "SM_INPUT_DIR": str(BASE / "input"),
        "SM_MODEL_DIR": str(BASE / "model"),
        "SM_MODULE_DIR": hyperparameters.get("sagemaker_submit_directory", ""),
        "SM_MODULE_NAME": Path(program).stem,
        "SM_NETWORK_INTERFACE_NAME": resources.get("network_interface_name", "eth0"),
        "SM_NUM_CPUS": str(os.cpu_count()),
        "SM_NUM_GPUS": "0",
        "SM_OUTPUT_DATA_DIR": str(BASE / "output" / "data"),
        "SM_OUTPUT_DIR": str(BASE / "output"),
        "SM_OUTPUT_INTERMEDIATE_DIR": str(BASE / "output" / "intermediate"),
        "SM_RESOURCE_CONFIG": json.dumps(resources),
        "SM_USER_ARGS": json.dumps(arguments(user)),
        "SM_USER_ENTRY_POINT": program,
    }
    made |= {f"SM_CHANNEL_{name.upper()}": str(BASE / "input" / "data" / name) for name in channels}
    made |= {f"SM_HP_{name.upper()}": value if isinstance(value, str) else json.dumps(value) for name, value in user.items()}
    made["SM_TRAINING_ENV"] = json.dumps({"hyperparameters": user, "model_dir": made["SM_MODEL_DIR"], "job_name": os.environ.get("TRAINING_JOB_NAME", "")})
    return made, user


def run(command, environment, folder):
    """The script's exit code and the last words it wrote; SIGTERM reaches it."""
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
    tail = ""
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        tail = (tail + line)[-TOLD_CHARACTERS:]
    return process.wait(), tail


def main():
    hyperparameters = {name: decoded(value) for name, value in config("hyperparameters").items()}
    program = hyperparameters.get("sagemaker_program")
    if not program:
        fail('ClientError:\nErrorMessage "no script to run: set the hyperparameters sagemaker_program and sagemaker_submit_directory"', 1)
    for folder in ("model", "output/data", "output/intermediate"):
        (BASE / folder).mkdir(parents=True, exist_ok=True)
    made, user = variables(hyperparameters, program)
    code = BASE / "code"
    if not (code / program).exists():
        fail(f'ClientError:\nErrorMessage "{program} is not in the source archive, which has {sorted(p.name for p in code.iterdir())}"', 1)
    command = [sys.executable, program, *arguments(user)]
    print(f"Invoking script with the following command:\n\n{' '.join(command)}\n", flush=True)
    status, tail = run(command, {**os.environ, **made, "PYTHONPATH": str(code)}, code)
    if status:
        number = 128 - status if status < 0 else status
        fail(f'ExecuteUserScriptError:\nExitCode {number}\nErrorMessage "{tail.strip()}"\nCommand "{" ".join(command)}"', number)


def fail(reason, status):
    """Leave the reason where SageMaker looks for it, unless the script left one itself."""
    path = BASE / "output" / "failure"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(reason)
    sys.exit(status)


if __name__ == "__main__":
    main()
