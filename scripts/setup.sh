#!/bin/sh
# Prepares this checkout: a uv of its own and one environment for each group of the lock that cannot share.
# usage: scripts/setup.sh [dev]    dev adds what `make check` and the tests need
# Asks nothing, needs no root, and does nothing twice. All of it lies under .venv and .noria.
set -eu
cd "$(dirname "$0")/.."

. scripts/find-python.sh

install_bubblewrap() {
    # The sandbox gives every job its own /opt/ml. Without it jobs still run, in a session of their own.
    command -v bwrap >/dev/null 2>&1 && return
    [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 &&
        { apt-get install -y -qq bubblewrap || { apt-get update -qq && apt-get install -y -qq bubblewrap; }; } >/dev/null 2>&1 && return
    echo "setup: bubblewrap is not here and cannot be installed without root: jobs run without a sandbox, so a script with /opt/ml written into it will not find it"
}

python=$(find_python)
# sam build and the scripts take python3.13 and pip from here, so it is an environment of that interpreter itself.
if ! .noria/uv/bin/uv --version >/dev/null 2>&1 || ! .noria/uv/bin/python3.13 -c 'import pip' 2>/dev/null; then
    install_uv .noria/uv "$python"
fi
install_bubblewrap

# sync FOLDER ARGUMENTS…: brings one environment to what the lock says
sync() {
    folder=$1
    shift
    UV_PROJECT_ENVIRONMENT="$folder" .noria/uv/bin/uv sync --quiet --frozen --compile-bytecode --python "$python" "$@"
}
stamp=$(cat uv.lock pyproject.toml scripts/setup.sh | cksum | tr -d ' ')
if [ "$(cat .noria/setup.stamp 2>/dev/null)" != "$stamp" ]; then
    rm -f .noria/setup.stamp .noria/setup-dev.stamp
    for group in local runtime sam; do
        sync ".noria/envs/$group" --only-group "$group" --no-install-project
    done
    sync .venv --no-default-groups --inexact
    # The image that the models here name, so that the first training job finds it.
    NORIA_IMAGES=$PWD/.noria/images NORIA_UV=$PWD/.noria/uv/bin/uv PYTHONPATH=$PWD \
        .noria/envs/local/bin/python -m local.sagemaker.pull sagemaker-scikit-learn:1.9-0-cpu-py3 >/dev/null
    echo "$stamp" >.noria/setup.stamp
fi
if [ "${1:-}" = dev ] && [ "$(cat .noria/setup-dev.stamp 2>/dev/null)" != "$stamp" ]; then
    sync .noria/envs/sdk --only-group sdk --no-install-project
    sync .venv
    echo "$stamp" >.noria/setup-dev.stamp
fi
