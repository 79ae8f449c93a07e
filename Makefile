# Two commands: `make run` tests the bundled district's plan, `make test` runs every test.
# Needs Python >= 3.11 with venv, and make. Everything else is installed into .venv from hashed requirements.

VENV := .venv
BIN := $(VENV)/bin
ORACLES := .venv-oracles
OUT := out
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: run test endurance lint check clean browser
.DEFAULT_GOAL := run

run: $(VENV)/ready
	$(BIN)/qujiang plan --out $(OUT)

# All tests but those that run for many minutes. The copyleft oracle (SpiffWorkflow) lives in a Python of its own.
test: $(VENV)/ready-dev $(ORACLES)/ready browser
	QUJIANG_ORACLE_PYTHON=$(CURDIR)/$(ORACLES)/bin/python $(BIN)/python -m pytest -n 2 --dist loadfile -m "not endurance"

endurance: $(VENV)/ready-dev browser
	$(BIN)/python -m pytest -m endurance

lint: $(VENV)/ready-dev
	$(BIN)/ruff check src tests bench tools examples
	$(BIN)/ruff format --check src tests bench tools examples
	$(BIN)/pyright
	$(BIN)/lint-imports

check: lint test

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "qujiang needs Python 3.11 or newer; none was found on PATH"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "qujiang needs Python's venv module (Debian: apt-get install python3-venv)"; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/ready: $(BIN)/python requirements.txt requirements-build.txt pyproject.toml
	$(PIP) -r requirements-build.txt -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@

# A Chromium for the tests of the pages, where this may be done; without one those tests skip, and fail in CI.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || test -n "$$QUJIANG_CHROMIUM" || \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq -y install chromium >/dev/null; }; } || \
	echo "no Chromium: the tests of the pages will skip (Debian: apt-get install chromium)"

$(ORACLES)/ready: $(BIN)/python requirements-oracles.txt
	"$(PYTHON)" -m venv $(ORACLES)
	$(ORACLES)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-oracles.txt
	@touch $@

clean:
	rm -rf $(VENV) $(ORACLES) $(OUT)
