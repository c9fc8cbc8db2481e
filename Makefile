# `make help` lists the targets. Only Python 3.11 or newer is needed; what needs Docker says so.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/
# Compose looks for the Dockerfile there, wherever make was called from.
export PWD := $(CURDIR)
LOCK = $(RUN)uv pip compile --upgrade --quiet --universal --generate-hashes --no-header
CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PYTHON=$(PYTHON): is %d.%d, expected Python 3.11 or newer" % sys.version_info[:2])'

.PHONY: help up sweep check test bench bench-sweep front-end resilience truth projects pictures mutants audit lint lock

help: ## this list, with how long each takes if that is more than a moment
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is newer than the lock file, so a new lock installs again.
$(VENV)/installed: requirements-dev.txt
	@$(CHECK_PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(RUN)pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@

up: ## the app and Locust's web UI, in Docker; APP_DIR=~/shop for your own app, PLAN=P1v3 for another size than B1
	@$(if $(PLAN),$(PYTHON) -m plans check $(PLAN))
	docker compose $(if $(PLAN),$(if $(wildcard .env),--env-file .env) --env-file plans/$(PLAN).env) up --build

# Two environments, as in sweep/Dockerfile: the app has its own requirements.txt and nothing of Locust's.
.venv-%/installed:
	@$(CHECK_PYTHON)
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install --quiet --disable-pip-version-check --requirement $^
	@test -e .venv-$*/bin/gunicorn || .venv-$*/bin/pip install --quiet --disable-pip-version-check $$(grep -o '^gunicorn==[^ ]*' sweep/requirements.txt)
	@touch $@
.venv-app/installed: requirements.txt
.venv-sweep/installed: sweep/requirements.txt

# APP_DIR is an app of your own: a copy of its folder gets an environment of its own.
sweep: $(if $(APP_DIR),,.venv-app/installed) .venv-sweep/installed ## which workers and threads to ship, without Docker; APP_DIR=~/shop, PLAN=P1v3, ARGS="--scenario mixed"; minutes, it says how many
	@$(if $(PLAN),SWEEP_PLAN=$(PLAN) )SWEEP_COMMAND="make sweep" $(if $(APP_DIR),$(PYTHON) -m sweep.own_app "$$APP_DIR" .venv-sweep/bin/python,SWEEP_PYTHON=.venv-app/bin/python .venv-sweep/bin/python -m sweep) $(ARGS)

check: lint ## lint, types and the unit tests, with their coverage; about 45 seconds
	$(RUN)python -m pytest -q -n auto -m "not process" --cov --cov-report term $(ARGS)

# Most tests wait more than they compute, so four run side by side; those that measure run alone.
test: $(VENV)/installed ## everything this machine can test, and what it skipped and why; about 18 minutes
	$(RUN)python -m pytest -n 4 --dist loadgroup --no-loadscope-reorder $(ARGS) || { test $$? -eq 1 && \
	  echo 'Once more, each alone: load beside other load can miss what a quiet machine holds.' && \
	  $(RUN)python -m pytest --last-failed --last-failed-no-failures none $(ARGS); }

bench: $(VENV)/installed ## measure, and write docs/benchmarks.md; ARGS=peers puts other servers beside this stack; about 30 minutes, needs two free cores
	$(RUN)python -m bench $(ARGS)

bench-sweep: $(VENV)/installed ## how far the sweep's recommendation is from the best of a grid, for apps with a known bottleneck; about 80 minutes
	$(RUN)python -m bench.sweeps $(ARGS)

front-end: $(VENV)/installed ## behind App Service's front end: the story, and what ends instances under load; writes docs/front-end.md; about 5 minutes
	$(RUN)python -m bench.front_end $(ARGS)

resilience: $(VENV)/installed ## faults and rough clients at full length, also on bare gunicorn; writes docs/reliability.md; about 12 minutes
	$(RUN)python -m bench.reliability $(ARGS)

truth: $(VENV)/installed ## what the analysis says of apps whose bottleneck is known, and what comes of following it; writes docs/truth.md; about 25 minutes, goes on where it ended; ARGS="waits hangs"
	$(RUN)python -m tests.truth $(ARGS)

projects: $(VENV)/installed ## projects of all kinds as APP_DIR, in Docker; writes the table of docs/own-app.md; about 6 minutes
	$(RUN)python -m bench.projects $(ARGS)

pictures: $(VENV)/installed ## the pictures of the web UI in docs/images/, by Docker and Chromium; about 2 minutes
	$(RUN)python -m bench.pictures

mutants: $(VENV)/installed ## take each protection out, and see its test fail; about 20 minutes
	$(RUN)python -m bench.mutants $(ARGS)

# In an environment of its own: nothing here needs it but this.
audit: $(VENV)/installed ## known vulnerabilities of what is installed; needs the network; about half a minute
	$(RUN)uv tool run pip-audit@2.10.1 --disable-pip --require-hashes \
	  --requirement requirements.txt --requirement sweep/requirements.txt --requirement requirements-dev.txt \
	  --requirement bench/peers/requirements.txt

lint: $(VENV)/installed ## ruff, mypy, hadolint; about 10 seconds
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	@if [ -x $(RUN)hadolint ]; then $(RUN)hadolint Dockerfile sweep/Dockerfile deploy/front-end/Dockerfile; else echo 'hadolint: not packaged for this machine, skipped'; fi

lock: $(VENV)/installed ## the newest versions that pyproject.toml allows, with hashes; about half a minute
	$(LOCK) --python-version 3.10 --group app --output-file requirements.txt
	$(LOCK) --python-version 3.11 --group sweep --output-file sweep/requirements.txt
	$(LOCK) --python-version 3.11 --group dev --output-file requirements-dev.txt
	$(LOCK) --python-version 3.11 --group peers --constraints requirements-dev.txt --output-file bench/peers/requirements.txt
