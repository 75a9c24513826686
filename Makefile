# make demo    the main job on the embedded sample: train, compile, emulate, verify, bundle, report
# make test    lint, types and tests; what CI runs
# make sample  remake the embedded events (needs a few minutes)
# make clean   remove what was built, not the environment

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint sample clean

demo: $(VENV)/demo-ready
	$(BIN)/trigger-nn run models/event_image/recipe.toml

test: lint
	$(BIN)/pytest

lint: $(VENV)/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

sample: $(VENV)/test-ready
	$(BIN)/trigger-nn events make trigger_nn/events/sample/recipe.toml trigger_nn/events/sample/event_images.h5

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# pyproject.toml decides what is installed; a change there installs again.
$(VENV)/demo-ready: pyproject.toml | $(BIN)/python
	@echo "installing the environment in $(VENV) (a few minutes the first time)"
	$(BIN)/python -m pip install --quiet -e '.[train,report]'
	touch $@

$(VENV)/test-ready: pyproject.toml | $(BIN)/python
	@echo "installing the environment in $(VENV) (a few minutes the first time)"
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@ $(VENV)/demo-ready

clean:
	rm -rf build firmware_projects/*/ .pytest_cache .mypy_cache .ruff_cache .hypothesis
