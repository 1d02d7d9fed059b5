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
