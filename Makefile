# Everything a newcomer needs, on a machine with Python 3.11 or newer, pip and make. `make help` lists it.

# The first interpreter that is new enough; another one: make PYTHON=/usr/bin/python3.12 test
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# Newer than uv.lock when the environment holds what the lock says.
STAMP := $(VENV)/.synced

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## run the service with its own Valkey and Postgres, and events to look at
	$(BIN)/readmodel demo

serve: $(STAMP) ## run the service as the environment says
	$(BIN)/readmodel serve

# On servers of their own the tests run beside each other. Those of a Redis that is given would hear each other's
# messages, because channels belong to no database.
test: $(STAMP) ## run the tests, on real servers
	$(BIN)/python -m pytest --ignore=tests/benchmarks $(if $(REDIS_URL),,-n auto --dist loadfile --no-loadscope-reorder) $(ARGS)

lint: $(STAMP) ## check style, types and imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(STAMP) ## measure
	$(BIN)/python -m pytest tests/benchmarks -s $(ARGS)

clean: ## remove the environment and caches; keeps data/
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist

# uv lives in the environment that it fills: --inexact keeps it there.
$(STAMP): uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv sync --quiet --locked --all-extras --inexact --python $(BIN)/python
	@touch $(STAMP)
