"""Who visits the shop while it is attacked."""

import json
import pathlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .. import job
from .journey import KINDS

# People of each kind with an address of their own, and people in the office behind one.
EACH, OFFICE = 3, 200
# The presets are there to be compared with; the targets are the shipped policy's.
OFFICE_COMPARED = 20
EACH_QUICK, OFFICE_QUICK = 1, 8
# One visitor in some hundreds has switched JavaScript off, and so it is here.
ONCE = {"no JavaScript, signs in"}
# The office as offices are: of two hundred, so many of each.
OFFICE_OF_200 = {
    "fast": 60, "slow": 40, "password manager": 60, "keyboard only": 14, "phone": 26,
}
OFFICE_ADDRESS = "127.77.0.1"
# A browser is begun anew after so many visits, as long runs of one are nobody's.
VISITS_PER_BROWSER = 25
VISIT_SECONDS_MAX = 60


@dataclass(frozen=True)
class Planned:
    kind: str
    address: str
    number: int


def planned(quick: bool, shipped: bool, office: int | None) -> list[Planned]:
    """All sessions in browsers, the office's among the others'."""
    each = EACH_QUICK if quick else EACH
    usual = OFFICE_QUICK if quick else OFFICE if shipped else OFFICE_COMPARED
    office = usual if office is None else office
    alone = [Planned(kind, f"127.70.{at}.{turn + 1}", 7 * turn + at) for turn in range(each) for at, kind in enumerate(KINDS)
             if turn == 0 or kind not in ONCE]
    kinds = [kind for kind, count in OFFICE_OF_200.items() for _ in range(count)]
    # Spread evenly, so that a small office has some of the frequent kinds.
    chosen = [kinds[(number * 73) % len(kinds)] for number in range(office)]
    together = [Planned(kind, OFFICE_ADDRESS, 100 + number) for number, kind in enumerate(chosen)]
    return [person for pair in _alternating(alone, together) for person in pair]


def addresses(people: list[Planned]) -> list[str]:
    return sorted({person.address for person in people})


def run(people: list[Planned], bases: dict[str, str], folder: pathlib.Path, browsers: int, display: str) -> list[dict[str, Any]]:
    """Runs all of them, `browsers` at a time, and the programs; returns what each met. Who does not come back is there
    with their trouble."""
    parts = [people[at:at + VISITS_PER_BROWSER] for at in range(0, len(people), VISITS_PER_BROWSER)]

    def part(number: int) -> list[dict[str, Any]]:
        plan = [{"kind": each.kind, "base": bases[each.address], "address": each.address, "number": each.number}
                for each in parts[number]]
        command = [sys.executable, "-m", "attack_lab.sessions.people", json.dumps(plan)]
        ended = job.run(command, folder, f"people-{number}", 30 + VISIT_SECONDS_MAX * len(plan), DISPLAY=display)
        told = list(_lines(ended.output))
        missing = plan[len(told):]
        return told + [{"kind": each["kind"], "address": each["address"], "trouble": "never ended"} for each in missing]

    with ThreadPoolExecutor(browsers) as pool:
        return [met for told in pool.map(part, range(len(parts))) for met in told]


def programs(bases: dict[str, str], folder: pathlib.Path) -> list[dict[str, Any]]:
    told = []
    for kind, address in PROGRAMS.items():
        command = [sys.executable, "-m", "attack_lab.sessions.programs", kind, "--base", bases[address], "--address", address]
        ended = job.run(command, folder, f"program-{kind}", VISIT_SECONDS_MAX)
        told += list(_lines(ended.output)) or [{"kind": kind, "address": address, "trouble": "never ended"}]
    return told


PROGRAMS = {"feed": "127.71.0.1", "api": "127.72.0.1"}


def _lines(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        if line.startswith('{"kind"'):
            yield json.loads(line)


def _alternating(first: list[Planned], second: list[Planned]) -> Iterator[list[Planned]]:
    """Both lists in one, the shorter spread over the longer."""
    short, long = sorted((first, second), key=len)
    every = max(1, len(long) // max(1, len(short)))
    for number, person in enumerate(long):
        at, rest = divmod(number, every)
        yield [person, short[at]] if rest == 0 and at < len(short) else [person]
    yield short[-(-len(long) // every):]
