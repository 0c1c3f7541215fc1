# Every command of the project. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo run format check test test-slow schema migrations lock clean

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
	$(BIN)/reelgate produce app/data/demo.txt --auto-approve --output out/demo.mp4

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
	$(BIN)/pytest --quiet -n $(WORKERS) -m "not stories and not slow and not thorough"

test: $(STAMP) ## the whole suite but the long campaigns
	$(BIN)/pytest -n $(WORKERS) -m "not slow"

test-slow: $(STAMP) ## the long campaigns; REELGATE_CAMPAIGN=0.1 makes them a tenth as long
	$(BIN)/pytest -m slow --timeout 3000

schema: $(STAMP) ## write schema.graphql from the code
	$(BIN)/reelgate schema > schema.graphql

migrations: $(STAMP) ## write a migration for what has changed in storage/models.py: make migrations NAME=what_it_adds
	$(BIN)/tortoise -c storage.migrate.GENERATOR makemigrations --name $(NAME)

lock: $(STAMP) ## bring requirements.txt up to date with pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements.txt

clean: ## remove what the commands above made, but no data
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
