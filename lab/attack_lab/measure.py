"""One run: a policy, everybody who comes, and what reached the shop."""

import collections
import contextlib
import json
import os
import pathlib
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from . import job, presets, threats
from .attacks import words
from .attacks.catalogue import ATTACKS, Attack, Scene
from .entrance import Entrances
from .job import end_group
from .sessions import plan
from .stage import Stage, free_ports

# Attacks at a time beside the visitors: more would only wait for processors.
ATTACKS_AT_A_TIME = 2
# A quick run makes so many of the attempts.
QUICK_SHARE = 5
LIST_LINES_MAX = 200


@dataclass(frozen=True)
class Options:
    spigot: pathlib.Path
    solver: pathlib.Path
    folder: pathlib.Path
    only: list[str]
    quick: bool
    office: int | None
    browsers: int
    seed: int


@dataclass(frozen=True)
class Row:
    """What came of one attack. Costs are per attempt that reached its aim; absent when none did."""

    name: str
    tool: str
    effort: str
    oats: list[str]
    tried: int
    reached: int
    reached_marked: int
    through: float
    requests: int
    identities: int
    challenges_solved: int
    processor_seconds: float
    seconds: float
    processor_seconds_each: float | None
    requests_each: float | None
    identities_each: float | None
    actions: dict[str, int]
    ended: str


def chosen(options: Options) -> list[Attack]:
    """The attacks of this run; a name nobody knows is an error and no empty run."""
    known = {attack.name for attack in ATTACKS}
    covered = {oat for attack in ATTACKS for oat in attack.oats} | set(threats.NOT_APPLICABLE)
    if covered != set(threats.NAMES):
        raise SystemExit(f"threats without a word: {sorted(set(threats.NAMES) - covered)}")
    strange = set(options.only) - known - {"people"}
    if strange:
        raise SystemExit(f"no attack is called {', '.join(sorted(strange))}; there are: {', '.join(sorted(known))}, people")
    if options.only:
        return [attack for attack in ATTACKS if attack.name in options.only]
    return [attack for attack in ATTACKS if attack.quick or not options.quick]


def run(options: Options, preset: str) -> dict[str, Any]:
    """Everything against one policy; what came of it, for the report."""
    attacks = chosen(options)
    wanted = not options.only or "people" in options.only
    people = plan.planned(options.quick, preset == presets.SHIPPED, options.office) if wanted else []
    folder = options.folder / preset
    with contextlib.ExitStack() as stack:
        stage = Stage(options.spigot, preset, folder)
        stack.callback(stage.close)
        display = stack.enter_context(_display(folder))
        sources = _sources(attacks)
        visitors = [*plan.addresses(people), *plan.PROGRAMS.values()]
        entrances = _entrances(stack, stage.port, sources, attacks, visitors)
        bases = {address: f"https://127.0.0.1:{port}" for address, port in zip(visitors, entrances.pop("visitors"))}
        lists = words.write(folder, LIST_LINES_MAX, options.seed)

        def attack(each: Attack) -> tuple[Attack, int, job.Ended]:
            ways = [f"https://127.0.0.1:{port}" for port in entrances[each.name]]
            count = _count(each, options)
            of_this = {name: _cut(file, count, each.name) if each.count > 1 else file for name, file in lists.items()}
            scene = Scene(ways, stage.port, sources[each.name][:count], of_this, options.solver, count, options.seed)
            more = {"DISPLAY": display} if each.display else {}
            return each, count, job.run(each.command(scene), folder, each.name, each.seconds_max, **more)

        started = time.monotonic()
        with ThreadPoolExecutor(ATTACKS_AT_A_TIME + 2) as pool:
            met = pool.submit(plan.run, people, bases, folder, options.browsers, display) if people else None
            programs = pool.submit(plan.programs, bases, folder) if people else None
            with ThreadPoolExecutor(ATTACKS_AT_A_TIME) as at_a_time:
                ended = list(at_a_time.map(attack, attacks))
            sessions = (met.result() + programs.result()) if met and programs else []
        seconds = time.monotonic() - started
        events, reached, shop = stage.events(), stage.reached(), stage.health()
    by_client = _by_client(events), _by_client(reached)
    rows = [_row(each, count, end, sources[each.name], *by_client) for each, count, end in ended]
    return {
        "preset": preset,
        # What decided: the policy's own revision, as it stands in events.
        "policy_revision": events[-1]["revision"] if events else "",
        "seconds": round(seconds),
        "attacks": [asdict(row) for row in rows],
        "sessions": sessions,
        "events_of_sessions": _actions(event for address in visitors for event in by_client[0][address]),
        "reasons_against_sessions": _reasons(event for address in visitors for event in by_client[0][address]),
        "shop": shop,
    }


