# A bare Debian 12 with make, python3 and this checkout is enough: each target first makes the environment it needs.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
UPGRADE ?=
KEY ?=
# The Python that the Debian package is for, and that builds it.
DEB_PYTHON ?= /usr/bin/python3
DEB_VERSION = $(shell $(DEB_PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
EPOCH = $(shell git log -1 --format=%ct)
BIN = $(VENV)/bin
BOOTSTRAP = $(PYTHON) scripts/bootstrap.py --venv "$(VENV)"
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q

# Many short-lived daemons are started here: without compiled modules each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-long cover lint format bench lock check clean env-demo env-dev env-node dist wheels sbom deb repo

help:
	@echo 'make demo        three services on loopback, one record fetched (ARGS=--once ends by itself)'
	@echo 'make test        the tests, under five minutes (ARGS="-k word" chooses)'
	@echo 'make test-long   the tests marked long'
	@echo 'make lint        ruff, format, mypy --strict, import rules, locks'
	@echo 'make check       lint and test'
	@echo 'make cover       the tests with branch coverage'
	@echo 'make bench       the measurements, as ratios, in a table'
	@echo 'make format      let ruff format and repair the code'
	@echo 'make dist        wheel and source archive, built twice and compared, in dist/'
	@echo 'make deb         the Debian package for DEB_PYTHON (default: Debian'"'"'s own python3), in dist/'
	@echo 'make repo        a signed apt repository of dist/*.deb in dist/apt (KEY=FINGERPRINT)'
	@echo 'make sbom        what is shipped, as CycloneDX, in build/sbom.cdx.json'
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

dist: env-dev
	@$(BIN)/python packaging/dist.py

wheels: env-dev
	@$(BIN)/python packaging/wheels.py --python "$(DEB_VERSION)" --output build/wheels

sbom: wheels
	@SOURCE_DATE_EPOCH=$(EPOCH) $(BIN)/python packaging/sbom.py --wheels build/wheels --python "$(DEB_VERSION)" \
		--output build/sbom.cdx.json

deb: sbom
	@SOURCE_DATE_EPOCH=$(EPOCH) $(DEB_PYTHON) packaging/deb.py --wheels build/wheels --sbom build/sbom.cdx.json

repo: env-dev
	@test -n "$(KEY)" || { echo 'make repo KEY=FINGERPRINT: the key that signs, in your GnuPG' >&2; exit 1; }
	@$(BIN)/python packaging/repository.py dist/*.deb --key "$(KEY)" --output dist/apt

# The certified identity provider that tests/signin starts; without it those tests skip. Needs Node 20.
env-node:
	@cd tests/signin/provider && npm ci --ignore-scripts --no-audit --no-fund

env-demo env-dev:
	@command -v $(PYTHON) >/dev/null || { echo '$(PYTHON) is not here: apt install python3 python3-venv' >&2; exit 1; }
	@$(BOOTSTRAP) $(@:env-%=%)

clean:
	@rm -rf $(VENV) .venv-uv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
