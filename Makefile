# Every target does its own set-up; only make and Python 3.11 are needed to begin with.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-servers demo serve test check format test-crash test-servers bench bench-full soak clean

BIN := .venv/bin
TIMEOUT ?= 120
PYTEST = $(BIN)/pytest -n 2 --dist loadgroup --timeout $(TIMEOUT)
export PYTHON

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r n t; do printf '%-14s%s\n' "$$n" "$$t"; done

setup: ## what it takes to run Interlock, in .venv
	@scripts/bootstrap core

setup-dev: ## what it takes to work on it
	@scripts/bootstrap dev

setup-servers: ## and to test it against real servers
	@scripts/bootstrap servers

demo: setup ## a first look, in the folder .demo
	@$(BIN)/interlock demo --home .demo

serve: setup ## the server, on this machine only
	@$(BIN)/interlock serve

check: setup-dev ## format, lint, types, contracts, tests, examples of the docs: what a change must pass
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST)

test: check ## the same

format: setup-dev ## put the code in its form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

CRASH = tests/crash tests/long tests/faults tests/adapters/store/test_postgres_failures.py tests/adapters/store/test_backup.py \
	tests/adapters/store/test_postgres_following.py

test-crash: setup-dev ## 300 kills in the middle of work, 60 stops of PostgreSQL, 2,000 failed file operations
	TEST_CRASHES=$${TEST_CRASHES:-300} TEST_FAULTS=$${TEST_FAULTS:-2000} TEST_BACKUPS=$${TEST_BACKUPS:-100} \
		TEST_FULL_DISKS=$${TEST_FULL_DISKS:-50} TEST_TAKEOVERS=3 $(PYTEST) --timeout 3600 $(CRASH)

test-servers: setup-servers ## against real servers on this machine
	$(PYTEST) -m servers --timeout 600 tests/servers

bench: setup-dev ## the quick benchmarks, each beside its goal: under ten minutes, on a machine that does nothing else
	$(BIN)/python -m benchmarks

bench-full: setup-dev ## all of them, with a million connections and a slow disk: most of an hour
	$(BIN)/python -m benchmarks --full

soak: setup-dev ## the same tests for hours
	TEST_CRASHES=$${TEST_CRASHES:-10000} TEST_SEQUENCES=$${TEST_SEQUENCES:-20000} TEST_FAULTS=$${TEST_FAULTS:-10000} \
		TEST_POWER_CUTS=$${TEST_POWER_CUTS:-1000000} TEST_FULL_DISKS=$${TEST_FULL_DISKS:-50} \
		TEST_BACKUPS=$${TEST_BACKUPS:-1000} $(PYTEST) --timeout 0

clean: ## remove what the other targets made
	rm -rf .venv .demo .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist htmlcov .coverage*
	find engine workflows projections adapters tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +
