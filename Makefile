# A bare Debian 12 with make, python3 and this checkout is enough: each target first makes the environment it needs.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
UPGRADE ?=
BIN = $(VENV)/bin
BOOTSTRAP = $(PYTHON) scripts/bootstrap.py --venv "$(VENV)"
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile -q

# Many short-lived daemons are started here: without compiled modules each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-long cover lint format bench lock check clean env-demo env-dev

help:
	@echo 'make demo        three services on loopback, one record fetched (ARGS=--once ends by itself)'
	@echo 'make test        the tests, under five minutes (ARGS="-k word" chooses)'
	@echo 'make test-long   the tests marked long'
	@echo 'make lint        ruff, format, mypy --strict, import rules, locks'
	@echo 'make check       lint and test'
	@echo 'make cover       the tests with branch coverage'
	@echo 'make bench       the measurements, as ratios, in a table'
	@echo 'make format      let ruff format and repair the code'
	@echo 'make lock        regenerate requirements/*.lock (UPGRADE=--upgrade for newer versions)'
	@echo 'make clean       remove environments, caches and builds'
	@echo
	@echo 'PYTHON=python3.13 chooses the Python (3.11 or newer), VENV=DIR where its environment goes.'

demo: env-demo
	@$(BIN)/spsti-sandbox demo $(ARGS)

test: env-dev
	@$(PYTEST) -m 'not long' $(ARGS)

test-long: env-dev
	@$(PYTEST) -m long $(ARGS)

cover: env-dev
	@$(PYTEST) --cov --cov-report=term -m 'not long' $(ARGS)

lint: env-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/check_locks.py

format: env-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# One after the other also under `make -j`: the closing line of the tests stays last.
check:
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test

bench: env-dev
	@$(BIN)/python -m bench $(ARGS)

lock:
	@$(PYTHON) scripts/bootstrap.py --venv .venv-uv uv
	@scripts/lock.sh "$(CURDIR)/.venv-uv/bin/uv" $(UPGRADE)

env-demo env-dev:
	@command -v $(PYTHON) >/dev/null || { echo '$(PYTHON) is not here: apt install python3 python3-venv' >&2; exit 1; }
	@$(BOOTSTRAP) $(@:env-%=%)

clean:
	@rm -rf $(VENV) .venv-uv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
