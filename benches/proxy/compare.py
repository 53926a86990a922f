#!/usr/bin/env python3
"""Processor time per request of Spigot, HAProxy and nginx as reverse proxies, side by side in one run.

    apt-get install nginx haproxy wrk openssl
    cargo build --release
    benches/proxy/compare.py                     # 1 KiB GETs over keep-alive HTTP/1.1
    benches/proxy/compare.py --tls               # the same inside TLS
    benches/proxy/compare.py --spigot target/handed-out/spigot --rounds 9    # after scripts/dist

Load generator, proxy and upstream share one processor. Each round gives every proxy its turn, so that what else the
machine does falls on all of them alike; what is compared is the median over the rounds of each proxy's own processor
time (user and system, from /proc), divided by the requests that were answered. Spigot runs its shipped policy with
counters, decisions and events; HAProxy one stick table with a rule on it; nginx proxy_pass with limit_req. The limits
of all three are far above the load, since a refusal is cheaper than a request that passes.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
UPSTREAM, PLAIN = 18000, {"spigot": 18001, "haproxy": 18002, "nginx": 18003}
SECURE = {"spigot": 18011, "haproxy": 18012, "nginx": 18013}
ADMIN = 18020


def configurations(folder, tls):
    """What each program is started with."""
    pem, key, both = folder / "cert.pem", folder / "key.pem", folder / "both.pem"
    if tls:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", key, "-out", pem, "-days", "2", "-subj", "/CN=localhost"],
            check=True, capture_output=True)
        both.write_bytes(pem.read_bytes() + key.read_bytes())
    (folder / "page").write_text("x" * 1024)
    nginx(folder, "upstream", f"""
  server {{ listen 127.0.0.1:{UPSTREAM}; root {folder}; open_file_cache max=10; }}""")
    listen = f"{SECURE['nginx']} ssl; ssl_certificate {pem}; ssl_certificate_key {key}" if tls else str(PLAIN["nginx"])
    nginx(folder, "nginx", f"""
  limit_req_zone $binary_remote_addr zone=z:10m rate=1000000r/s;
  upstream u {{ server 127.0.0.1:{UPSTREAM}; keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{listen};
    location / {{ limit_req zone=z burst=100000 nodelay; proxy_pass http://u; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }} }}""")
    bind = f"127.0.0.1:{SECURE['haproxy']} ssl crt {both} alpn http/1.1" if tls else f"127.0.0.1:{PLAIN['haproxy']}"
    (folder / "haproxy.cfg").write_text(f"""
global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  option forwardfor
  http-reuse always
frontend f
  bind {bind}
  stick-table type ip size 1m expire 20m store http_req_rate(20m)
  http-request track-sc0 src
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 2000000000 }}
  default_backend b
backend b
  server u 127.0.0.1:{UPSTREAM}
""")
    secure = f"""
[tls]
listen = "127.0.0.1:{SECURE['spigot']}"
certificate = "{pem}"
key = "{key}"
""" if tls else ""
    (folder / "spigot.toml").write_text(f"""
listen = "127.0.0.1:{PLAIN['spigot']}"
admin = "127.0.0.1:{ADMIN}"
upstream = "http://127.0.0.1:{UPSTREAM}"
data = "{folder}/data"
threads = 1
{policy()}
{secure}
[bounds]
connections_per_address = 2000
""")


def nginx(folder, name, servers):
    """The configuration of an nginx with one worker, which closes no connection by itself."""
    (folder / f"{name}.conf").write_text(f"""
worker_processes 1; daemon off; error_log {folder}/{name}.log warn; pid {folder}/{name}.pid;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 100000000;
  {servers} }}""")


def policy():
    """The shipped policy with every count in place; only the numbers are out of reach."""
    text = (ROOT / "policies/default.toml").read_text()
    text = text.replace("at_least = 2000", "at_least = 1000000000").replace('rate = "600 per 2s', 'rate = "1000000 per 2s')
    return text.replace(
        "triggers = { traffic_anomaly", 'triggers = { high_frequency = { more_than = 1000000, window = "10s" }, traffic_anomaly', 1)


RAN, WAITED = 0, 1


def scheduled_seconds(pid, what=RAN):
    """How long a process and its children ran so far, or were ready to run and waited; all threads, from the scheduler's
    own clock."""
    total, pids = 0, [pid]
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[what])
                pids += [int(child) for child in (task / "children").read_text().split()]
    return total / 1e9


def start(stack, folder, spigot, ports, before=()):
    """The server and the proxies, listening; `before` is put before each command."""
    commands = {
        "upstream": ["nginx", "-c", folder / "upstream.conf"],
        "spigot": [spigot, "run", "--config", folder / "spigot.toml"],
        "haproxy": ["haproxy", "-f", folder / "haproxy.cfg"],
        "nginx": ["nginx", "-c", folder / "nginx.conf"],
    }
    running = {}
    for program, command in commands.items():
        running[program] = launch(stack, folder, program, [*before, *command], ports.get(program, UPSTREAM))
    return running


def launch(stack, folder, program, command, port):
    """One program, listening, until the stack is left."""
    log = stack.enter_context(open(folder / f"{program}.out", "w"))
    process = subprocess.Popen(command, stdout=log, stderr=log)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    wait_for(port, process, program)
    return process


def wait_for(port, process, name):
    import socket
    for _ in range(200):
        if process.poll() is not None:
            sys.exit(f"{name} ended at once; run it by hand with its file to see why")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    sys.exit(f"{name} does not listen on {port}")


def load(url, seconds, connections, processor, fields=()):
    """Answers counted by wrk; anything but a success makes the figure worthless, so it ends the run."""
    head = [word for field in fields for word in ("-H", field)]
    out = subprocess.run(
        ["taskset", "-c", processor, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *head, url],
        check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"{url} did not only answer with success:\n{out}")
    return int(re.search(r"(\d+) requests in", out).group(1))


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--spigot", default=str(ROOT / "target/release/spigot"))
    about.add_argument("--rounds", type=int, default=7)
    about.add_argument("--seconds", type=int, default=2)
    about.add_argument("--connections", type=int, default=32)
    about.add_argument("--processor", default="0")
    about.add_argument("--tls", action="store_true")
    options = about.parse_args()
    for tool in ["nginx", "haproxy", "wrk", "taskset", "openssl"]:
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: apt-get install nginx haproxy wrk util-linux openssl")
    ports, scheme = (SECURE, "https") if options.tls else (PLAIN, "http")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        configurations(folder, options.tls)
        running = start(stack, folder, options.spigot, ports, ["taskset", "-c", options.processor])
        results = {program: [] for program in ports}
        for number in range(options.rounds + 1):
            for program, port in ports.items():
                before = scheduled_seconds(running[program].pid)
                answered = load(f"{scheme}://127.0.0.1:{port}/page", options.seconds, options.connections, options.processor)
                used = scheduled_seconds(running[program].pid) - before
                if number > 0:  # the first round warms up
                    results[program].append((used / answered * 1e6, answered / options.seconds))
        with urllib.request.urlopen(f"http://127.0.0.1:{ADMIN}/metrics") as answer:
            decided = sum(int(n) for n in re.findall(r"^spigot_requests_total\{[^}]*\} (\d+)", answer.read().decode(), re.M))
        medians = {program: statistics.median(each[0] for each in rounds) for program, rounds in results.items()}
        print(f"{'':8} µs/request  (least – most)   requests/s")
        for program, rounds in results.items():
            micros = [each[0] for each in rounds]
            rate = statistics.median(each[1] for each in rounds)
            print(f"{program:8} {medians[program]:10.2f}  ({min(micros):.2f} – {max(micros):.2f})  {rate:11.0f}")
        print(f"spigot / haproxy {medians['spigot'] / medians['haproxy']:.2f}, spigot / nginx {medians['spigot'] / medians['nginx']:.2f}"
              f"; Spigot took {decided} decisions")


if __name__ == "__main__":
    main()
