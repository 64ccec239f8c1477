"""Change the rules that must not be wrong, one small change at a time: do the tests notice?

    make mutants                           # all modules of modules.toml, from where it was left
    make mutants MODULES="core.domain.rules notes.rules.averages"
    make mutants MODULES=--report          # what was found so far

See docs/how-to/check-the-tests.md.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path
from subprocess import run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "mutants"
os.environ["HYPOTHESIS_PROFILE"] = "few"
os.environ["RACE_TRIALS"] = "5"

from changes import changes  # noqa: E402
from trials import KILLED, Anew, Changed, Session, Target, key_of  # noqa: E402

_DONE = (0, 5)
"""What pytest exits with: 5 where no test ran by itself."""
_PACKAGES = {
    "core": ("teleservices_core", "src"),
    "fiche": ("teleservices_fiche", "plugins/fiche/src"),
    "notes": ("teleservices_notes", "plugins/notes/src"),
}


def targets() -> dict[str, Target]:
    """The modules of modules.toml."""
    said = tomllib.loads((Path(__file__).parent / "modules.toml").read_text())
    return {name: Target(name, ROOT / _path(name), tuple(tests)) for name, tests in said.items()}


def _dotted(name: str) -> str:
    package, _, rest = name.partition(".")
    return f"{_PACKAGES[package][0]}.{rest}"


def _path(name: str) -> str:
    return f"{_PACKAGES[name.partition('.')[0]][1]}/{_dotted(name).replace('.', '/')}.py"


def equivalents() -> dict[str, dict[str, str]]:
    """Changes that nobody could notice, with the reason, by module."""
    said = tomllib.loads((Path(__file__).parent / "equivalents.toml").read_text())
    return {
        module: {change: each["why"] for each in groups for change in each["changes"]}
        for module, groups in said.items()
    }


def _file(target: Target) -> Path:
    return FOLDER / f"{target.name}.json"


def _read(target: Target) -> dict[str, dict[str, str]]:
    try:
        said = json.loads(_file(target).read_text())
    except FileNotFoundError:
        return {}
    return said["found"] if said["of"] == _fingerprint(target) else {}


def _fingerprint(target: Target) -> str:
    return sha256(target.path.read_bytes()).hexdigest()


def _session(target: Target) -> int:
    import pytest

    FOLDER.mkdir(parents=True, exist_ok=True)
    known = _read(target)

    def keep(found: dict[str, dict[str, str]]) -> None:
        text = json.dumps({"of": _fingerprint(target), "found": found}, indent=1)
        new = _file(target).with_suffix(".new")
        new.write_text(text)
        new.replace(_file(target))

    with tempfile.TemporaryDirectory() as folder:
        arguments = [*target.arguments(), f"--basetemp={folder}/tmp"]
        return int(pytest.main(arguments, plugins=[Session(target, Path(folder), known, keep)]))


def _anew(target: Target, given: Path) -> int:
    import pytest

    key, tests, seconds = json.loads(given.read_text())
    for change, tree in changes(target.path.read_text()):
        if key_of(change) == key:
            code = compile(tree, str(target.path), "exec")
            sys.meta_path.insert(0, Changed(_dotted(target.name), target.path, code))
            break
    else:
        raise SystemExit(f"{target.path} was changed while its changes were tried")
    files = sorted({test.partition("::")[0] for test in tests})
    arguments = [*target.arguments(files), f"--basetemp={given.parent}/anew"]
    plugin = Anew(tuple(tests), seconds, given.parent / "by")
    return int(pytest.main(arguments, plugins=[plugin]))


def report(chosen: list[Target]) -> bool:
    """A line for each module, then what lives without a reason; whether the bar is held."""
    reasons = equivalents()
    total = killed = named = 0
    unexplained = []
    print(f"{'module':<28}{'changes':>9}{'killed':>8}{'named':>7}{'alive':>7}")
    for target in chosen:
        found, known = _read(target), reasons.get(target.name, {})
        here = [each for each in found.values() if each["found"] == KILLED]
        alive = {key: each for key, each in found.items() if each["found"] != KILLED}
        explained = [key for key in alive if key in known]
        unexplained += [
            f"{target.name} {each['line']}: {key} [{each['found']}]"
            for key, each in alive.items()
            if key not in known
        ]
        for key in set(known) - set(alive) if found else ():
            print(f"  named as equivalent, but not alive: {target.name}: {key}")
        rest = len(alive) - len(explained)
        print(f"{target.name:<28}{len(found):>9}{len(here):>8}{len(explained):>7}{rest:>7}")
        total, killed, named = total + len(found), killed + len(here), named + len(explained)
    print("\n".join(unexplained))
    share = 100 * killed / (total or 1)
    print(f"{killed} of {total} killed ({share:.1f} %), {named} named as equivalent")
    return share >= 95 and not unexplained


def main(arguments: list[str]) -> int:
    """Try the modules named, or all; then report."""
    os.chdir(ROOT)
    known = targets()
    if "--anew" in arguments:
        return _anew(known[arguments[0]], Path(arguments[2]))
    if "--session" in arguments:
        return _session(known[arguments[0]])
    names = [name for name in arguments if not name.startswith("--")] or list(known)
    if "--report" not in arguments:
        for name in names:
            print(f"— {name}", flush=True)
            done = run([sys.executable, __file__, name, "--session"], check=False)
            if done.returncode not in _DONE:
                return done.returncode
    return 0 if report([known[name] for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
