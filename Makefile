# `make help` lists the targets. ARGS is passed to the command of a target: make test ARGS="-k upload -n 0"

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run check test test-services test-clients bench lint lint-types lint-rest prepared-tests lock messages clean

BIN := .venv/bin
PYTHONS := python3.13 python3.12 python3.11 python3
# Install exactly the locked versions. Without --no-deps, pip resolves again and may require a release newer than the lock.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes
# Without compiled files, each of the many processes that the tests start would compile the hub again.
unexport PYTHONDONTWRITEBYTECODE
# Variables that would change the embedded defaults in the tests.
EMBEDDED := env -u DATABASE_URL -u REDIS_URL -u RELEASEHUB_STORAGE
TESTED := $(EMBEDDED) DJANGO_SETTINGS_MODULE=releasehub.settings.test
# The tests of `make check`: rules, services and policies without servers, browsers, archives or generated requests.
FAST := tests/accounts tests/apikeys tests/downloads tests/versions tests/server/test_middleware.py \
  tests/files/test_names.py tests/files/test_services.py tests/publishing/test_releases.py tests/webhooks/test_filters.py \
  tests/webhooks/test_signing.py tests/webhooks/test_endpoints.py
LOCKS := requirements.txt requirements-dev.txt requirements-s3.txt requirements-otel.txt cli/requirements.txt \
  tests/clients/requirements.txt bench/peers/requirements.txt

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

run: .venv/.stamp-run ## run ReleaseHub with demo data until Ctrl-C (PORT, RELEASEHUB_DATA_DIR)
	@exec $(BIN)/python manage.py serve $(ARGS)

check: lint ## run style checks, types and the fast tests, in under a minute once the caches are warm
	$(EMBEDDED) $(BIN)/python -m pytest -q $(FAST) $(ARGS)

test: .venv/.stamp-dev ## run all checks and the whole test suite on the embedded defaults
	@$(MAKE) --no-print-directory -j 2 lint-types lint-rest prepared-tests
	$(EMBEDDED) $(BIN)/python -m pytest $(ARGS)

test-services: .venv/.stamp-dev ## run the suite on its own PostgreSQL, Redis and S3 servers
	$(BIN)/python tests/services/run.py $(ARGS)

test-clients: .venv/.stamp-dev ## run the programs that other hosts are used with (gh, octokit, mise, …) against a hub
	$(BIN)/python tests/clients/run.py $(ARGS)

bench: .venv/.stamp-dev ## run the benchmarks
	$(BIN)/python bench/run.py $(ARGS)

lint: .venv/.stamp-dev ## check style, types, import contracts, settings, migrations and lock files
	@$(MAKE) --no-print-directory -j 2 lint-types lint-rest

# Types take as long as all other checks together, so the two halves run at the same time.
lint-types:
	$(BIN)/mypy

lint-rest:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(TESTED) $(BIN)/python manage.py check --fail-level WARNING
	$(TESTED) $(BIN)/python manage.py makemigrations --check --dry-run
	! grep -nE '://|^--(index|extra-index|find-links|trusted)' $(LOCKS)

# In a fresh clone, every test process would otherwise compile all tests, and all of them but one would wait for the
# migrations. Here both are done once, while mypy checks the types. An error is reported by the run itself.
prepared-tests:
	@$(TESTED) $(BIN)/python -m tests.migrated_database
	@$(EMBEDDED) $(BIN)/python -m pytest -qq -n 0 --collect-only >/dev/null 2>&1 || true

# One version of each package for all Pythons, so that the tests with one of them hold for the others.
lock: ## renew the seven lock files of Python
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; set -e; \
	$(call find_python) "$$found" -m venv "$$folder"; \
	"$$folder/bin/pip" install -qq --disable-pip-version-check uv; \
	compile="$$folder/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --upgrade --no-cache --fork-strategy fewest -p 3.11"; \
	$$compile pyproject.toml -o requirements.txt; \
	$$compile pyproject.toml cli/pyproject.toml --group pyproject.toml:dev --group pyproject.toml:otel -o requirements-dev.txt; \
	$$compile --group pyproject.toml:otel -c requirements-dev.txt -o requirements-otel.txt; \
	echo 'swift>=2.38' | $$compile - -o requirements-s3.txt; \
	echo 'hatchling>=1.27' | $$compile cli/pyproject.toml - -c requirements-dev.txt -o cli/requirements.txt; \
	$$compile tests/clients/requirements.in -o tests/clients/requirements.txt; \
	$$compile bench/peers/requirements.in -o bench/peers/requirements.txt

messages: .venv/.stamp-dev ## collect the texts of the pages for translators and compile the translations (needs gettext)
	$(TESTED) $(BIN)/python manage.py makemessages --locale de --no-obsolete --add-location file
	$(TESTED) $(BIN)/python manage.py compilemessages --locale de --ignore .venv

clean: ## remove the installed packages and caches; the data in var/ is kept
	rm -rf .venv .venv-s3 .clients .peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set the shell variable `found` to a suitable Python, or exit with a message about what to install.
define find_python
found=; for python in $(or $(PYTHON),$(PYTHONS)); do \
	  if "$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    found=$$python; break; fi; done; \
	[ -n "$$found" ] || { echo "Please install Python 3.11 or newer with venv and pip, or name it: make PYTHON=..." >&2; \
	  exit 1; };
endef

.venv/pyvenv.cfg:
	@$(call find_python) "$$found" -m venv .venv

.venv/.stamp-run: requirements.txt .venv/pyvenv.cfg
	@rm -f $@; echo "Installing the dependencies of ReleaseHub into .venv ..."
	@$(PIP) -r $<
	@$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

.venv/.stamp-dev: requirements-dev.txt .venv/pyvenv.cfg
	@rm -f $@; echo "Installing the development dependencies of ReleaseHub into .venv ..."
	@$(PIP) -r $<
	@$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@
