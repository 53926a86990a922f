#!/usr/bin/env python3
"""Holds every SDK to the shared vectors, and its middleware to a running Spigot. `sdks/test` installs and builds what it
needs.

    sdks/check.py [SDK…]
"""

import sys
import time

from harness import app_client, metadata, middleware, paths, published, starts, vectors
from harness.sdks import APPS, SDKS


SERVERS = {
    "vectors": vectors.run, "start": starts.run, "middleware": middleware.run, "paths": paths.run, "package": published.run,
}
CLIENTS = {"app": app_client.run, "package": published.run}


def main(names):
    ran, wrong = metadata.run()
    failed = bool(wrong)
    for line in wrong:
        print(line)
    print(f"every package: what it says of itself: {ran} checks, {len(wrong)} wrong", flush=True)
    checks = [(sdk, SERVERS) for sdk in SDKS] + [(sdk, CLIENTS) for sdk in APPS]
    for sdk, runs in checks:
        if names and sdk.name not in names:
            continue
        for what, run in runs.items():
            begun = time.monotonic()
            ran, wrong = run(sdk)
            failed |= bool(wrong)
            for line in wrong:
                print(f"{sdk.name}: {line}")
            print(f"{sdk.name}: {what}: {ran} checks, {len(wrong)} wrong, {time.monotonic() - begun:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
