"""What came of it, as tables for people; the JSON beside them holds the same and more."""

import collections
import statistics
from typing import Any

from . import threats

GUARDED = {"007", "008", "019"}


def policy(run: dict[str, Any]) -> str:
    """One run: attacks, people, and the targets where it has some."""
    return _attacks(run) + _sessions(run) + _targets(run)


def closing(runs: list[dict[str, Any]]) -> str:
    """The policies side by side, and what was not attacked."""
    return "\n\n".join(part for part in (_compared(runs), _not_applicable()) if part)


def _compared(runs: list[dict[str, Any]]) -> str:
    if len(runs) < 2:
        return ""
    names = list(dict.fromkeys(row["name"] for run in runs for row in run["attacks"]))
    through = [{row["name"]: percent(row["through"]) for row in run["attacks"]} for run in runs]
    rows = [[name, *(of.get(name, "-") for of in through)] for name in names]
    for label, key in (("people challenged", "invisibly"), ("people challenged visibly", "visibly"), ("people blocked", "blocked")):
        rows.append([label, *(percent(shares(run["sessions"])[key]) if run["sessions"] else "-" for run in runs)])
    return "Share of attempts that got through, by policy\n\n" + table(["", *(run["preset"] for run in runs)], rows)


def _attacks(result: dict[str, Any]) -> str:
    title = f"Policy: {result['preset']} ({result['seconds']} s)"
    if not result["attacks"]:
        return title
    head = ["attack", "tool", "effort", "OAT", "tried", "reached", "through", "cpu s", "requests", "identities", "solved"]
    rows = [[
        row["name"], row["tool"], row["effort"], "+".join(row["oats"]), str(row["tried"]), str(row["reached"]),
        percent(row["through"]), _each(row["processor_seconds_each"]), _each(row["requests_each"]),
        _each(row["identities_each"]), str(row["challenges_solved"]),
    ] for row in result["attacks"]]
    return f"{title}\n\n{table(head, rows)}\n\ncpu s, requests and identities are per attempt that reached its aim.\n"


def _sessions(result: dict[str, Any]) -> str:
    if not result["sessions"]:
        return ""
    groups: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    for met in result["sessions"]:
        groups[met["kind"]].append(met)
    head = ["sessions", "count", "finished", "challenged", "visibly", "slowed", "blocked", "first page", "check ms"]
    rows = [_group(kind, members) for kind, members in sorted(groups.items())]
    rows.append(_group("all", result["sessions"]))
    return "\n" + table(head, rows) + "\n"


def _group(kind: str, members: list[dict[str, Any]]) -> list[str]:
    share = shares(members)
    checks = [millis for met in members for millis in met.get("check_millis", [])]
    names = ["finished", "invisibly", "visibly", "slowed", "blocked", "first_page"]
    return [kind, str(len(members)), *(percent(share[name]) for name in names),
            str(round(statistics.median(checks))) if checks else "-"]


def shares(members: list[dict[str, Any]]) -> dict[str, float]:
    """Shares of sessions that met each thing at least once."""
    count = max(1, len(members))

    def share(name: str) -> float:
        return sum(bool(met.get(name)) for met in members) / count

    return {
        "finished": share("finished"), "invisibly": share("invisible"), "visibly": share("visible"),
        "slowed": share("slowed"), "blocked": share("blocked"), "first_page": share("first_hindered"),
        "first_visibly": share("first_visible"),
    }


def targets(run: dict[str, Any]) -> list[dict[str, Any]]:
    """What the shipped policy is held to, each with what was measured; none for other policies."""
    if run["preset"] != "shipped":
        return []
    found = []
    for effort, most in (("script", 0.01), ("browser", 0.10)):
        rows = [row for row in run["attacks"] if row["effort"] == effort and GUARDED & set(row["oats"])]
        tried, reached = sum(row["tried"] for row in rows), sum(row["reached"] for row in rows)
        if tried:
            worst = max(rows, key=lambda row: row["through"])
            found.append(_target(f"stuffing, cracking, account creation by a {effort}", reached / tried, most,
                                 f"worst: {worst['name']} {percent(worst['through'])}"))
    if run["sessions"]:
        share, count = shares(run["sessions"]), len(run["sessions"])
        of = f"of {count} sessions"
        found.append(_target("sessions blocked", share["blocked"], 0.0, of))
        found.append(_target("sessions challenged visibly", share["visibly"], 0.01, of))
        found.append(_target("challenged visibly, slowed or blocked on the first visit to a low-risk page",
                             share["first_visibly"], 0.0, f"{of}; {percent(share['first_page'] - share['first_visibly'])} met a check that passed by itself"))
    return found


def _target(name: str, measured: float, most: float, more: str) -> dict[str, Any]:
    met = measured < most if most else measured == 0
    return {"target": name, "measured": round(measured, 4), "most": most, "met": met, "more": more}


def _targets(run: dict[str, Any]) -> str:
    rows = [[each["target"], percent(each["measured"]), f"under {percent(each['most'])}" if each["most"] else "none",
             "met" if each["met"] else "MISSED", each["more"]] for each in run["targets"]]
    if not rows:
        return ""
    return "\nTargets\n\n" + table(["target", "measured", "wanted", "", ""], rows) + "\n"


def _not_applicable() -> str:
    lines = [f"OAT-{code} {threats.NAMES[code]}: {why}." for code, why in threats.NOT_APPLICABLE.items()]
    return "What does not apply\n\n" + "\n".join(lines)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _each(cost: float | None) -> str:
    return "-" if cost is None else f"{cost:.2f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as their widest cell; what begins with a digit is set right."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]

    def line(cells: list[str]) -> str:
        parts = [cell.rjust(width) if cell[:1].isdigit() or cell == "-" else cell.ljust(width)
                 for cell, width in zip(cells, widths)]
        return "  ".join(parts).rstrip()

    return "\n".join([line(head), *map(line, rows)])
