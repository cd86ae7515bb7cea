# Every target sets up what it needs first; the second time that takes a fraction of a second.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Hundreds of processes start in a test run: none compiles anew what another has compiled.
unexport PYTHONDONTWRITEBYTECODE
CODE := ansible quantities store chain contracts relay_server node neighbourhood simulation firmware bench tests bootstrap.py
.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint format translations bench ansible artefacts rollout-test rollout-test-long rollout-lint setup clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## a neighbourhood of four households on this machine; ARGS="--headless --trades 3" and others: ARGS=--help
	@$(PYTHON) bootstrap.py demo
	@exec $(BIN)/commonwatt demo $(ARGS)

test: setup lint ## linters, types, contracts, and all tests
	@$(BIN)/pytest -q --numprocesses 4 --dist loadfile $(ARGS)  # most of them wait for blocks

test-long: setup build/slither/bin/slither ## property tests with twenty times the examples; kills of whole neighbourhoods; a million calls of the contracts; slither: docs/testing.md has how long each takes
	@$(BIN)/pytest -q --numprocesses 2 --dist loadfile --hypothesis-profile=long --timeout 3600 tests/unit $(ARGS)
	@$(BIN)/pytest -q --numprocesses 2 --dist loadfile -m long --timeout 3600 -rP tests $(ARGS)

build/slither/bin/slither: requirements/slither.txt
	@$(PYTHON) -m venv --clear build/slither
	@build/slither/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

ansible: build/ansible/bin/ansible-playbook ## the rollout's programs, in an environment of their own
build/ansible/bin/ansible-playbook: requirements/ansible.txt
	@$(PYTHON) -m venv --clear build/ansible
	@build/ansible/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

artefacts: setup ## what is copied to every host: geth, Commonwatt and all that it needs, for amd64 and arm64, Debian 12 and 13
	@$(BIN)/python -m ansible.artefacts $(if $(filter artefacts,$(MAKECMDGOALS)),$(ARGS))

rollout-test: artefacts ansible ## roll a neighbourhood out on hosts that boot on this machine; needs root, else says so and skips
	@$(BIN)/python -m ansible.lab.userlands arm64-python3.11 amd64-python3.13
	@$(BIN)/python -m ansible.lab $(BIN)/pytest -q -rP --timeout 7200 tests/rollout $(ARGS) || { code=$$?; [ $$code = 69 ] || exit $$code; }

rollout-test-long: artefacts ansible ## drive the other playbooks there, and hurt the hosts: docs/testing.md has what is done and how long it takes
	@$(BIN)/python -m ansible.lab.userlands arm64-python3.13
	@$(BIN)/python -m ansible.lab $(BIN)/pytest -q -rP -m long --timeout 7200 tests/rollout $(ARGS) || { code=$$?; [ $$code = 69 ] || exit $$code; }

rollout-lint: ansible ## ansible-lint, profile production
	@cd ansible && PATH="$(CURDIR)/build/ansible/bin:$$PATH" ansible-lint -q --offline

lint: setup ## style, formatting, imports between rooms, types
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE)
	@$(BIN)/lint-imports >build/lint-imports.log || { cat build/lint-imports.log; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary bootstrap.py

format: setup ## rewrite the code in the project's format
	@$(BIN)/ruff check --quiet --fix $(CODE)
	@$(BIN)/ruff format --quiet $(CODE)

translations: setup ## take the pages' new texts into node/dapp/translations, and tell which have no translation
	@$(BIN)/python -m node.dapp.catalogues update

bench: setup ## measure; ARGS names one benchmark
	@$(BIN)/python -m bench $(ARGS)

setup: ## only set up what demo and test need
	@$(PYTHON) bootstrap.py test

clean: ## remove everything that was made here
	rm -rf build .venv node_modules contracts/node_modules node/dapp/frontend/node_modules node/dapp/static/build *.egg-info
	rm -f node/dapp/translations/*/LC_MESSAGES/*.mo
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
