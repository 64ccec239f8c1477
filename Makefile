# The two commands: `make demo` and `make test`. Everything happens in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PACKAGES := -e '.[letters,oidc,postgresql,serve,testing]' -e plugins/fiche -e plugins/notes -e examples/academy_demo -e examples/fastapi_ent

.PHONY: demo demo-reset test lint types layers unit clean

demo: $(STAMP)  ## Build the demonstration académie once, and serve it
	$(BIN)/python -m academy_demo --folder var/demo

demo-reset:  ## Forget the demonstration académie
	rm -rf var/demo

test: lint types layers unit  ## Everything, PostgreSQL included

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

# In order: the browser's modules are few and long, and would otherwise end the run alone.
unit: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

clean:
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache

$(STAMP): pyproject.toml constraints.txt requirements-test.txt plugins/fiche/pyproject.toml plugins/notes/pyproject.toml examples/academy_demo/pyproject.toml examples/fastapi_ent/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-test.txt $(PACKAGES)
	touch $(STAMP)
