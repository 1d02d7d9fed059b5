# Every verb of this project. `make demo` and `make test` are all that a new machine needs.
SHELL := /bin/sh
BIN := .venv/bin
UV_BIN := .noria/uv/bin
SAM := PATH="$(CURDIR)/$(UV_BIN):$$PATH" SAM_CLI_TELEMETRY=0 .noria/envs/sam/bin/sam
# What an AWS client needs to find the local AWS; `noria up` writes it.
LOCAL := set -a; . .noria/local.env; set +a;
ENV ?= local
PYTEST_WORKERS ?= 3

.PHONY: help setup setup-dev up down deploy demo test check unit coverage soak bench local-invoke remote-invoke docs

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: ## the environments that the demo needs
	@scripts/setup.sh

setup-dev:
	@scripts/setup.sh dev

up: setup ## start the local AWS
	@$(BIN)/noria up

down: ## end the local AWS and every process of it
	@$(BIN)/noria down

deploy: setup ## sam build and sam deploy, to the local AWS; ENV=staging or ENV=prod deploys to AWS with your credentials
	@scripts/deploy.sh $(ENV)

demo: ## the main job on real data, on the local AWS
	@NORIA_DEMO_BEGAN=$$(date +%s.%N | sed 's/N$$/0/') sh -c 'scripts/setup.sh && $(BIN)/noria up --speed 60 --keep && scripts/deploy.sh local && $(BIN)/noria demo'

check: setup-dev ## style, types, imports, templates, machines, generated files
	@scripts/check.sh

test: check ## everything: the checks and all test suites
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal --durations=10

coverage: setup-dev ## branch coverage of the unit and contract tests, with a floor
	@$(BIN)/python -m pytest tests/unit tests/contract -n $(PYTEST_WORKERS) --cov --cov-report=term

soak: setup-dev ## the long table of interrupted releases, on the local AWS; takes more than half an hour
	@$(BIN)/python -m pytest -m soak --durations=10 tests/local/release/test_interruptions.py

bench: setup-dev ## measure; BENCH=name runs one of them
	@$(BIN)/python -m bench $(BENCH)

docs: setup-dev ## write the generated files anew
	@$(BIN)/python -m scripts.generate

local-invoke: setup ## sam local invoke one function: FN=Data/JudgeDatasetFunction EVENT=events/functions/data/judge_dataset.json
	@scripts/local-invoke.sh "$(FN)" "$(EVENT)"

remote-invoke: setup ## sam remote invoke one function of the local stack: FN=Data/JudgeDatasetFunction EVENT=…
	@$(LOCAL) function=$$($(BIN)/python -m scripts.templates "$(FN)") && $(SAM) remote invoke "$$function" --stack-name noria --event-file "$(EVENT)"
