# Two commands on a fresh machine: `make demo` and `make test`. They need Python 3.11 or newer, and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help install ide demo test machine oracle torture-client simulate converge storm interleavings torture injection fuzz check format bench schema docs clean

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(STAMP): pyproject.toml ide/package-lock.json
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[all]" --group dev
	@$(BIN)/python ide/build.py || echo "deeplinks works without the explorer; its page says how to build it"
	@touch $(STAMP)

install: $(STAMP)  ## a virtual environment with everything in it

ide: $(STAMP)  ## the explorer's files anew, out of npm packages
	$(BIN)/python ide/build.py

demo: $(STAMP)  ## your own Python environment as a graph, stored, and read back by another process
	$(BIN)/deeplinks demo

test: $(STAMP)  ## all tests, on PostgreSQL 18, and those of the tables and the story on 16 too
	$(BIN)/python -m pytest -n 2 --quiet
	TEST_POSTGRES_VERSION=16 $(BIN)/python -m pytest -n 2 --quiet tests/storage tests/story

machine: $(STAMP)  ## 50 000 runs of 100 random steps each against a model of plain dicts; it takes hours
	MACHINE_RUNS=50000 MACHINE_STEPS=100 $(BIN)/python -m pytest --quiet tests/space/test_machine.py tests/space/test_surface.py

storm: $(STAMP)  ## a minute of many writers at once, their followers, and a cursor over _i that loses links
	$(BIN)/python -m tests.storage.storm --seconds 60

interleavings: $(STAMP)  ## every order of the steps of 2 x 4 and 3 x 3 sessions on PostgreSQL; it takes an hour
	$(BIN)/python -m tests.storage.interleaving

torture: $(STAMP)  ## clients, a server and a PostgreSQL killed at random for ten minutes, behind a proxy that loses answers
	$(BIN)/python -m tests.torture.run --seconds 600

oracle: $(STAMP)  ## a million random queries, the same from PostgreSQL and over dicts; it takes an hour
	ORACLE_STATEMENTS=1000000 $(BIN)/python -m pytest --quiet --timeout 0 tests/dialect/test_oracle.py tests/dialect/test_metamorphic.py

simulate: $(STAMP)  ## 500 000 simulated schedules on all cores, hours; SEEDS=1000 of them, SEED=7 replays one
	$(BIN)/python -m tests.simulation

converge: $(STAMP)  ## 100 000 operations over 8 replicas that come and go, in the end all equal
	$(BIN)/python -m tests.simulation.convergence

torture-client: $(STAMP)  ## a client that keeps its graph in a file is killed a thousand times; it takes an hour
	CLIENT_KILLS=1000 $(BIN)/python -m pytest --quiet tests/story/test_killed_clients.py

injection: $(STAMP)  ## 3 000 texts that want to be SQL, at every place of a request; a quarter of an hour
	$(BIN)/python -m tests.attacks.injection --payloads 3000

fuzz: $(STAMP)  ## 20 000 random documents, valid and nearly so; some minutes; SEED=7 makes others
	$(BIN)/python -m tests.attacks.fuzz --documents 20000 --seed $(or $(SEED),0)

check: $(STAMP)  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

format: $(STAMP)  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(STAMP)  ## write graphql/schema.graphql anew
	$(BIN)/python -m deeplinks.server.export

docs: $(STAMP)  ## write docs/reference.md anew, out of the docstrings
	$(BIN)/python docs/make_reference.py

bench: $(STAMP)  ## ours and the peers side by side, in one run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	$(BIN)/python -m benchmarks

clean:  ## remove the environment and what tools leave behind
	rm -rf $(VENV) ide/node_modules tests/server/audit/node_modules deeplinks/server/ide .pytest_cache .ruff_cache .hypothesis .import_linter_cache
