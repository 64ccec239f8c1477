"""Write docs/faq-contract.md from the promises and the tests that carry their numbers."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "faq-contract.md"
HEAD = """\
# The FAQ, promise by promise

Made by `python docs/make_faq_contract.py` from `docs/faq-promises.toml` and from
the tests marked `@pytest.mark.faq("F…")`; a test checks that it is up to date.

| id | promise | state | acceptance tests |
| --- | --- | --- | --- |
"""


def marked_tests() -> Iterator[tuple[str, str]]:
    """(promise, test) of every mark, without importing any test."""
    files = sorted([*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("plugins/*/tests/test_*.py")])
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.faq"):
                    yield ast.literal_eval(mark.args[0]), node.name


def contract() -> str:
    """The whole page."""
    promises = tomllib.loads((ROOT / "docs" / "faq-promises.toml").read_text(encoding="utf-8"))
    tests: dict[str, list[str]] = {}
    for promise, test in marked_tests():
        tests.setdefault(promise, []).append(test)
    unknown = set(tests) - set(promises)
    if unknown:
        raise SystemExit(f"marks of unknown promises: {', '.join(sorted(unknown))}")
    lines = []
    for key, promise in promises.items():
        found = tests.get(key, [])
        note = promise.get("note")
        state = "not yet" if not found else f"in part: {note}" if note else "kept"
        shown = ", ".join(f"`{name}`" for name in dict.fromkeys(found))
        lines.append(f"| {key} | {promise['promise']} | {state} | {shown} |\n")
    return HEAD + "".join(lines)


if __name__ == "__main__":
    TARGET.write_text(contract(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} written\n")
