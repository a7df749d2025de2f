# `make` alone lists what there is. Everything runs in .venv, which `setup` makes when it is missing or out of date.
# Another Python: make book PYTHON=python3.12. What instructors and maintainers need besides is in maintain.mk.

PYTHON ?= python3
N ?=
PORT ?= 8000
RUN := .venv/bin/python

# An interpreter that was asked for is used; otherwise a finished .venv sets itself up.
CHOSEN := $(if $(filter command environment,$(firstword $(origin PYTHON))),--chosen)
SET_UP_WITH := $(if $(CHOSEN),$(PYTHON),$(shell test -f .venv/set-up.json -a -x $(RUN) && echo $(RUN) || echo $(PYTHON)))

.DEFAULT_GOAL := help
.PHONY: help book serve lab start score setup ready

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: ready ## set up if needed, build the book strictly, say where to open it
	@$(RUN) scripts/build_book.py

serve: ready ## show the built book on http://localhost:8000 (PORT=9000 for another port)
	@$(RUN) scripts/serve.py $(PORT)

start: ready ## copy an exercise to work/, for example N=01; what is there is never overwritten
	@$(RUN) scripts/start.py "$(N)"

lab: ready ## open JupyterLab on work/
	@mkdir -p work
	@$(RUN) -m jupyterlab work

score: ready ## grade your copy of an exercise, for example N=01
	@$(RUN) -m course_lib.grading.score "$(N)"

setup: SET_UP_ARGS := --verify
setup: ready ## make .venv, install what is pinned, fetch the data and check it
	@echo "Set up: .venv and the data are as pinned."

ready:
	@command -v $(SET_UP_WITH) >/dev/null || { echo "There is no $(SET_UP_WITH) here: install Python 3.11 or newer, or name yours with PYTHON=." >&2; exit 1; }
	@$(SET_UP_WITH) scripts/set_up.py $(CHOSEN) $(SET_UP_ARGS)

-include maintain.mk