def _count(attack: Attack, options: Options) -> int:
    return max(1, attack.count // QUICK_SHARE) if options.quick else attack.count


def _cut(file: pathlib.Path, count: int, name: str) -> pathlib.Path:
    """The list's first lines, as a file of this attack's own."""
    mine = file.with_name(f"{name}-{file.name}")
    mine.write_text("".join(file.read_text().splitlines(keepends=True)[:count]))
    return mine


def _sources(attacks: list[Attack]) -> dict[str, list[str]]:
    """Each attack's addresses. Fleets are spread over networks: every address is of another /16."""
    sources = {}
    for at, attack in enumerate(attacks):
        if attack.addresses == 1:
            sources[attack.name] = [f"127.{100 + at}.0.1"]
        else:
            sources[attack.name] = [f"127.{2 + turn}.{100 + at}.{turn + 1}" for turn in range(attack.addresses)]
    return sources


def _entrances(
    stack: contextlib.ExitStack, port: int, sources: dict[str, list[str]], attacks: list[Attack], visitors: list[str]
) -> dict[str, list[int]]:
    """Ports by attack, and the visitors' in their order."""
    wanted = [[address] for address in visitors]
    cuts = {}
    for attack in attacks:
        cuts[attack.name] = (len(wanted), attack.entrances)
        wanted += [[address] for address in sources[attack.name][:attack.entrances]]
    entrances = Entrances(port, wanted)
    stack.callback(entrances.close)
    ports = {name: entrances.ports[at:at + count] for name, (at, count) in cuts.items()}
    return {**ports, "visitors": entrances.ports[:len(visitors)]}


def _row(
    attack: Attack, count: int, ended: job.Ended, addresses: list[str],
    events: dict[str, list[dict[str, Any]]], reached: dict[str, list[dict[str, Any]]],
) -> Row:
    """Truth is what the shop wrote down, and what Spigot recorded of whom it did not let through."""
    mine = [event for address in addresses for event in events[address]]
    got = [line for address in addresses for line in reached[address] if attack.aim.is_met_by(line["method"], line["path"])]
    # What the application was told to have no effect is no success of the attacker's.
    marked = sum(line["action"] == "shadow" for line in got)
    asked = sum(attack.aim.is_met_by(event["method"], event["path"]) for event in mine)
    tried = max(count if attack.counts_itself else asked, len(got))
    if not attack.counts_itself and attack.count > 1:
        # Tools that give up before the end of their list were stopped, too.
        tried = max(tried, count)
    if attack.counts_itself and ended.status is None:
        # What the time did not suffice for was not tried.
        begun = re.findall(r"^begun (\d+)$", ended.output, re.M)
        tried = max(int(begun[-1]) if begun else 0, len(got))
    through = len(got) - marked
    solved = sum((event["challenge"] or {}).get("result") == "solved" for event in mine)
    active = sum(bool(events[address]) for address in addresses)

    def each(cost: float) -> float | None:
        return round(cost / through, 3) if through else None

    return Row(
        attack.name, attack.tool, attack.effort, list(attack.oats), tried, through, marked,
        round(through / tried, 4) if tried else 0.0, len(mine), active, solved, round(ended.processor_seconds, 2),
        round(ended.seconds, 1), each(ended.processor_seconds), each(len(mine)), each(active), _actions(mine),
        "time was up" if ended.status is None else f"status {ended.status}")


def _by_client(lines: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    by_client: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    for line in lines:
        by_client[line["client"]].append(line)
    return by_client


def _actions(events: Any) -> dict[str, int]:
    """How often each action was taken; challenge routes' own requests are not among them."""
    return dict(collections.Counter(event["effective"] for event in events if not event["path"].startswith("/.spigot/")))


def _reasons(events: Any) -> dict[str, int]:
    """Why sessions were hindered: reasons of whatever was more than a standing question to everybody."""
    return dict(collections.Counter(
        reason["name"] for event in events if event["effective"] not in ("allow", "log") for reason in event["reasons"]))


@contextlib.contextmanager
def _display(folder: pathlib.Path) -> Iterator[str]:
    """A screen that nobody looks at, for browsers with a window."""
    number = 100 + free_ports(1)[0] % 20000
    with open(folder / "display.out", "wb") as out:
        screen = subprocess.Popen(
            ["Xvfb", f":{number}", "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        try:
            until = time.monotonic() + 10
            while not os.path.exists(f"/tmp/.X11-unix/X{number}") and time.monotonic() < until:
                time.sleep(0.05)
            yield f":{number}"
        finally:
            end_group(screen)


def write(file: pathlib.Path, results: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")
