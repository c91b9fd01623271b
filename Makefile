# `make help` lists what there is. Needed: make, and Python 3.11 or newer with its venv module.

PYTHON ?= python3
CONTAINERS ?= $(firstword $(foreach tool,docker podman buildah,$(shell command -v $(tool) 2>/dev/null)) docker)
IMAGE ?= tasador
SOURCE ?= unknown
LABEL := org.opencontainers.image
# The date of all files in an image, so that the same sources give the same layers: that of the commit.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
DATED = $(if $(findstring docker,$(CONTAINERS)),--build-arg SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH),--timestamp $(SOURCE_DATE_EPOCH))

BIN := .venv/bin
STAMPS := .venv/stamps
KERNEL := adapters/valuation_models/kernel
# Under -qq pip says what went wrong, and nothing else.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --no-user --no-compile
# In parallel and without the libraries' own tests: half of the time that pip takes for it.
COMPILE := $(BIN)/python -m compileall -qq -j 0 -x /tests/ .venv/lib
# A worker more than there are cores, since some tests wait for processes that start and stop; the threads of the
# numeric libraries would only fight the workers for the cores. Byte code is kept, since tests start many processes; and
# the files run in their order, so that the slow ones of few tests are not left for the end.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= \
    PYTEST_XDIST_AUTO_NUM_WORKERS=$$(($$(getconf _NPROCESSORS_ONLN) + 1)) \
    $(BIN)/python -m pytest --no-header -n auto --maxprocesses 5 --dist loadfile --no-loadscope-reorder

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check fuzz audit sbom release bench screenshots reference image image-check requirements clean

help: ## Show this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: $(STAMPS)/project ## Serve valuations on http://127.0.0.1:8000 (PORT=9000 make run: elsewhere)
	@exec $(BIN)/tasador quickstart $(if $(PORT),--port "$(PORT)")

test: $(STAMPS)/test $(STAMPS)/project $(STAMPS)/browser ## Run the tests (ARGS="-k ratio": some of them)
	@$(PYTEST) $(ARGS)

check: $(STAMPS)/test $(STAMPS)/project $(STAMPS)/browser ## Check format, lint, types, imports and dependencies, then run the tests
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry .
	@$(PYTEST)

fuzz: $(STAMPS)/fuzz $(STAMPS)/project ## Ask the running service 10,000 things that nobody would (ARGS="--cases 500 --seed 7")
	@$(BIN)/python -m scripts.api_fuzzing.fuzz $(ARGS)

audit: $(STAMPS)/audit $(STAMPS)/project ## Look for known vulnerabilities, weak code, secrets, unfit licences (asks PyPI)
	@$(BIN)/python -m scripts.supply_chain.audit

sbom: $(STAMPS)/audit $(STAMPS)/train ## Write the bill of materials: build/sbom.cdx.json (CycloneDX)
	@$(BIN)/python -m scripts.supply_chain.sbom

release: $(STAMPS)/audit $(STAMPS)/zig ## Build the wheel, the source distribution and what tells of them: dist/
	@$(BIN)/python -m scripts.release.release

bench: $(STAMPS)/test $(STAMPS)/project ## Measure: run every file of benchmarks/
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

screenshots: $(STAMPS)/test $(STAMPS)/project $(STAMPS)/browser ## Train, serve, and picture every view of the console: docs/screenshots
	@$(BIN)/python -m scripts.screenshots

reference: $(STAMPS)/project ## Write docs/operations/configuration.md from config/settings.py
	@$(BIN)/python -m scripts.configuration_reference

image: ## Build the container images: tasador serves, tasador-train trains (IMAGE=name:tag, IMAGE_FLAGS="--pull ...")
	@for target in train serve; do \
	    tag="$(IMAGE)"; [ $$target = serve ] || tag="$$tag-$$target"; \
	    BUILDAH_FORMAT=docker $(CONTAINERS) build $(DATED) $(IMAGE_FLAGS) --target $$target --tag "$$tag" \
	        --label $(LABEL).version="$$(sed -n 's/^VERSION = "\(.*\)"/\1/p' application/version.py)" \
	        --label $(LABEL).revision="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
	        --label $(LABEL).source="$(SOURCE)" . || exit; \
	done

image-check: ## Build both images without an engine if need be, and train, serve, value, switch and stop in them
	@$(PYTHON) -m scripts.image_check $(ARGS)

