# make demo    everything from nothing to JupyterLab at the quickstart, no key needed
# make test    linters, types, all tests (sets up what is missing)
# make check   the quick subset: linters, types, tests without browser and real model
# make bench   speed, beside the bars that it must hold

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SUDO   := $(shell test "$$(id -u)" = 0 || echo sudo)
ROOT_OK := $(shell test "$$(id -u)" != 0 || echo --allow-root)
CHROMIUM := /usr/bin/chromium

# Weights for the tests stay in the checkout; the demo uses the user's own folder.
TEST_HOME := $(CURDIR)/.costmagic

.PHONY: demo test check bench lint clean postgresql

demo: $(VENV)/.demo
	$(BIN)/costmagic pull
	COSTMAGIC_PRESET=$${COSTMAGIC_PRESET:-local} $(BIN)/jupyter lab $(ROOT_OK) --ServerApp.ip=127.0.0.1 \
		--ServerApp.root_dir=notebooks --LabApp.default_url=/lab/tree/quickstart.ipynb

test: $(VENV)/.dev $(TEST_HOME)/models/smollm2-135m.gguf $(CHROMIUM) postgresql lint
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/pytest

check: $(VENV)/.dev lint
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/pytest -x -m "not browser and not model"

bench: $(VENV)/.dev $(TEST_HOME)/models/smollm2-135m.gguf
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/python -m bench

lint: $(VENV)/.dev
	$(BIN)/ruff check costmagic tests bench training
	$(BIN)/ruff format --check costmagic tests bench training
	$(BIN)/mypy

# Debian's python3 comes without what makes virtual environments.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || \
		($(SUDO) apt-get update && $(SUDO) apt-get install -y python3-venv && $(PYTHON) -m venv --clear $(VENV)) || \
		(rm -rf $(VENV) && false)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local]' 'jupyterlab>=4.4'
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

$(TEST_HOME)/models/smollm2-135m.gguf: | $(VENV)/.dev
	$(BIN)/costmagic --home $(TEST_HOME) pull smollm2-135m

$(CHROMIUM):
	$(SUDO) apt-get update
	$(SUDO) apt-get install -y chromium

# A real server for the tests of the ledger; it is started and ended by them.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
		($(SUDO) apt-get update && $(SUDO) apt-get install -y postgresql)

clean:
	rm -rf $(VENV) .costmagic .mypy_cache .ruff_cache .pytest_cache dist build
