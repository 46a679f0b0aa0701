# Each target makes and updates .venv by itself; it is made anew whenever pyproject.toml changes what has to be installed.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

# The first interpreter of the machine that is new enough; none leaves it empty and the recipe below says what to do.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$name; break; }; done)

.PHONY: help demo test check bench soak clean

help:
	@echo "make demo    collect, score and store simulated posts of several platforms; needs no credentials and no network"
	@echo "make test    run all tests"
	@echo "make check   format, lint, types, import directions, documentation"
	@echo "make bench   measure the speed"
	@echo "make soak    run the fault tests at full length"
	@echo "make clean   remove the environment and everything that was built"

demo: $(READY)
	@$(BIN)/monitor demo

test: $(READY)
	@$(BIN)/python -m pytest

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest --durations=0 --durations-min=10 \
		tests/test_import_directions.py tests/test_docs.py tests/test_layout.py tests/test_versions.py

bench: $(READY)
	@missed=0; for script in tests/bench/*.py; do $(BIN)/python "$$script" || missed=1; done; exit $$missed

soak: $(READY)
	@MONITOR_SOAK=1 $(BIN)/python -m pytest tests/faults tests/fleet/faults

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed, and none was found. On Debian or Ubuntu: apt install python3 python3-venv" >&2; \
		exit 1; fi
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Choose another: make PYTHON=python3.12 ..." >&2; \
		exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$(PYTHON) cannot make a virtual environment: its venv module is not installed. On Debian or Ubuntu: apt install python3-venv" >&2; \
		exit 1; fi
	@echo "Installing into $(VENV); this is needed once and after changes of pyproject.toml."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' || { \
		echo "The installation did not finish: pip says above why. It needs the network; then run make again." >&2; exit 1; }
	@touch $@
