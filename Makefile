# make run    environment, dependencies, example data, app in the browser
# make test   everything that is tested, browser stories included
# make check  style, types, layers
# make fuzz   20,000 damaged files of every kind; READER=tiff and N=500 for some, ARGS for more
# make docs   all lists in docs/ and the map anew, after a row, a parameter or a file of code was
#             added; one of them: make formats, house, labellers, metrics or steps
# make lock   requirements.lock and docs/licences.md anew, after requirements.txt was changed

VENV := .venv
HOME_FOLDER := $(or $(NEUROBOARD_HOME),$(HOME)/.neuroboard)
ARGS ?=
# Hashes say that these are the packages that were tested; a wheel runs nothing while it is installed.
# Where one has none (hdbscan on Linux for ARM): make run WHEELS=
WHEELS ?= --only-binary :all:
INSTALL = $(VENV)/bin/python -m pip install --quiet --require-hashes $(WHEELS)
# The first of these that is there and new enough.
FIND_PYTHON = for p in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo $$p; exit 0; }; done; \
	echo "Python 3.11, 3.12 or 3.13 is needed: install one, or say make PYTHON=/path/to/python" >&2; exit 1

.PHONY: run test check fuzz faults lock licences docs formats house labellers metrics steps lowest examples \
	screenshots clean

run: $(VENV)/run.stamp examples
	$(VENV)/bin/python app.py $(ARGS)

examples: $(VENV)/run.stamp
	@for name in spikes brainmap synapses; do \
		test -d "$(HOME_FOLDER)/examples/$$name" || \
		$(VENV)/bin/python -m pipelines demo $$name "$(HOME_FOLDER)/examples/$$name" || exit $$?; \
	done

test: $(VENV)/dev.stamp
	@sh tests/browser/find-chromium.sh
ifeq ($(ARGS),)
	@# Browser stories run one by one, for each of them has an app, a worker and a browser. Each of
	@# the two runs collects its own tests only: to import them all takes ten seconds and more.
	@failed=0; \
	$(VENV)/bin/python -m pytest -q --ignore tests/browser -n 2 --dist loadfile --durations 15 || failed=$$?; \
	$(VENV)/bin/python -m pytest -q tests/browser --durations 15 || failed=$$?; \
	exit $$failed
else
	$(VENV)/bin/python -m pytest -q $(ARGS)
endif

check: $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m pytest -q tests/test_architecture.py tests/test_house.py

fuzz: $(VENV)/dev.stamp
	nice $(VENV)/bin/python -m tests.fuzz --inputs $(or $(N),20000) --reader "$(READER)" $(ARGS)

faults: $(VENV)/dev.stamp
	NEUROBOARD_FAULTS=all nice $(VENV)/bin/python -m pytest -q tests/dashboard/test_faults.py
	nice $(VENV)/bin/python -m tests.kills --kills $(or $(N),60) $(ARGS)

lock: $(VENV)/dev.stamp
	.ci/lock $(ARGS)
	$(INSTALL) -r requirements-dev.lock
	$(VENV)/bin/python docs/licences.py

licences: $(VENV)/dev.stamp
	$(VENV)/bin/python docs/licences.py

docs: formats house labellers metrics steps

formats: $(VENV)/dev.stamp
	PYTHONPATH=. $(VENV)/bin/python docs/formats.py

metrics: $(VENV)/dev.stamp
	PYTHONPATH=. $(VENV)/bin/python docs/metrics.py

steps: $(VENV)/dev.stamp
	$(VENV)/bin/python -m docs.steps

house: $(VENV)/dev.stamp
	$(VENV)/bin/python docs/house.py

labellers: $(VENV)/dev.stamp
	$(VENV)/bin/python -m docs.labellers

lowest: $(VENV)/dev.stamp
	.ci/lowest

screenshots: $(VENV)/dev.stamp
	$(VENV)/bin/python docs/screenshots.py

$(VENV)/bin/python:
	@python=$$($(FIND_PYTHON)) && $$python -m venv $(VENV)

$(VENV)/run.stamp: requirements.lock | $(VENV)/bin/python
	$(INSTALL) -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(VENV)/bin/python
	$(INSTALL) -r requirements-dev.lock
	@touch $@ $(VENV)/run.stamp

clean:
	rm -rf $(VENV)
