#!/usr/bin/env python3
"""Holds every SDK to the shared vectors, and its middleware to a running Spigot. `sdks/test` installs and builds what it
needs.

    sdks/check.py [SDK…]
"""

import sys
import time

from harness import middleware, vectors
from harness.sdks import SDKS


def main(names):
    failed = False
    for sdk in SDKS:
        if names and sdk.name not in names:
            continue
        for what, run in (("vectors", vectors.run), ("middleware", middleware.run)):
            begun = time.monotonic()
            ran, wrong = run(sdk)
            failed |= bool(wrong)
            for line in wrong:
                print(f"{sdk.name}: {line}")
            print(f"{sdk.name}: {what}: {ran} checks, {len(wrong)} wrong, {time.monotonic() - begun:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
