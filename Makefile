# Every command of the project. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# More than cores: stories wait much, for processes and for the clock.
WORKERS ?= 4
YOGA := benchmarks/live/yoga
# Without compiled files every process and every test run would compile all of the project anew.
unexport PYTHONDONTWRITEBYTECODE
PEER := benchmarks/video/.venv
PEER_STAMP := $(PEER)/.installed
YOGA_STAMP := $(YOGA)/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo run format check test test-slow bench-live bench-video schema migrations lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Reelgate needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(STAMP) ## make .venv and install the locked packages and the project

demo: $(STAMP) ## take the bundled script to an MP4, everything on this machine
	$(BIN)/reelgate produce app/data/demo.txt --auto-approve --title-card --output out/demo.mp4

run: $(STAMP) ## run the whole system in the foreground
	@$(BIN)/reelgate serve

format: $(STAMP) ## format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(STAMP) ## format, lint, types, import contracts, schema snapshot, fast tests
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/reelgate schema | diff --unified schema.graphql - || (echo "schema.graphql is out of date: run make schema"; exit 1)
	$(BIN)/pytest --quiet -n 2 --dist worksteal -m "not stories and not slow and not thorough"

test: $(STAMP) ## the whole suite but the long campaigns
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow"

test-slow: $(STAMP) ## the long campaigns; REELGATE_CAMPAIGN=0.1 makes them a tenth as long
	$(BIN)/pytest -m slow --timeout 3000

$(YOGA_STAMP): $(YOGA)/package-lock.json $(YOGA)/package.json
	npm ci --prefix $(YOGA) --no-audit --no-fund --loglevel error
	@touch $@

bench-live: $(STAMP) $(YOGA_STAMP) ## measure the live layer beside Strawberry's own and GraphQL Yoga (Node 20); QUICK=1 takes a minute
	@$(BIN)/python -m benchmarks.live $(if $(QUICK),--quick) $(BENCH)

$(PEER_STAMP): benchmarks/video/requirements.txt
	@test -x $(PEER)/bin/python || $(PYTHON) -m venv $(PEER)
	$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

bench-video: $(STAMP) $(PEER_STAMP) ## measure rendering beside MoviePy, the usual ffmpeg command and x264 alone
	@$(BIN)/python -m benchmarks.video $(BENCH)

schema: $(STAMP) ## write schema.graphql from the code
	$(BIN)/reelgate schema > schema.graphql

migrations: $(STAMP) ## write a migration for what has changed in storage/models.py: make migrations NAME=what_it_adds
	$(BIN)/tortoise -c storage.migrate.GENERATOR makemigrations --name $(NAME)

lock: $(STAMP) ## bring requirements.txt up to date with pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements.txt

clean: ## remove what the commands above made, but no data
	rm -rf $(VENV) $(PEER) $(YOGA)/node_modules out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info tests/graph/node/node_modules* tests/studio/node/node_modules*
