#!/usr/bin/env python3
"""Processor time of a door's answer to a request that passes, beside nginx that answers an empty 204 itself.

    apt-get install nginx haproxy wrk nghttp2-client
    cargo build --release
    benches/proxy/doors.py
    benches/proxy/doors.py --spigot target/handed-out/spigot --rounds 9    # after scripts/dist

As in compare.py, one processor carries the load and whoever answers, each round gives everybody a turn, and what is
compared is the median over the rounds of a program's own processor time. nginx and the doors get the same bytes: a
browser's fields, and beside them those in which nginx, Caddy and Traefik describe a request. Envoy's call by gRPC goes
over one HTTP/2 connection, as each of Envoy's workers keeps one. The real HAProxy stands in front of a server once
with the script in `integrations/` and once without it; the difference is what asking costs HAProxy.

Spigot counts what it decided. A run in which anything but "allow" came out, or less than was asked, ends without figures.
"""

import argparse
import contextlib
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request

import compare

EMPTY = 18030
DOORS = {"nginx": 18031, "caddy": 18032, "traefik": 18033, "haproxy": 18034, "envoy_grpc": 18035}
ASKING, PLAIN = 18041, 18042
BROWSER = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.5",
    "accept-encoding": "gzip, deflate, br, zstd",
    "upgrade-insecure-requests": "1",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "none",
    "sec-fetch-user": "?1",
}
DESCRIBED = {
    "x-original-method": "GET",
    "x-original-uri": "/page",
    "x-real-ip": "192.0.2.7",
    "x-forwarded-method": "GET",
    "x-forwarded-uri": "/page",
    "x-forwarded-host": "shop.example",
    "x-forwarded-proto": "http",
    "x-forwarded-for": "192.0.2.7",
}
FIELDS = [f"{name}: {value}" for name, value in (BROWSER | DESCRIBED).items()]


def bytes_field(number, content):
    """A field of a protocol buffers message; lengths here need two bytes at most."""
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([number << 3 | 2]) + size + content


def check_request():
    """Envoy's question, framed for gRPC (envoy/service/auth/v3/attribute_context.proto)."""
    def text(number, content):
        return bytes_field(number, content.encode())

    headers = {":method": "GET", ":path": "/page", ":authority": "shop.example", ":scheme": "http"} | BROWSER
    http = text(1, "1") + text(2, "GET")
    for name, value in headers.items():
        http += bytes_field(3, text(1, name) + text(2, value))
    http += text(4, "/page") + text(5, "shop.example") + text(6, "http") + text(10, "HTTP/1.1")
    source = bytes_field(1, bytes_field(1, text(2, "192.0.2.7")))
    message = bytes_field(1, bytes_field(1, source) + bytes_field(4, bytes_field(2, http)))
    return b"\0" + len(message).to_bytes(4, "big") + message


def listening():
    """The tables of the doors, for Spigot's file."""
    return "".join(f'[[door]]\nkind = "{kind}"\nlisten = "127.0.0.1:{port}"\n' for kind, port in DOORS.items())


def configurations(folder):
    """What each program is started with."""
    (folder / "page").write_text("x" * 1024)
    (folder / "question").write_bytes(check_request())
    compare.nginx(folder, "upstream", f"""
  server {{ listen 127.0.0.1:{compare.UPSTREAM}; root {folder}; open_file_cache max=10; }}""")
    compare.nginx(folder, "empty", f"server {{ listen 127.0.0.1:{EMPTY}; location / {{ return 204; }} }}")
    (folder / "spigot.toml").write_text(f"""
admin = "127.0.0.1:{compare.ADMIN}"
data = "{folder}/data"
threads = 1
{compare.policy()}
{listening()}
[bounds]
connections_per_address = 2000
""")
    shipped = compare.ROOT / "integrations/haproxy"
    script = replaced((shipped / "spigot.lua").read_text(), {"127.0.0.1:8084": f"127.0.0.1:{DOORS['haproxy']}"})
    (folder / "spigot.lua").write_text(script)
    asking = replaced((shipped / "haproxy.cfg").read_text(), {
        "global\n": "global\n    nbthread 1\n    maxconn 2000\n",
        "/etc/haproxy": str(folder),
        ":80\n": f"127.0.0.1:{ASKING}\n",
        "127.0.0.1:8084": f"127.0.0.1:{DOORS['haproxy']}",
        "127.0.0.1:3000": f"127.0.0.1:{compare.UPSTREAM}",
    })
    (folder / "asking.cfg").write_text(asking)
    plain = {"    http-request lua.spigot unless spigot_own\n": "", f"127.0.0.1:{ASKING}": f"127.0.0.1:{PLAIN}"}
    (folder / "plain.cfg").write_text(replaced(asking, plain))


