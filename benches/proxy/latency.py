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


def waited_seconds(pid):
    """Time that a process's threads, and its children's, were ready to run and did not."""
    total, pids = 0, [pid]
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[1])
                pids += [int(child) for child in (task / "children").read_text().split()]
    return total / 1e9


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--spigot", default=str(compare.ROOT / "target/dist/spigot"))
    about.add_argument("--latency", default=str(compare.ROOT / "target/dist/latency"))
    options = about.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        compare.configurations(folder, False)
        commands = {
            "upstream": ["nginx", "-c", folder / "upstream.conf"],
            "spigot": [options.spigot, "run", "--config", folder / "spigot.toml"],
            "haproxy": ["haproxy", "-f", folder / "haproxy.cfg"],
            "nginx": ["nginx", "-c", folder / "nginx.conf"],
        }
        running = {}
        for program, command in commands.items():
            log = stack.enter_context(open(folder / f"{program}.out", "w"))
            running[program] = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(running[program].wait)
            stack.callback(running[program].terminate)
            compare.wait_for(compare.PLAIN.get(program, compare.UPSTREAM), running[program], program)
        before = {program: waited_seconds(process.pid) for program, process in running.items()}
        addresses = [f"127.0.0.1:{port}" for port in [compare.UPSTREAM, *compare.PLAIN.values()]]
        subprocess.run([options.latency, "/page", *addresses], check=True)
        print("in order: the server itself,", ", ".join(compare.PLAIN))
        for program, process in running.items():
            print(f"{program:8} waited {waited_seconds(process.pid) - before[program]:.2f} s for a processor in all")


if __name__ == "__main__":
    main()
