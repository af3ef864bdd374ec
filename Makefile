# Wirewatch. `make help` lists what there is to do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

# The newest Python from 3.11 to 3.13 that answers; `make setup PYTHON=python3.12` chooses another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
RUN := PYTHONPATH=. $(BIN)/python

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
unexport VIRTUAL_ENV

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.ready: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11, 3.12 or 3.13 found; install one, or name it: make setup PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv sync --quiet --locked --all-extras --compile-bytecode
	@touch $@

.PHONY: setup
setup: .venv/.ready ## make .venv with everything, as locked

.PHONY: demo
demo: setup ## the whole way over seeds/: feeds, articles, stories, mails; at most a minute once set up
	@PYTHONWARNINGS=ignore $(RUN) -m seeds.demo

.PHONY: test
test: setup lint ## ruff, mypy, import contracts and all tests that need no server
	$(BIN)/python -m pytest

.PHONY: lint
lint: setup ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: setup ## let ruff write what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: airflow
airflow: setup ## Airflow with scheduler and pages on 127.0.0.1:8080 until Ctrl-C
	@PYTHONWARNINGS=ignore $(RUN) -m dags.local.standalone

.PHONY: clean
clean: ## remove the virtual environment and everything made (not your data/)
	rm -rf .venv .airflow .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: env
env: ## random secrets for docker compose into .env (mode 600); what is there stays
	@$(PYTHON) -m deploy.env

.PHONY: kibana
kibana: setup ## data views and dashboards of config/kibana into the Kibana at KIBANA_URL
	@$(RUN) -m deploy.kibana

.PHONY: compose-check
compose-check: setup ## docker-compose.yml through the real compose CLI (built with Go where there is none)
	@deploy/compose-cli.sh --build >/dev/null
	$(BIN)/python -m pytest tests/deploy/test_compose.py
