#!/bin/sh
# Builds and deploys the stack. usage: scripts/deploy.sh local|default|staging|prod
# `local` goes to the local AWS, which must be up; the others to AWS with the credentials at hand.
set -eu
cd "$(dirname "$0")/.."
target=${1:-local}
# sam build wants a python3.13 with pip on PATH.
PATH="$PWD/.noria/uv/bin:$PATH"
export PATH SAM_CLI_TELEMETRY=0
sam=.noria/envs/sam/bin/sam
home=${NORIA_HOME:-.noria}
log=$home/logs/deploy.log
mkdir -p "$home/logs"
if [ "$target" != local ]; then
    case "${AWS_ENDPOINT_URL:-}" in
    http://127.0.0.1:*) echo "deploy: AWS_ENDPOINT_URL is that of the local AWS; unset what .noria/local.env set before deploying to $target" >&2 && exit 1 ;;
    esac
    grep -q "^\[$target\.deploy\." samconfig.toml || { echo "deploy: samconfig.toml has no environment named $target" >&2 && exit 1; }
    $sam build
    exec $sam deploy --config-env "$target"
fi
set -a
. "$home/local.env"
set +a
if $sam build --build-dir "$home/build" --cache-dir "$home/build-cache" --cached --parallel >"$log" 2>&1 &&
    $sam deploy --template-file "$home/build/template.yaml" --config-file "$PWD/samconfig.toml" --config-env local >>"$log" 2>&1; then
    echo "deployed the stack noria"
else
    tail -n 25 "$log" >&2
    echo "deploy: sam build or sam deploy failed; all of its words are in $log" >&2
    exit 1
fi
