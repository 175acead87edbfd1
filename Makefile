# Everything runs in .venv; uv is brought into it by pip, so Python 3.11+ and make are all a machine needs.
PYTHON ?= python3
BIN := .venv/bin
MEMBERS := shared $(wildcard services/*) deploy
.PHONY: up test lint bench lock clean

up: .venv/ready
	@$(BIN)/recourse up

test: .venv/ready
	@$(BIN)/python -m tests.browser
	@$(BIN)/python -m pytest

lint: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/ready
	@$(BIN)/python -m tests.load

.venv/ready: requirements.lock pyproject.toml $(MEMBERS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Recourse needs Python 3.11 or newer; this is $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { echo "A virtual environment could not be made. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing the pinned libraries into .venv"
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv && \
	  $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock && \
	  $(BIN)/uv pip install -q --python $(BIN)/python --no-deps $(MEMBERS:%=-e ./%) || \
	  { echo "The package index could not be reached or a package did not match its hash: see the lines above, then run make again."; exit 1; }
	@touch $@

lock:
	@$(BIN)/uv lock && $(BIN)/uv export -q --all-packages --all-extras --no-emit-workspace --no-header -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
