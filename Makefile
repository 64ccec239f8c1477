# The two commands: `make demo` and `make test`. Everything happens in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
TESTED := $(VENV)/.tested
PACKAGES := -e '.[letters,oidc,postgresql,serve,testing]' -e plugins/fiche -e plugins/notes -e examples/academy_demo -e examples/fastapi_ent

.PHONY: demo demo-reset test lint types layers unit thorough mutants clean

demo: $(RUNS)  ## Build the demonstration académie once, and serve it
	$(BIN)/python -m academy_demo --folder var/demo

demo-reset:  ## Forget the demonstration académie
	rm -rf var/demo

test: lint types layers unit  ## Everything, PostgreSQL included

lint: $(TESTED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(TESTED)
	$(BIN)/mypy

layers: $(TESTED)
	$(BIN)/lint-imports

# In order: the browser's modules are few and long, and would otherwise end the run alone.
unit: $(TESTED)
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

LONG := HYPOTHESIS_PROFILE=thorough FAULTS=all FUZZ_REQUESTS=12500 HELD_SECONDS=120 \
  JOURNAL_CHANGES=10000 KILLS=50 LIFECYCLE_DAYS=1095 MARKERS=all MATCHING_EXAMPLES=2000 \
  RACE_TRIALS=1000 RESTORE_KILLS=50 SERVER_KILLS=50

thorough: $(TESTED)  ## The same tests with many more trials: hours
	$(LONG) $(BIN)/python -m pytest --timeout 0 $(TESTS)

mutants: $(TESTED)  ## Change the rules that must not be wrong: do the tests notice? Hours, resumed where left
	nice $(BIN)/python benchmarks/mutants $(MODULES)

clean:
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache

$(RUNS): pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml examples/*/pyproject.toml)
	@echo "Installing in $(VENV): a few minutes, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt $(PACKAGES)
	touch $@

$(TESTED): $(RUNS) requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-test.txt
	touch $@