def replaced(text, changes):
    """A shipped file with other addresses; each of them has to be in it."""
    for old, new in changes.items():
        if old not in text:
            sys.exit(f"the shipped configuration says {old!r} nowhere any more")
        text = text.replace(old, new)
    return text


def calls(count, folder, processor):
    """Calls by gRPC that were answered; one that was not ends the run."""
    fields = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    url = f"http://127.0.0.1:{DOORS['envoy_grpc']}/envoy.service.auth.v3.Authorization/Check"
    out = subprocess.run(
        ["taskset", "-c", processor, "h2load", "-c1", "-m32", f"-n{count}", "-d", folder / "question", *fields, url],
        check=True, capture_output=True, text=True).stdout
    if f" {count} succeeded" not in out or f"{count} 2xx" not in out:
        sys.exit(f"not every call was answered:\n{out}")
    return count


def decisions():
    """What Spigot decided so far, by action."""
    with urllib.request.urlopen(f"http://127.0.0.1:{compare.ADMIN}/metrics") as answer:
        text = answer.read().decode()
    return {action: int(n) for action, n in re.findall(r'^spigot_requests_total\{action="(\w+)"\} (\d+)', text, re.M)}


def run(folder, stack, options):
    """For each who was asked, processor time per answer in µs, round by round."""
    def launch(name, port, *command):
        return compare.launch(stack, folder, name, ["taskset", "-c", options.processor, *command], port)

    def wrk(port):
        url = f"http://127.0.0.1:{port}/page" if port in (EMPTY, ASKING, PLAIN) else f"http://127.0.0.1:{port}/check"
        return compare.load(url, options.seconds, options.connections, options.processor, FIELDS)

    launch("upstream", compare.UPSTREAM, "nginx", "-c", folder / "upstream.conf")
    empty = launch("empty", EMPTY, "nginx", "-c", folder / "empty.conf")
    spigot = launch("spigot", DOORS["nginx"], options.spigot, "run", "--config", folder / "spigot.toml")
    asking = launch("asking", ASKING, "haproxy", "-f", folder / "asking.cfg")
    plain = launch("plain", PLAIN, "haproxy", "-f", folder / "plain.cfg")
    turns = {
        "nginx, 204": (empty, lambda: wrk(EMPTY)),
        "door: nginx": (spigot, lambda: wrk(DOORS["nginx"])),
        "door: caddy": (spigot, lambda: wrk(DOORS["caddy"])),
        "door: traefik": (spigot, lambda: wrk(DOORS["traefik"])),
        "door: envoy_grpc": (spigot, lambda: calls(options.calls, folder, options.processor)),
        "HAProxy": (plain, lambda: wrk(PLAIN)),
        "HAProxy, asking": (asking, lambda: wrk(ASKING)),
    }
    results = {name: [] for name in turns}
    for number in range(options.rounds + 1):
        for name, (process, turn) in turns.items():
            allowed = decisions().get("allow", 0)
            before = compare.scheduled_seconds(process.pid)
            answered = turn()
            used = compare.scheduled_seconds(process.pid) - before
            if name.startswith(("door", "HAProxy, ")) and decisions().get("allow", 0) - allowed < answered:
                sys.exit(f"{name}: Spigot decided less often than it was asked")
            if number > 0:  # the first round warms up
                results[name].append(used / answered * 1e6)
    others = {action: count for action, count in decisions().items() if action != "allow" and count}
    if others:
        sys.exit(f"not everything was allowed: {others}")
    return results


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--spigot", default=str(compare.ROOT / "target/release/spigot"))
    about.add_argument("--rounds", type=int, default=7)
    about.add_argument("--seconds", type=int, default=2)
    about.add_argument("--calls", type=int, default=40_000, help="by gRPC, in each round")
    about.add_argument("--connections", type=int, default=32)
    about.add_argument("--processor", default="0")
    options = about.parse_args()
    for tool in ["nginx", "haproxy", "wrk", "taskset", "h2load"]:
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: apt-get install nginx haproxy wrk util-linux nghttp2-client")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        configurations(folder)
        results = run(folder, stack, options)
    median = {name: statistics.median(rounds) for name, rounds in results.items()}
    print(f"{'':17} µs/answer  (least – most)   to nginx's 204")
    for name, rounds in results.items():
        print(f"{name:17} {median[name]:9.2f}  ({min(rounds):.2f} – {max(rounds):.2f})  {median[name] / median['nginx, 204']:8.2f}")
    print(f"the script costs HAProxy {median['HAProxy, asking'] - median['HAProxy']:.2f} µs for each request")


if __name__ == "__main__":
    main()
