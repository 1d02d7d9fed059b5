#!/bin/sh
# The gate: style, types, imports, templates, machines, generated files. Prints what fails, and ends at the first.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
run() {
    printf 'check: %s\n' "$1"
    shift
    "$@" || { echo "check failed: $*" >&2; exit 1; }
}
quiet() {
    out=$("$@" 2>&1) || { printf '%s\n' "$out"; return 1; }
}
PATH="$PWD/.noria/uv/bin:$PATH"
export PATH SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1
run "ruff" $bin/ruff check --quiet .
run "ruff format" $bin/ruff format --quiet --check .
run "mypy" quiet $bin/mypy
run "import rules" quiet $bin/lint-imports
run "lock" quiet .noria/uv/bin/uv lock --check --quiet
# Both see one file at a time.
templates=$($bin/python -m scripts.templates)
for template in $templates; do
    run "$template (sam validate --lint)" quiet .noria/envs/sam/bin/sam validate --lint --region us-east-1 --template "$template"
done
run "templates (cfn-lint)" $bin/cfn-lint $templates
run "state machines" $bin/python -m scripts.check_machines
run "generated files" $bin/python -m scripts.generate --check
