# What there is to do. Needs Python 3.11 or newer, git and make; everything else is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench faults browser pictures conformance docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Kizuna needs Python 3.11 or newer: make PYTHON=/path/to/python3")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $(READY)

setup: $(READY) ## make .venv with pinned versions; done again only when they change

demo: $(READY) ## write the demo workspace to ./demo, print its overview and open its pages in the browser
	@rm -rf demo
	@$(BIN)/kizuna demo demo
	@$(BIN)/kizuna serve -w demo --open

test: lint ## lint, type check and run all tests with coverage
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov

lint: $(READY) ## ruff and mypy, changing nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy

format: $(READY) ## put the code in shape with ruff
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) ## planning, importing, collecting, answering, loading and measuring, beside what they should reach; ONLY=collect runs one
	@$(BIN)/python -m bench $(ONLY)

faults: $(READY) ## tests that break things on purpose, in full: 100 kills, full disks, damage, second owners; about half an hour
	@KIZUNA_FAULTS=full $(BIN)/python -m pytest -n $(WORKERS) tests/faults tests/collect/test_imports.py tests/collect/test_spool.py \
		tests/act/test_never_too_often.py tests/store/test_survey_histories.py

browser: $(READY) ## every page and survey instrument in Chromium by every way, language, width and colour scheme: about twenty minutes
	@KIZUNA_BROWSER=full $(BIN)/python -m pytest tests/browser

pictures: $(READY) ## take the pictures of pages and surveys in the guides anew
	@KIZUNA_PICTURES=write $(BIN)/python -m pytest tests/browser/test_survey_pictures.py tests/browser/test_pages.py -k picture

conformance: $(READY) ## every metric against its hand-written query on each engine: so far DuckDB alone
	@$(BIN)/python -m pytest -n $(WORKERS) tests/oracle

docs: $(READY) ## write the pages of docs/ that are made from the program
	@$(BIN)/python scripts/docs.py

lock: ## write constraints.txt anew with the newest versions pyproject.toml allows
	@rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@{ grep '^#' constraints.txt; .venv-lock/bin/python -m pip freeze --exclude-editable | sort -f; } > .venv-lock/constraints.txt
	@mv .venv-lock/constraints.txt constraints.txt && rm -rf .venv-lock

clean: ## remove what the other targets made
	@rm -rf .venv .venv-lock demo dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