requirements: $(STAMPS)/compile ## Compile the hash-pinned requirement files (UPGRADE=1: to the newest releases)
	@set -e; \
	compile() { \
	    $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	        --custom-compile-command "make requirements" $(if $(UPGRADE),--upgrade) "$$@"; \
	}; \
	compile pyproject.toml --extra train --group test --group check --output-file requirements/test.txt; \
	for name in serve train dask; do \
	    case $$name in \
	        serve) extras="--extra otel --extra redis --extra s3 --extra vault" ;; \
	        train) extras="--extra train" ;; \
	        dask) extras="--extra train --extra dask" ;; \
	    esac; \
	    compile pyproject.toml $$extras --constraints requirements/test.txt --output-file requirements/$$name.txt; \
	done; \
	for name in audit build compile compiler fuzz; do \
	    compile requirements/$$name.in --constraints requirements/test.txt --output-file requirements/$$name.txt; \
	done; \
	for folder in benchmarks benchmarks/peers; do \
	    compile $$folder/requirements.in --output-file $$folder/requirements.txt; \
	done

clean: ## Remove the environment and the caches; models, keys and logs in var/ stay
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is made anew where its installation was interrupted, its folder has moved or its Python is gone.
SOUND := $(shell test -x $(BIN)/python && test ! -e $(STAMPS)/unfinished \
    && test "$$(cat $(STAMPS)/folder 2>&1)" = "$(CURDIR)" && echo yes)
ifneq ($(SOUND),yes)
.PHONY: $(STAMPS)/train
endif

# $(call install,requirement files,what to say): `unfinished` stays behind where this is interrupted or fails.
define install
	@echo "$(2)"
	@touch $(STAMPS)/unfinished
	@$(INSTALL) --require-hashes $(addprefix -r ,$(1)) || { echo "The installation did not finish: run make again to repair it." >&2; exit 1; }
	@$(COMPILE) || true
	@touch $@ && rm $(STAMPS)/unfinished
endef

$(STAMPS)/train: requirements/build.txt requirements/train.txt
ifneq ($(SOUND),yes)
	@$(PYTHON) -c "" 2>/dev/null || { echo "Tasador needs Python 3.11 or newer, and '$(PYTHON)' does not run: PYTHON=/path/to/python3 make run" >&2; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Tasador needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) -V): PYTHON=/path/to/python3 make run" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { echo "'$(PYTHON)' lacks its venv module: install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@mkdir $(STAMPS) && echo "$(CURDIR)" > $(STAMPS)/folder
endif
	$(call install,requirements/build.txt requirements/train.txt,$(if $(SOUND),Bringing .venv up to date.,Installing some 150 MB of libraries into .venv: a minute or two and only now.))

$(STAMPS)/test: requirements/test.txt $(STAMPS)/train
	$(call install,requirements/test.txt,Installing what the tests and checks need: half a minute and only now.)

# A Chromium for the tests of the console, where the machine has none.
$(STAMPS)/browser: $(STAMPS)/test scripts/browser.py tests/browser/chromium.py
	@$(BIN)/python -m scripts.browser
	@touch $@

$(STAMPS)/fuzz: requirements/fuzz.txt $(STAMPS)/train
	$(call install,requirements/fuzz.txt,Installing what the fuzzing needs: half a minute and only now.)

$(STAMPS)/audit: requirements/audit.txt requirements/serve.txt $(STAMPS)/train
	$(call install,requirements/audit.txt requirements/serve.txt,Installing what audits and what the images have: half a minute and only now.)

$(STAMPS)/compile: requirements/compile.txt $(STAMPS)/train
	$(call install,requirements/compile.txt,Installing uv.)

$(STAMPS)/zig: requirements/compiler.txt $(STAMPS)/train
	$(call install,requirements/compiler.txt,Installing the compiler that releases are built with (100 MB): only now.)

# What compiles the native kernel: the machine's own compiler, or else one that comes as a package.
$(STAMPS)/compiler: requirements/compiler.txt $(STAMPS)/train
	@command -v "$${CC:-cc}" >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 \
	    || { echo "No C compiler here: installing one (100 MB) beside the libraries, only now."; $(INSTALL) --require-hashes -r $<; }
	@touch $@

# The kernel lies among the sources, where it may have been removed while the environment stayed.
ifeq ($(wildcard $(KERNEL)/kernel.so),)
.PHONY: $(STAMPS)/project
endif

$(STAMPS)/project: pyproject.toml application/version.py hatch_build.py $(wildcard $(KERNEL)/*.[ch]) $(STAMPS)/compiler
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
