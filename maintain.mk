# What a copy for students does not have: tests, grading of a class, gates. The Makefile reads this file when it is there.
# More for pytest: make test ARGS="-k rnn -x".

ARGS ?=
TO ?=

.PHONY: test test-fast exercises grade-demo student-repository reproduce lint

test: ready ## set up if needed, then run every test, without a network where the system permits
	@$(RUN) scripts/run_tests.py $(ARGS)

test-fast: ready ## the tests that need no built book, no nbgrader and no browser
	@$(RUN) scripts/run_tests.py -m "not slow" $(ARGS)

exercises: ready ## generate exercises/ from solutions/
	@$(RUN) scripts/make_exercises.py

grade-demo: ready ## play a whole class with fourteen synthetic students
	@$(RUN) -m course_lib.grading.demo

student-repository: ready ## make a copy of the course for students, for example TO=../course-for-students
	@$(RUN) scripts/student_repository.py "$(TO)"

reproduce: ready ## run every reproduced result again and store it in results/ (minutes)
	@$(RUN) -m course_lib.experiments --all

lint: ready ## format, lint, types, docstrings, cells of pages, spelling and typography
	@$(RUN) -m ruff format --check --quiet . || { echo "Run '$(RUN) -m ruff format .' to format these."; exit 1; }
	@$(RUN) -m ruff check --quiet .
	@$(RUN) scripts/lint_pages.py
	@$(RUN) -m mypy --no-error-summary
	@$(RUN) scripts/lint_docstrings.py
	@$(RUN) -m codespell_lib
	@$(RUN) scripts/lint_prose.py
	@echo "Clean: format, lint, cells of pages, types, docstrings, spelling, typography."
