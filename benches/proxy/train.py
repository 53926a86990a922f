#!/usr/bin/env python3
"""Gives Spigot a bit of everything that it does all day, so that a compiler that watches learns what is worth making fast.

    apt-get install nginx wrk nghttp2-client openssl
    scripts/dist                                 # builds what watches, runs this, and builds what is handed out
    benches/proxy/train.py --spigot target/…/spigot

Pages, forms and JSON over kept connections, in the clear and inside TLS, pages over HTTP/2, from a browser and from
programs; visitors who are asked for a proof; the doors of doors.py; and an access log replayed. Nothing is measured, but
what is not answered as it should be ends the run: a refusal is not what is worth making fast.
"""

import argparse
import contextlib
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import compare
import doors

# What wrk asks: several paths and methods, as a shop sees them; one in four writes something.
MIX = """
local n = 0
local function with(kind)
  local fields = {["Content-Type"] = kind}
  for name, value in pairs(wrk.headers) do fields[name] = value end
  return fields
end
local paths = {"/", "/page", "/products/7?colour=blue", "/search?q=lamp", "/static/app.4f3a.js", "/api/items?page=2"}
function request()
  n = n + 1
  if n % 8 == 0 then
    return wrk.format("POST", "/feedback", with("application/x-www-form-urlencoded"), "text=no+" .. n .. "&stars=5")
  elseif n % 8 == 4 then
    return wrk.format("POST", "/api/items", with("application/json"), '{"name":"lamp","n":' .. n .. '}')
  end
  return wrk.format("GET", paths[n % #paths + 1])
end
"""


def configurations(folder):
    compare.configurations(folder, True)
    compare.nginx(folder, "upstream", f"""
  server {{ listen 127.0.0.1:{compare.UPSTREAM}; root {folder}; open_file_cache max=10; error_page 405 =200 $uri;
    location = /page {{ }} location / {{ default_type text/html; return 200 "{'<p>A page of a shop. ' * 60}"; }} }}""")
    served = (folder / "spigot.toml").read_text().replace("threads = 1\n", "threads = 2\n")
    # As in compare.py, counts are out of reach: those of the shipped policy's own routes as well.
    served = re.sub(r"more_than = \d+", "more_than = 1000000", served)
    (folder / "spigot.toml").write_text(served + doors.listening())
    (folder / "mix.lua").write_text(MIX)
    (folder / "question").write_bytes(doors.check_request())


def log(path):
    """An access log of people, programs and somebody who guesses passwords; the same each time."""
    chance = random.Random(7)
    lines = []
    for n in range(60_000):
        client = f"198.51.{chance.randrange(40)}.{chance.randrange(250)}"
        asked, status = chance.choice([("GET /", 200), ("GET /page", 200), ("GET /static/app.js", 304), ("GET /gone", 404)])
        if n % 9 == 0:
            client, asked, status = "203.0.113.9", "POST /login", 401
        minute, second = divmod(n // 20, 60)
        hour, minute = divmod(minute, 60)
        agent = chance.choice([doors.BROWSER["user-agent"], "curl/8.5.0", "Mozilla/5.0 (compatible; bingbot/2.0)"])
        lines.append(
            f'{client} - - [03/Feb/2026:{hour:02}:{minute:02}:{second:02} +0000] "{asked} HTTP/1.1" {status} 512 "-" "{agent}"\n')
    path.write_text("".join(lines))


def main():
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--spigot", required=True)
    about.add_argument("--seconds", type=int, default=6, help="for each kind of request")
    options = about.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        configurations(folder)
        compare.launch(stack, folder, "upstream", ["nginx", "-c", folder / "upstream.conf"], compare.UPSTREAM)
        spigot = compare.launch(
            stack, folder, "spigot", [options.spigot, "run", "--config", folder / "spigot.toml"], compare.PLAIN["spigot"])

        def ask(url, *fields, script=False, refused=False):
            head = [word for field in fields for word in ("-H", field)]
            mixed = ["-s", folder / "mix.lua"] if script else []
            command = ["wrk", "-t1", "-c32", f"-d{options.seconds}s", *mixed, *head, url]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            if ("Non-2xx" in out) is not refused or "\n  0 requests in" in out:
                sys.exit(f"{url} did not answer as it should:\n{out}")

        def ask2(url, *more):
            command = ["h2load", "-c4", "-m8", f"-D{options.seconds}", *more, url]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            told = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out)
            if not told or told[1] == "0" or told.group(2, 3, 4) != ("0", "0", "0"):
                sys.exit(f"{url} did not answer as it should:\n{out}")

        plain, secure = f"http://127.0.0.1:{compare.PLAIN['spigot']}", f"https://127.0.0.1:{compare.SECURE['spigot']}"
        browser = [f"{name}: {value}" for name, value in doors.BROWSER.items()]
        for site in (plain, secure):
            ask(f"{site}/page")
            ask(f"{site}/page", *browser)
            ask(site, *browser, script=True)
        ask(secure, *browser, "connection: close")
        ask2(f"{secure}/page", *(word for field in browser for word in ("-H", field)))
        # A route of high risk asks for a proof first.
        ask(f"{plain}/login", *browser, refused=True)
        for kind, port in doors.DOORS.items():
            if kind != "envoy_grpc":
                host = ["x-original-host: shop.example"] if kind == "haproxy" else []
                ask(f"http://127.0.0.1:{port}/check", *doors.FIELDS, *host)
        ask2(f"http://127.0.0.1:{doors.DOORS['envoy_grpc']}/envoy.service.auth.v3.Authorization/Check",
             "-d", folder / "question", "-H", "content-type: application/grpc", "-H", "te: trailers")
        spigot.terminate()
        if spigot.wait() != 0:
            raise SystemExit("Spigot did not end well; what it saw is not used")
        log(folder / "access.log")
        (folder / "replay.toml").write_text('upstream = "http://127.0.0.1:3000"\nextends = "default"\n')
        subprocess.run([options.spigot, "replay", "--config", folder / "replay.toml", folder / "access.log"],
                       check=True, capture_output=True)


if __name__ == "__main__":
    main()
