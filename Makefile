# make demo    everything from nothing to JupyterLab at the quickstart, no key needed
# make test    linters, types, all tests (sets up what is missing)
# make front   the front end: what runs in the browser
# make check   the quick subset: linters, types, tests without browser and real model
# make bench   speed, beside the bars that it must hold
# make notebooks   the notebooks, run anew with their outputs
# make pictures    the pictures in README.md
# make dist    the source distribution and the wheel, in dist/
# make binder-check   what Binder would build, in a new virtual environment, and the quickstart run there

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SUDO   := $(shell test "$$(id -u)" = 0 || echo sudo)
ROOT_OK := $(shell test "$$(id -u)" != 0 || echo --allow-root)
CHROMIUM := /usr/bin/chromium

# Node comes with the virtual environment.
NPM := cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" npm
FRONT := costmagic/labextension/package.json
FRONT_SOURCES := $(shell find labextension/src labextension/style labextension/schema -type f) \
	$(addprefix labextension/,package.json package-lock.json build.mjs tsconfig.json tsconfig.plugin.json)

# Tests wait for browsers, kernels and servers much of their time. A file stays in one process with what it set up.
PARALLEL := -n 2 --dist loadfile

# Weights for the tests stay in the checkout; the demo uses the user's own folder.
TEST_HOME := $(CURDIR)/.costmagic

# The demo opens with the panel; one's own workspaces are left alone.
WORKSPACES := JUPYTERLAB_WORKSPACES_DIR=$(TEST_HOME)/workspaces

.PHONY: demo test check bench notebooks pictures dist binder-check lint front front-lint front-test clean postgresql

demo: $(VENV)/.demo
	$(BIN)/costmagic pull smollm2-135m minilm
	$(WORKSPACES) $(BIN)/jupyter lab workspaces import binder/workspace.json
	$(WORKSPACES) COSTMAGIC_PRESET=$${COSTMAGIC_PRESET:-local} $(BIN)/jupyter lab $(ROOT_OK) --ServerApp.ip=127.0.0.1 \
		--ServerApp.root_dir=notebooks --LabApp.default_url=/lab/workspaces/costmagic/tree/quickstart.ipynb

test: $(VENV)/.dev $(TEST_HOME)/models/smollm2-135m.gguf $(TEST_HOME)/models/minilm.onnx $(CHROMIUM) postgresql lint front-test $(FRONT)
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/pytest $(PARALLEL)

check: $(VENV)/.dev lint front-test $(FRONT)
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/pytest $(PARALLEL) -x -m "not browser and not model and not install"

bench: $(VENV)/.dev $(TEST_HOME)/models/smollm2-135m.gguf
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/python -m bench

notebooks: $(VENV)/.dev $(TEST_HOME)/models/smollm2-135m.gguf $(TEST_HOME)/models/minilm.onnx $(FRONT)
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/python tests/executed.py

pictures: $(VENV)/.dev $(TEST_HOME)/models/smollm2-135m.gguf $(CHROMIUM) $(FRONT)
	COSTMAGIC_TEST_HOME=$(TEST_HOME) COSTMAGIC_PICTURES=$(CURDIR)/.github/images $(BIN)/pytest tests/browser/test_pictures.py

dist: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build

binder-check: $(VENV)/.dev $(TEST_HOME)/models/smollm2-135m.gguf $(FRONT)
	COSTMAGIC_TEST_HOME=$(TEST_HOME) $(BIN)/pytest tests/distribution/test_installed.py

lint: $(VENV)/.dev front-lint
	$(BIN)/ruff check costmagic tests bench training
	$(BIN)/ruff format --check costmagic tests bench training
	$(BIN)/mypy

front:
	$(NPM) ci
	rm -f $(FRONT)
	$(MAKE) $(FRONT)

front-lint: labextension/node_modules/.package-lock.json
	$(NPM) run lint

front-test: labextension/node_modules/.package-lock.json
	$(NPM) test

labextension/node_modules/.package-lock.json: labextension/package-lock.json | $(VENV)/.dev
	$(NPM) ci
	touch $@

# An editable install reads the widgets from the checkout; JupyterLab reads its extension from the environment.
$(FRONT): $(FRONT_SOURCES) labextension/node_modules/.package-lock.json | $(VENV)/.dev
	$(NPM) run build
	rm -rf $(VENV)/share/jupyter/labextensions/costmagic
	mkdir -p $(VENV)/share/jupyter/labextensions
	cp -r costmagic/labextension $(VENV)/share/jupyter/labextensions/costmagic
	cp labextension/install.json $(VENV)/share/jupyter/labextensions/costmagic/
	touch $@

# Debian's python3 comes without what makes virtual environments.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || \
		($(SUDO) apt-get update && $(SUDO) apt-get install -y python3-venv && $(PYTHON) -m venv --clear $(VENV)) || \
		(rm -rf $(VENV) && false)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local,embed,plot]' 'jupyterlab>=4.4'
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

$(TEST_HOME)/models/smollm2-135m.gguf: | $(VENV)/.dev
	$(BIN)/costmagic --home $(TEST_HOME) pull smollm2-135m

$(TEST_HOME)/models/minilm.onnx: | $(VENV)/.dev
	$(BIN)/costmagic --home $(TEST_HOME) pull minilm

$(CHROMIUM):
	$(SUDO) apt-get update
	$(SUDO) apt-get install -y chromium

# A real server for the tests of the ledger; it is started and ended by them.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
		($(SUDO) apt-get update && $(SUDO) apt-get install -y postgresql)

clean:
	rm -rf costmagic/static costmagic/labextension labextension/node_modules labextension/lib labextension/build
	rm -rf $(VENV) .costmagic .mypy_cache .ruff_cache .pytest_cache dist build
