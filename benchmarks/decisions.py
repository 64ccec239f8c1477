"""How many decisions a second one core makes, and whether the cost stays flat.

python benchmarks/decisions.py

Each decision asks every rule of the core about one module, for one audience of
one establishment. The time is that of the process, the best of some rounds.
"""

from __future__ import annotations

import argparse
import time

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Question, decide
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.testing.builders import DIJON, YEAR, a_module, an_establishment
from teleservices_core.testing.clock import A_TUESDAY

AUDIENCES = (Audience.GUARDIAN, Audience.STUDENT)
MODULES = 12


def an_academie(number: int, modules: list[ModuleDefinition]) -> list[Question]:
    """Both audiences of some establishments, half of which have opened everything."""
    schools = [an_establishment(Uai.from_digits(f"021{n:04}")) for n in range(number)]
    policy = Policy.of(
        Opening(module.id, YEAR, audience, Stance.OPEN, Scope.establishment(school.uai))
        for school in schools[::2]
        for module in modules
        for audience in AUDIENCES
    )
    return [
        Question(school, YEAR, audience, A_TUESDAY, DIJON.zone, policy)
        for school in schools
        for audience in AUDIENCES
    ]


def measure(number: int, rounds: int) -> tuple[int, float]:
    """How many decisions, and the seconds of the best round."""
    modules = [a_module(f"module_{n:02}") for n in range(MODULES)]
    catalogue = {module.id: module for module in modules}
    questions = an_academie(number, modules)
    best = float("inf")
    for _round in range(rounds):
        started = time.process_time()
        for question in questions:
            for module in modules:
                decide(module, question, CORE_RULES, catalogue)
        best = min(best, time.process_time() - started)
    return len(questions) * len(modules), best


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--establishments", type=int, nargs="+", default=[30, 300, 3000])
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    for number in asked.establishments:
        decisions, seconds = measure(number, asked.rounds)
        print(
            f"{number:>5} establishments × {MODULES} modules × 2 audiences: "
            f"{decisions:>6} decisions in {seconds:.2f} s, {decisions / seconds:,.0f} a second"
        )


if __name__ == "__main__":
    main()
