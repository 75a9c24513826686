# make demo    the main job on the embedded sample: train, compile, emulate, verify, bundle, report
# make test    lint, types and tests; what CI runs
# make sample  remake the embedded events (needs about a quarter of an hour)
# make benchmark  speed of making and reading events, beside bare Pythia and plain h5py; of compiling
# make bench   speed of the emulator beside hls4ml, alkaid, Keras and the float32 matrix product (build/bench; docs/speed.md is its page)
# make proof   2,500 random networks against hls4ml's C++ built by g++; goes on where it stopped (build/proof)
# make manual  the pages of docs/ as a web site that needs no network (build/manual)
# make clean   remove what was built, not the environment

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo test lint sample benchmark bench proof manual clean

demo: $(VENV)/demo-ready
	$(BIN)/trigger-nn run models/event_image/recipe.toml

# A file's tests stay on one worker, as they share what it makes once; tests/conftest.py puts the long files first.
test: lint $(VENV)/fixtures-ready $(VENV)/browser-ready
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

sample: $(VENV)/test-ready
	for name in event_images jets; do \
	  $(BIN)/trigger-nn events make trigger_nn/events/sample/$$name.toml trigger_nn/events/sample/$$name.h5 || exit 1; done

benchmark: $(VENV)/test-ready
	$(BIN)/python -m tests.benchmarks.events
	$(BIN)/python -m tests.benchmarks.compiler

bench: $(VENV)/bench-ready
	$(BIN)/python -m tests.benchmarks.emulation
	$(BIN)/python -m tests.benchmarks.emulation.ways
	$(BIN)/python -m tests.benchmarks.emulation.document build/bench/results.json build/bench/ways.json --out build/bench/speed.md

proof: $(VENV)/test-ready
	$(BIN)/python -m tests.proof --models 2700 --seed 20000 --processes 2 --out build/proof

manual: $(VENV)/test-ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo build/manual/index.html

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

$(VENV)/bench-ready: pyproject.toml | $(VENV)/test-ready
	$(BIN)/python -m pip install --quiet -e '.[bench]'
	touch $@

# Small files of other experiments, which the readers of foreign events are tested with; they can't be kept here.
$(VENV)/fixtures-ready: tests/fetch_fixtures.py | $(VENV)/test-ready
	$(BIN)/python tests/fetch_fixtures.py $(VENV)/fixtures
	touch $@

# A Chromium to open pages in, where the machine has none. Without one their tests are skipped, but fail where CI is set.
$(VENV)/browser-ready: tests/fetch_browser.py | $(VENV)/test-ready
	if $(BIN)/python -m tests.fetch_browser $(VENV)/browser; then touch $@; fi

clean:
	rm -rf build firmware_projects/*/ firmware_projects/*.zip .pytest_cache .mypy_cache .ruff_cache .hypothesis
