#!/usr/bin/env python3
"""Counts the instructions of a decision again, and compares with instructions.txt.

    cargo build --release -p spigot-benches
    benches/count.py

Needs valgrind. The difference of two runs divided by the difference of their requests, so that start-up does not count. It
ends with 1 when there are over 5 in a hundred more than the record says; with fewer, write the new count there.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target/release/decision"
RECORD = ROOT / "benches/instructions.txt"
FEW, MANY = 20_000, 40_000
GROWTH_MAX = 1.05


def instructions(requests):
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", PROGRAM, str(requests)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return int(re.search(r"Collected : (\d+)", said)[1])


def main():
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM} is not there: cargo build --release -p spigot-benches")
    recorded = int(re.search(r"^decision .* (\d+)$", RECORD.read_text(), re.M)[1])
    counted = (instructions(MANY) - instructions(FEW)) // (MANY - FEW)
    print(f"a decision: {counted} instructions, {recorded} recorded")
    sys.exit(counted > recorded * GROWTH_MAX)


main()
