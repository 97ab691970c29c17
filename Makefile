# Two commands on a fresh machine: `make demo` and `make test`. Everything else is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HERE := $(CURDIR)
DEMO := $(HERE)/demo

.PHONY: demo test lint bench bench-verification lock schema clean

$(VENV)/.run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Headwater needs Python 3.11 or newer; set PYTHON=/path/to/python3.11." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# The main job on a made-up file of 600 messy contacts, with a PostgreSQL and vendors of its own. Twice costs nothing.
demo: $(VENV)/.run
	@mkdir -p $(DEMO)
	@$(BIN)/headwater-sandbox sample --rows 600 --seed 1 -o $(DEMO)/leads.csv
	@HEADWATER_HOME=$(DEMO)/home $(BIN)/headwater enrich $(DEMO)/leads.csv -o $(DEMO)/enriched.csv \
		--want email,title,company --sandbox

# Many tests wait for others, so that two at once take little more than half the time.
test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev bench-verification
	$(BIN)/python -m benchmarks.smtp_engine
	$(BIN)/python -m benchmarks.phones
	$(BIN)/python -m benchmarks.sandbox_run

# Against peers, in a few minutes. What needs NSD (on Debian: apt-get install nsd) is left out where it is not there.
bench-verification: $(VENV)/.dev
	$(BIN)/python -m benchmarks.verification

# Writes the schema that the migrations make beside them; a test compares.
schema: $(VENV)/.dev
	$(BIN)/python scripts/dump_schema.py

# Writes the pinned requirements anew from pyproject.toml; needs uv.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--python-version 3.11 pyproject.toml --group build -o requirements/run.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--python-version 3.11 pyproject.toml --group build --group dev -o requirements/dev.txt

clean:
	rm -rf $(DEMO) build dist
