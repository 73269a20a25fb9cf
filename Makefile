# Everything a developer runs. `make` lists the targets; each one prepares .venv by itself.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKSPACE ?= data/sample-workspace
QUERY ?= where are retries handled?
BENCHMARKS ?= retrieval index_time
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := server tests $(wildcard benchmarks faults training nvim-client/scripts)
EDITORS := vscode-client/build/vscode

# The first interpreter that is new enough; a version manager's shim may exist and yet not run.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint imports types fast-tests bench faults docs lua vsix editors test-vscode lock wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv from the lock file, once

$(STAMP): requirements-dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "codeintel needs Python 3.11 or newer: install it, or name it with make PYTHON=..."; exit 1; }
	@echo "setting up $(VENV) with $(PYTHON) (once, a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## start the real server on WORKSPACE, wait for it, search for QUERY, explain the hits
	@$(BIN)/python -m codeintel.cli.demo "$(WORKSPACE)" "$(QUERY)"

test: $(STAMP) editors ## run every test, those in real editors among them
	$(BIN)/python -m pytest -rfEs

editors: ## set up the editors that tests drive: VS Code and Emacs (Linux, from npm and Debian's packages)
	-@tests/editors/install.sh $(EDITORS)

check: format lint lua imports types fast-tests ## format, lint, import contract, types, fast tests

format: $(STAMP)
	$(BIN)/ruff format --check $(SOURCES)

lint: $(STAMP)
	$(BIN)/ruff check $(SOURCES)

imports: $(STAMP)
	PYTHONPATH=server $(BIN)/lint-imports --no-cache

types: $(STAMP)
	$(BIN)/mypy --strict server/codeintel benchmarks faults

fast-tests: $(STAMP)
	$(BIN)/python -m pytest -q tests/unit

bench: $(STAMP) ## measure on the benchmark's data, as benchmarks/README.md tells: BENCHMARKS="retrieval index_time"
	@for name in $(BENCHMARKS); do PYTHONPATH=. $(BIN)/python -m benchmarks.$$name || exit 1; done

faults: $(STAMP) ## inject each fault of docs/faults.md, print what becomes of it and write the page: FAULTS="2 10"
	PYTHONPATH=server:. $(BIN)/python -m faults $(FAULTS)

docs: $(STAMP) ## write the generated pages again
	$(BIN)/python -m codeintel.cli.reference > docs/cli.md
	$(BIN)/python -c "from codeintel.options import settings_markdown as page; print(page(), end='')" > docs/settings.md
	$(BIN)/python -m codeintel.lsp.protocol_page docs/protocol.md
	$(BIN)/python -m codeintel.lsp.protocol_typescript
	PYTHONPATH=server $(BIN)/python nvim-client/scripts/protocol_types.py nvim-client/lua/codeintel/protocol.lua
	PYTHONPATH=server:. $(BIN)/python -m benchmarks.ranking_page

vscode-client/node_modules: vscode-client/package-lock.json
	cd vscode-client && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

vsix: vscode-client/node_modules ## pack the extension for VS Code
	cd vscode-client && node scripts/build.mjs && node scripts/package.mjs

test-vscode: $(STAMP) editors ## run the extension's tests alone
	$(BIN)/python -m pytest -rfEs tests/editors/vscode

lua: ## format and lint of the Neovim plugin, where the tools are there
	@! command -v stylua >/dev/null || (cd nvim-client && stylua --check . ../tests/editors/nvim)
	@! command -v luacheck >/dev/null || (cd nvim-client && luacheck -q . ../tests/editors/nvim)

# The lock names no index and no host: pip's own configuration is left out of it.
COMPILE := PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= CUSTOM_COMPILE_COMMAND="make lock" \
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: $(STAMP) ## resolve the dependencies again into requirements.txt and requirements-dev.txt
	$(COMPILE) --upgrade --output-file requirements.txt pyproject.toml
	$(COMPILE) --upgrade --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

wheel: $(STAMP) ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

clean: ## remove what can be made again
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find server tests -name __pycache__ -type d -prune -exec rm -rf {} +
