# Everything runs in .venv; uv is brought into it by pip, so Python 3.11+ and make are all a machine needs.
PYTHON ?= python3
BIN := .venv/bin
MEMBERS := shared/events shared $(wildcard services/*) deploy
.PHONY: up test coverage lint bench chaos lock messages clean secrets containers stack

up: .venv/ready
	@$(BIN)/recourse up

test coverage: .venv/ready
	@$(BIN)/python -m tests.browser
	@$(BIN)/python -m pytest --ignore=tests/stack --numprocesses=$(or $(JOBS),3) --no-loadscope-reorder $(if $(filter coverage,$@),--cov)

lint: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/bandit -q -c pyproject.toml --severity-level medium -r shared services deploy

# Docker and make are all that the next two need; `stack` runs its tests from .venv.
secrets:
	@docker compose build --quiet prepare gateway
	@mkdir -p -m 700 .secrets
	@docker run --rm --user "$$(id -u):$$(id -g)" --volume "$$PWD/.secrets:/secrets" recourse:$${RECOURSE_VERSION:-local} secrets /secrets

containers: secrets
	@docker compose up --wait --detach gateway
	@echo "Recourse runs on http://localhost:$${RECOURSE_PORT:-8080}. Sign in as leader@example.org with the password in .secrets/password."

stack: .venv/ready
	@$(BIN)/python -m tests.browser
	@$(BIN)/python -m pytest tests/stack

bench: .venv/ready
	@$(BIN)/python -m tests.load --page

chaos: .venv/ready
	@$(BIN)/python -m tests.chaos --faults $(or $(FAULTS),300) --seed $(or $(SEED),1)

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
	@$(BIN)/uv export -q --all-packages --no-dev --no-emit-workspace --no-header -o deploy/requirements.lock

messages: .venv/ready
	@$(BIN)/python -m tests.messages

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
