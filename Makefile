# Every target does its own set-up: uv, the environment, the servers. `make` alone lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test test-all smoke lint format unit setup servers pins bench wheel clean

help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: ## A dashboard on a simulated high-traffic system: no server, no network
	@scripts/demo

test: setup servers ## Everything: linters, types, import contracts, all tests
	@scripts/lint; lint=$$?; .venv/bin/pytest $(PYTEST_ARGS) && exit $$lint

test-all: setup servers ## The tests under every Python from 3.11 to 3.13 that is here
	@scripts/test-other-pythons

smoke: setup ## The wheel and the tests of the core under the other Pythons that are here
	@scripts/test-other-pythons --smoke

lint: setup ## Ruff, mypy and the import contracts
	@scripts/lint

unit: setup ## The tests that need no server
	.venv/bin/pytest -m "not integration" $(PYTEST_ARGS)

format: setup ## Formats the code, and mends what can be mended
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

setup: ## .venv with the pinned packages
	@scripts/setup

servers: ## The servers that tests and demo need
	@scripts/servers

pins: setup ## Renews requirements/*.txt
	@scripts/pins

bench: setup servers ## The table of docs/performance.md; a quiet machine and some minutes, please
	@.venv/bin/python -m benchmarks.compare $(BENCH_ARGS)

wheel: setup ## dist/opsdash-*.whl
	.venv/bin/python -m hatchling build -t wheel

clean: ## Removes what was built; not the Elasticsearch in the user's cache
	rm -rf .venv .tools .cache dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
