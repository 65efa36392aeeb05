# Targets for people and for CI. Each makes the virtual environment it needs, from pinned and hashed
# requirements, and makes it anew when those change; all that is needed beforehand is Python 3.11+ and make.

PYTHON ?= python3
VENVS := .venvs/$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUN := $(VENVS)/run
DEV := $(VENVS)/dev
LOCK := $(VENVS)/lock
COMPILE := $(LOCK)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)

REPLAYWEB := .venvs/replaywebpage-2.5.3
REPLAYWEB_SHA512 := 9c28f63d238ddc1c5e489284f00b183f250bbf45cf64a2567f2e25f4fc90adef52ab02d9f9629956cfec7cba8f390e06ac7fb46248dbc0e86bf1c4931f4f20b1

.DEFAULT_GOAL := help
.PHONY: help demo test crash lint format lock replayweb clean

help:  ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

demo: $(RUN)/ready  ## Archive the blog that comes along, without any network
	$(RUN)/bin/python -m scrapy demo $(ARGS)

test: $(DEV)/ready  ## Run the tests, e.g. make test ARGS="tests/demo -x"
	$(DEV)/bin/python -m pytest $(ARGS)

crash: $(DEV)/ready  ## Kill 500 crawls, cut their power, fill their disks; KILLS=50 for fewer kills
	CRASH_KILLS=$(or $(KILLS),500) $(DEV)/bin/python -m pytest tests/crash $(ARGS)

lint: $(DEV)/ready  ## Check style, format and types
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/python -m mypy

format: $(DEV)/ready  ## Put the code into its format
	$(DEV)/bin/ruff format .

lock: $(LOCK)/ready  ## Pin the requirements anew; UPGRADE=--upgrade for the newest of each
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml --extra all --extra dev -o requirements/dev.txt
	$(COMPILE) requirements/lock.in -o requirements/lock.txt
	$(COMPILE) requirements/pywb.in -o crawler/replay/pywb.txt

replayweb: $(REPLAYWEB)/package/ui.js  ## Fetch ReplayWeb.page with npm, for the tests that look at it

$(REPLAYWEB)/package/ui.js:
	mkdir -p $(REPLAYWEB)
	cd $(REPLAYWEB) && npm pack --silent replaywebpage@2.5.3 >/dev/null \
		&& echo "$(REPLAYWEB_SHA512)  replaywebpage-2.5.3.tgz" | sha512sum --check --quiet \
		&& tar -xzf replaywebpage-2.5.3.tgz --no-same-owner

clean:  ## Remove what was made, but no archive
	rm -rf .venvs .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(VENVS)/%/ready: requirements/%.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON) is missing or older than Python 3.11; name another, as in: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
		exit 1; }
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
