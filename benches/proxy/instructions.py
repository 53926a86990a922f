#!/usr/bin/env python3
"""User instructions per request of Spigot, HAProxy and nginx as reverse proxies, counted by callgrind.

    apt-get install nginx haproxy wrk openssl valgrind
    cargo build --profile dist
    benches/proxy/instructions.py                # 1 KiB GETs over keep-alive HTTP/1.1
    benches/proxy/instructions.py --tls --programs spigot
    benches/proxy/instructions.py --doors        # what a server beside asks, and nginx's own empty 204

The same set-up as compare.py, whose figures depend on the machine and on what else it does; these do not. The kernel's
part is not in them. Counted between two dumps, so that start-up and warming up do not count; for Spigot also by thread,
where "events" is what writes them. The dumps stay in --keep for callgrind_annotate.
"""

import argparse
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import compare
import doors


def counts(folder):
    """Instructions by thread, of the dumps that were made last."""
    found = {}
    for dump in folder.glob("callgrind.out.*"):
        text = dump.read_text(errors="replace")
        number = re.search(r"^thread: (\d+)", text, re.M)
        total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
        part = re.search(r"^part: (\d+)", text, re.M)
        if total and part:
            found[(int(part[1]), int(number[1]) if number else 1)] = int(total[1])
    last = max((part for part, _ in found), default=0)
    return {thread: total for (part, thread), total in found.items() if part == last}


def dump(pid):
    subprocess.run(["callgrind_control", "--dump", str(pid)], check=True, capture_output=True)
    time.sleep(0.5)


def child_or_self(process):
    """A master's worker is what serves."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0]) if children else process.pid


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--spigot", default=str(compare.ROOT / "target/dist/spigot"))
    about.add_argument("--seconds", type=int, default=6)
    about.add_argument("--connections", type=int, default=32)
    about.add_argument("--programs", default="spigot,haproxy,nginx")
    about.add_argument("--keep", type=pathlib.Path)
    about.add_argument("--tls", action="store_true")
    about.add_argument("--doors", action="store_true")
    options = about.parse_args()
    if options.doors:
        return count_doors(options)
    ports, scheme = (compare.SECURE, "https") if options.tls else (compare.PLAIN, "http")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        compare.configurations(folder, options.tls)
        nginx = (folder / "nginx.conf").read_text().replace("daemon off;", "daemon off; master_process off;")
        (folder / "nginx.conf").write_text(nginx)
        commands = {
            "spigot": [options.spigot, "run", "--config", folder / "spigot.toml"],
            "haproxy": ["haproxy", "-f", folder / "haproxy.cfg"],
            "nginx": ["nginx", "-c", folder / "nginx.conf"],
        }
        upstream = subprocess.Popen(["nginx", "-c", folder / "upstream.conf"])
        try:
            compare.wait_for(compare.UPSTREAM, upstream, "upstream")
            for program in options.programs.split(","):
                count(program, commands[program], f"{scheme}://127.0.0.1:{ports[program]}/page", ports[program],
                      folder, options)
        finally:
            upstream.terminate()
            upstream.wait()


def count_doors(options):
    """An allowed request's answer, as nginx asks for it, beside nginx's empty 204."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        doors.configurations(folder)
        empty = (folder / "empty.conf").read_text().replace("daemon off;", "daemon off; master_process off;")
        (folder / "empty.conf").write_text(empty)
        spigot = [options.spigot, "run", "--config", folder / "spigot.toml"]
        count("nginx 204", ["nginx", "-c", folder / "empty.conf"], f"http://127.0.0.1:{doors.EMPTY}/page", doors.EMPTY,
              folder, options, doors.FIELDS)
        port = doors.DOORS["nginx"]
        count("door nginx", spigot, f"http://127.0.0.1:{port}/check", port, folder, options, doors.FIELDS)


def count(program, command, url, port, folder, options, fields=()):
    out = options.keep / program if options.keep else folder / f"callgrind-{program}"
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("callgrind.out*"):
        old.unlink()
    with open(folder / f"{program}.out", "w") as log:
        process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}/callgrind.out",
             *command], stdout=log, stderr=log)
    try:
        compare.wait_for(port, process, program)
        compare.load(url, 3, options.connections, "0,1", fields)
        dump(process.pid)
        answered = compare.load(url, options.seconds, options.connections, "0,1", fields)
        # What was recorded last is written within a second.
        time.sleep(3)
        dump(process.pid)
        found = {thread: total / answered for thread, total in counts(out).items()}
    finally:
        process.terminate()
        process.wait()
    parts = ", ".join(f"thread {thread} {each:,.0f}" for thread, each in sorted(found.items()) if each >= 100)
    print(f"{program:12} {sum(found.values()):10,.0f} user instructions per request ({answered} requests; {parts})")


if __name__ == "__main__":
    main()
