"""The attack lab: `lab/run --help`."""

import argparse
import datetime
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile

from . import job, measure, presets, report
from .sessions import plan

ROOT = presets.ROOT
BUILD_SECONDS_MAX = 3600


def main() -> None:
    about = argparse.ArgumentParser(
        prog="lab/run", description="Attacks a shop behind Spigot with real tools while people visit it, and says what got through.")
    about.add_argument("--preset", choices=[*presets.NAMES, "all"], help="which policy; all of them when absent (shipped when --quick)")
    about.add_argument("--only", action="append", default=[], metavar="NAME", help="only this attack, or `people`; may be repeated")
    about.add_argument("--quick", action="store_true", help="a smoke version: the shipped policy, a fifth of the attempts, few people")
    about.add_argument("--office", type=int, metavar="PEOPLE",
        help=f"people in the office ({plan.OFFICE}; {plan.OFFICE_COMPARED} before the presets, {plan.OFFICE_QUICK} when quick)")
    about.add_argument("--browsers", type=int, default=2, help="visitors' browsers at a time")
    about.add_argument("--spigot", type=pathlib.Path, help="a built spigot; otherwise a release build is made")
    about.add_argument("--solver", type=pathlib.Path, help="a built solver (example `solve` of spigot-cachewalk)")
    about.add_argument("--seed", type=int, default=20261121)
    about.add_argument("--out", type=pathlib.Path, help="the folder of the JSON; lab/results after a whole run, else its folder `last`")
    told = about.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    spigot, solver = told.spigot or build("spigot"), told.solver or build("solve")
    wanted = [told.preset] if told.preset and told.preset != "all" else presets.NAMES
    if told.quick and told.preset is None:
        wanted = [presets.SHIPPED]
    origin = {"date": datetime.date.today().isoformat(), "machine": machine(), "seed": told.seed}
    whole = not told.quick and not told.only
    out = told.out or ROOT / "lab" / ("results" if whole else "last")
    runs = []
    with tempfile.TemporaryDirectory(prefix="spigot-lab-") as folder:
        options = measure.Options(
            spigot.resolve(), solver.resolve(), pathlib.Path(folder), told.only, told.quick, told.office, told.browsers, told.seed)
        for preset in wanted:
            try:
                run = {**origin, "quick": told.quick, **measure.run(options, preset)}
            finally:
                keep_output(pathlib.Path(folder))
            run["targets"] = report.targets(run)
            measure.write(out / f"{preset}.json", run)
            print(report.policy(run), flush=True)
            runs.append(run)
    print(report.closing(runs))
    sys.exit(0 if all(target["met"] for run in runs for target in run["targets"]) else 1)


def stop(number: int, frame: object) -> None:
    """Ends what runs: all of it is in sessions of its own, so that no signal reaches it by itself."""
    job.STOPPING.set()
    raise SystemExit(128 + number)


def build(what: str) -> pathlib.Path:
    """A release build of the gateway or of the attacker's solver."""
    selection = ["--bin", "spigot"] if what == "spigot" else ["-p", "spigot-cachewalk", "--example", "solve"]
    subprocess.run(["cargo", "build", "--release", "--locked", *selection], cwd=ROOT, check=True, timeout=BUILD_SECONDS_MAX)
    return ROOT / "target/release" / ("spigot" if what == "spigot" else "examples/solve")


def keep_output(folder: pathlib.Path) -> None:
    """What programs said stays until the next run, for whoever wonders."""
    kept = ROOT / "lab/last/output"
    shutil.rmtree(kept, ignore_errors=True)
    for file in folder.glob("*/*.out"):
        into = kept / file.parent.name
        into.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, into)


def machine() -> str:
    """The kind of machine, without its name."""
    model = platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(": ")[2]
            break
    return f"{os.cpu_count()} x {model}"


if __name__ == "__main__":
    main()
