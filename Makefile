# Two commands do everything: `make up` and `make test`. `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
PY := .venv/bin/python
# Tests of one file stay in one process: they share their servers. The order of the files is that of tests/conftest.py.
PARALLEL ?= -n 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Bring what is missing: system programs, .venv, pulumi, vault, plugins (warm: a second)
	@PYTHONPATH=src $(PYTHON) -m tools.setup

.PHONY: setup-runtime
setup-runtime: ## The same without what only tests and the local stack need, for jobs that apply
	@PYTHONPATH=src $(PYTHON) -m tools.setup runtime

.PHONY: setup-stack
setup-stack: ## The same without what only tests need; where Vault would have to be built, OpenBao
	@PYTHONPATH=src $(PYTHON) -m tools.setup stack

.PHONY: env
env: ## Print the environment in which plain `pulumi` works: eval "$(make -s env)"
	@PYTHONPATH=src $(PYTHON) -m ciaccess.environment

# Vault and Maven are what only some stacks need.
.PHONY: up
up: $(if $(NEXUS)$(filter vault,$(VAULT)),setup,setup-stack) ## Start the local stack, provision it, prove one account; NEXUS=3.71.0: a real Nexus; VAULT=vault, bao
	@$(if $(VAULT),CIACCESS_VAULT_SERVER=$(VAULT)) ./ciaccess local up $(if $(NEXUS),--nexus $(NEXUS))

.PHONY: down
down: ## Stop the local stack; its data stays
	@./ciaccess local stop

.PHONY: check
check: setup ## Lint, formatting, types, and the tests of our own rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m pytest -q tests/unit/meta

.PHONY: test
test: check ## Everything that CI checks: check, unit, contract, integration, real, e2e
	@$(PY) -m pytest -q $(PARALLEL) tests

.PHONY: test-unit test-contract test-integration test-real test-e2e
test-unit test-contract test-integration test-real test-e2e: setup
	@$(PY) -m pytest -q $(PARALLEL) tests/$(@:test-%=%)

.PHONY: test-slow
test-slow: setup ## Every crash of the catalogue, rotation at length, Kaniko itself, all auth methods of Vault: some 60 minutes, outside CI
	@$(PY) -m pytest -q -m slow -n 2 --dist load tests

.PHONY: test-nexus
test-nexus: setup ## Provider tests against a real Nexus: NEXUS_URL, NEXUS_USERNAME, NEXUS_PASSWORD
	@for name in NEXUS_URL NEXUS_USERNAME NEXUS_PASSWORD; do \
	  eval "[ -n \"\$$$$name\" ]" || { echo "error: set $$name to the server's; it is left as it was" >&2; exit 1; }; done
	@CIACCESS_REAL_NEXUS=1 $(PY) -m pytest -q tests/contract/provider/test_nexus_*.py tests/integration/provider/test_foreign_nexus.py

.PHONY: bench
bench: setup ## Measure what each command costs; writes docs/performance.md (on a quiet machine: some minutes); NEXUS=3.71.0: on a real server
	@$(PY) -m tests.bench $(if $(NEXUS),--nexus $(NEXUS)) $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(RUNS),--runs $(RUNS)) $(if $(LATENCY),--latency $(LATENCY))

.PHONY: lock
lock: setup ## Write the requirements.txt files, with every package and its hashes, from the .in files
	@for name in requirements requirements-dev tools/openbao/requirements; do \
	  $(PY) -m piptools compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	    --no-emit-trusted-host --no-emit-find-links --output-file $$name.txt $$name.in || exit 1; done

.PHONY: newest
newest: setup ## Raise each pin to its newest version, and print what was raised; docs/upgrades.md has the others
	@PYTHONPATH=src $(PY) -m tools.newest
	@$(MAKE) -s lock

.PHONY: record-releases
record-releases: ## Write tools/releases.sha256: checksums of the pinned releases, for review (some 1 GB of downloads)
	@PYTHONPATH=src $(PYTHON) -m tools.record_releases

.PHONY: sbom
sbom: setup ## Write software bills of materials into sbom/ (CycloneDX): Python, the Go programs, npm
	@PYTHONPATH=src $(PY) -m tools.sbom

.PHONY: format
format: setup ## Format the code
	@$(PY) -m ruff check -q --fix-only .
	@$(PY) -m ruff format .

.PHONY: clean
clean: ## Stop the local stack and delete its data, and the caches of the checks
	@if [ -x $(PY) ]; then ./ciaccess local reset --yes; fi
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

.PHONY: clean-all
clean-all: clean ## The same, and .venv, local state, and the built tools of every version
	@rm -rf .venv .ciaccess "$${XDG_CACHE_HOME:-$$HOME/.cache}/ciaccess"
