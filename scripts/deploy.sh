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
    stack=$(sed -n "/^\[$target\.\(deploy\|global\)/,/^$/s/^stack_name *= *\"\(.*\)\"/\1/p" samconfig.toml | head -n 1)
    case $stack in
    "") echo "deploy: samconfig.toml has no stack_name for $target" >&2 && exit 1 ;;
    *[!a-z0-9-]* | ????????????????*) echo "deploy: the stack's name is $stack; it has at most 15 lower-case letters, digits and dashes, since names of jobs are made of it" >&2 && exit 1 ;;
    esac
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
