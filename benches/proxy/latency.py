#!/usr/bin/env python3
"""Latency that Spigot, HAProxy and nginx add at half of Spigot's load, side by side in one run.

    apt-get install nginx haproxy
    cargo build --profile dist && cargo build --profile dist -p spigot-benches --bin latency
    benches/proxy/latency.py

The set-up of compare.py, not bound to a processor. Beside the percentiles it prints how long each proxy's threads were
ready to run and had to wait for a processor (/proc, schedstat), for each request of their turns: what of a latency is
the machine's, because generator, proxies and server share its processors.
"""

import argparse
import contextlib
import pathlib
import subprocess
import tempfile

import compare


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--spigot", default=str(compare.ROOT / "target/dist/spigot"))
    about.add_argument("--latency", default=str(compare.ROOT / "target/dist/latency"))
    options = about.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        compare.configurations(folder, False)
        running = compare.start(stack, folder, options.spigot, compare.PLAIN)

        def waited(program):
            return compare.scheduled_seconds(running[program].pid, compare.WAITED)

        before = {program: waited(program) for program in running}
        addresses = [f"127.0.0.1:{port}" for port in [compare.UPSTREAM, *compare.PLAIN.values()]]
        subprocess.run([options.latency, "/page", *addresses], check=True)
        print("in order: the server itself,", ", ".join(compare.PLAIN))
        for program in running:
            print(f"{program:8} waited {waited(program) - before[program]:.2f} s for a processor in all")


if __name__ == "__main__":
    main()
