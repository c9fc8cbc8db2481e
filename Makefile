# `make help` lists the targets. Only Python 3.11 or newer is needed; what needs Docker says so.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/

.PHONY: help up test bench lint lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is newer than the lock file, so a new lock installs again.
$(VENV)/installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PYTHON=$(PYTHON): is %d.%d, expected Python 3.11 or newer" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(RUN)pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@

up: ## the app and Locust's web UI, in Docker; PLAN=P1v3 for another size than B1
	@$(if $(PLAN),$(PYTHON) -m plans check $(PLAN))
	docker compose $(if $(PLAN),$(if $(wildcard .env),--env-file .env) --env-file plans/$(PLAN).env) up --build

test: $(VENV)/installed ## everything this machine can test; says what it skipped and why
	$(RUN)python -m pytest $(ARGS)

bench: $(VENV)/installed ## measure, and write docs/benchmarks.md; about 15 minutes, needs two free cores
	$(RUN)python -m bench $(ARGS)

lint: $(VENV)/installed ## ruff, mypy, hadolint
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	@if [ -x $(RUN)hadolint ]; then $(RUN)hadolint Dockerfile; else echo 'hadolint: not packaged for this machine, skipped'; fi

lock: $(VENV)/installed ## the newest versions that pyproject.toml allows, with hashes
	$(RUN)uv pip compile --upgrade --quiet --universal --generate-hashes --no-header --python-version 3.10 \
	  --output-file requirements.txt pyproject.toml
	$(RUN)uv pip compile --upgrade --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra dev \
	  --output-file requirements-dev.txt pyproject.toml
