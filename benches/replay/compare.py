#!/usr/bin/env python3
"""Lines per second of processor time of `spigot replay` and of GoAccess over one access log, side by side in one run.

    apt-get install goaccess
    cargo build --release
    benches/replay/compare.py ACCESS.LOG[.gz]

Each round runs both over the same plain file; what is compared is the median of each program's own processor time
(user and system), start included. Spigot decides every line by its shipped policy; GoAccess counts.
"""

import argparse
import gzip
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def processor_seconds(command):
    """Runs to the end and returns user and system time; anything but success ends the comparison."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("log", type=pathlib.Path)
    about.add_argument("--spigot", default=str(ROOT / "target/release/spigot"))
    about.add_argument("--rounds", type=int, default=7)
    options = about.parse_args()
    if not shutil.which("goaccess"):
        sys.exit("goaccess is missing: apt-get install goaccess")
    with tempfile.TemporaryDirectory() as name:
        plain = pathlib.Path(name) / "access.log"
        opened = gzip.open(options.log) if options.log.suffix == ".gz" else open(options.log, "rb")
        with opened as source, open(plain, "wb") as target:
            shutil.copyfileobj(source, target)
        with open(plain, "rb") as file:
            lines = sum(1 for _ in file)
        commands = {
            "spigot": [options.spigot, "replay", plain],
            "goaccess": ["goaccess", plain, "--log-format=COMBINED", "--no-progress", "-o", f"{name}/report.json"],
        }
        times = {program: [] for program in commands}
        for number in range(options.rounds + 1):
            for program, command in commands.items():
                seconds = processor_seconds(command)
                if number > 0:  # the first round warms up
                    times[program].append(seconds)
        rates = {program: lines / statistics.median(seconds) for program, seconds in times.items()}
        for program, rate in rates.items():
            print(f"{program:8} {rate:12,.0f} lines per processor second  (best {lines / min(times[program]):,.0f})")
        print(f"spigot / goaccess {rates['spigot'] / rates['goaccess']:.1f} over {lines:,} lines")


if __name__ == "__main__":
    main()
