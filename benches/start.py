#!/usr/bin/env python3
"""From the start of the process to its first answer, and the memory that it holds when nothing happens.

    cargo build --release
    benches/start.py [--spigot target/release/spigot] [--turns 11]

`spigot run` with the shipped policy in front of a server of this program's own, a fresh data folder each time; beside it
with the folder of the turn before, which has keys and tables already. Bounds: 200 ms to the first answer, 40 MiB resident
when idle (after two seconds without a request). It ends with 1 when the median of either is over its bound.
"""

import argparse
import http.server
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

FIRST_ANSWER_MS_MAX = 200
IDLE_MIB_MAX = 40
IDLE_SECONDS = 2
GIVE_UP_SECONDS = 30


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def first_answer(port, begun):
    """Milliseconds until a request is answered with 200."""
    while time.monotonic() - begun < GIVE_UP_SECONDS:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
                one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: start.py\r\nConnection: close\r\n\r\n")
                if one.recv(64).startswith(b"HTTP/1.1 200"):
                    return (time.monotonic() - begun) * 1000
        except ConnectionRefusedError:
            time.sleep(0.001)
    raise SystemExit("it gave no answer")


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("no VmRSS")


def turn(spigot, folder, upstream):
    port = free_port()
    config = folder / "spigot.toml"
    config.write_text(
        f'listen = "127.0.0.1:{port}"\nupstream = "http://127.0.0.1:{upstream}"\ndata = "{folder / "data"}"\n'
    )
    begun = time.monotonic()
    process = subprocess.Popen([spigot, "run", "--config", str(config)], stderr=subprocess.DEVNULL)
    try:
        millis = first_answer(port, begun)
        time.sleep(IDLE_SECONDS)
        return millis, resident_mib(process.pid)
    finally:
        process.terminate()
        process.wait()


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parent.parent
    about.add_argument("--spigot", default=str(root / "target/release/spigot"))
    about.add_argument("--turns", type=int, default=11)
    options = about.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    over = False
    for name, again in (("a fresh folder", False), ("the same folder", True)):
        millis, mib = [], []
        with tempfile.TemporaryDirectory() as kept:
            for _ in range(options.turns):
                with tempfile.TemporaryDirectory() as fresh:
                    folder = pathlib.Path(kept if again else fresh)
                    found = turn(options.spigot, folder, server.server_address[1])
                    millis.append(found[0])
                    mib.append(found[1])
        time_median, memory_median = statistics.median(millis), statistics.median(mib)
        over |= time_median > FIRST_ANSWER_MS_MAX or memory_median > IDLE_MIB_MAX
        print(
            f"{name:15} first answer {time_median:6.1f} ms median of {options.turns}, {max(millis):.1f} at most;"
            f" idle {memory_median:.1f} MiB median, {max(mib):.1f} at most"
        )
    sys.exit(over)


if __name__ == "__main__":
    main()
