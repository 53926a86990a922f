"""An application behind an SDK's middleware and a running Spigot, as its visitors and those who attack it see it."""

import json
import socket
import threading
import time

from . import bodies
from .driver import Application
from .server import SOON_SECONDS, Spigot
from .solver import solution
from .visitor import BROWSER, HOST, Visitor

# What is said in Spigot's name, in each spelling that some server takes for it.
FORGED = [
    ("X-Spigot-Action", "forged"), ("X-Spigot-Trusted", "forged"), ("X-Spigot-Shadow", "forged"), ("x-spigot_trusted", "forged"),
    ("X_Spigot_Trusted", "forged"), ("X-Captcha-Reason", "forged"), ("x_captcha_reason", "forged"),
]


class Checks:
    """What is wrong, told at the end."""

    def __init__(self):
        self.ran, self.wrong = 0, []

    def __call__(self, holds, what, *seen):
        self.ran += 1
        if not holds:
            self.wrong.append(f"{what}: {' '.join(str(one)[:400] for one in seen)}")


def run(sdk):
    """Every scenario with every middleware of an SDK; how many checks ran, and what differs."""
    check = Checks()
    spigot = Spigot()
    try:
        _, secret = spigot.add_site("shop", "--host", HOST)
        key = spigot.add_key("acme")
        for mode in sdk.serves:
            with Application(sdk, spigot.base, secret, mode=mode) as application:
                _passing(check, mode, application.port)
                _refused(check, mode, application.port)
                _keyed(check, mode, application.port, key)
                bodies.run(check, sdk, mode, application.port)
                if sdk.hands_on:
                    _solved(check, mode, application.port)
            # What becomes of no answer is the middleware's, whichever framework is behind it.
            if mode not in sdk.frameworks:
                _away(check, sdk, mode, secret)
    finally:
        spigot.close()
    return check.ran, check.wrong


def _passing(check, mode, port):
    visitor = Visitor(port)
    status, _, text = visitor.ask("GET", "/shelf?page=2&q=%C3%BC", BROWSER)
    check(status == 200, f"{mode}: a visitor passes", status, text)
    if status != 200:
        return
    seen = json.loads(text)
    headers = dict(seen["headers"])
    check(seen["path"] == "/shelf?page=2&q=%C3%BC", f"{mode}: path and query stay", seen["path"])
    check(headers.get("x-spigot-action") == "allow", f"{mode}: the application is told", headers)
    check(len(headers.get("x-spigot-decision", "")) == 16, f"{mode}: the application knows the decision", headers)
    forged = [*BROWSER.items(), *FORGED]
    status, _, text = visitor.ask("GET", "/shelf", forged)
    check(status == 200 and "forged" not in text, f"{mode}: nobody speaks in Spigot's name", status, text)
    body = b"name=j%C3%B6&text=" + b"x" * 100_000
    form = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"}
    status, _, text = visitor.ask("POST", "/form", form, body)
    check(status == 200 and json.loads(text)["body"] == body.decode(), f"{mode}: a body arrives whole", status, text)


def _refused(check, mode, port):
    visitor = Visitor(port, "127.0.0.2")
    status, headers, text = visitor.ask("GET", "/refused/x", BROWSER)
    check(status == 403 and "text/html" in headers["content-type"], f"{mode}: a page for people", status, headers)
    check("no-store" in headers.get("cache-control", ""), f"{mode}: which nobody keeps", headers)
    status, headers, text = visitor.ask("GET", "/refused/x", {"Accept": "application/json"})
    check(status == 403 and "problem+json" in headers["content-type"], f"{mode}: a problem for programs", status, headers)
    check(json.loads(text)["code"] == "blocked", f"{mode}: with its code", text)
    # No word of the visitor's about who they are changes it.
    for name in (
        "X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP",
        "X-Original-URI", "X-Original-URL", "X-Rewrite-URL",
    ):
        status, _, _ = visitor.ask("GET", "/refused/x", {**BROWSER, name: "10.0.0.1"})
        check(status == 403, f"{mode}: {name} changes nothing", status)
    for path in (
        "//refused/x", "/./refused/x", "/a/../refused/x", "/%72efused/x", "/refused/%78",
        "/;/refused/x", "/refused;a/x", "/a/;/../refused/x", "/%2espigot/x", "//.spigot/x",
        # Below Spigot's own, and out again.
        "/.spigot/../refused/x", "/.spigot/%2e%2e/refused/x", "/.spigot/x/..%2f../refused/x", "/.spigot/x/%2E./../refused/x",
        # What some take for a path and others for an address, or for its end.
        f"http://{HOST}/refused/x", "/shelf#/../refused/x",
    ):
        status, _, text = visitor.ask("GET", path, BROWSER)
        # A server that reads the path before its middleware does gives the application what was judged.
        read = ("/a/refused/x", "/shelf", f"//{HOST}/refused/x")
        cleaned = status == 200 and json.loads(text)["path"] in read
        # An address where a path should be is no question that the service answers.
        check(status in (400, 403, 404, 503) or cleaned, f"{mode}: {path} is the same path", status, text)
    # To an application that resolves nothing these are other paths than those that are judged.
    for path in ("/refused/../shelf", "/refused/x/%2e%2e/../shelf", "/refused/%2E%2E/shelf", "/./shelf", "/refused/..%2fshelf"):
        status, _, text = visitor.ask("GET", path, BROWSER)
        cleaned = status == 200 and json.loads(text)["path"] == "/shelf"
        check(status in (400, 403, 404) or cleaned, f"{mode}: {path} is nothing that passes", status, text)
    # What leads to the service's other addresses is not handed on.
    for path in ("/.spigot/../health", "/.spigot/%2e%2e/v1/decide", "/.spigot/x/../../turnstile/v0/siteverify"):
        status, _, text = visitor.ask("POST", path, {**BROWSER, "Content-Type": "application/json"}, b"{}")
        application = status == 200 and '"path"' in text
        check(status in (400, 403, 404) and "secret" not in text or application, f"{mode}: {path} is not the service's", status, text)
    first = visitor.ask("GET", f"/slow/{mode}", BROWSER)[0]
    status, headers, _ = visitor.ask("GET", f"/slow/{mode}", BROWSER)
    check(status == 429, f"{mode}: a slowed visitor waits", first, status)
    check(int(headers.get("retry-after", "0")) > 0, f"{mode}: and is told how long", headers)
    status, headers, text = visitor.ask("HEAD", "/refused/x", BROWSER)
    check((status, text) == (403, ""), f"{mode}: a question for the head", status, text)


def _keyed(check, mode, port, key):
    """A client's key is for Spigot, and the application does not see it once it is known."""
    end = time.monotonic() + SOON_SECONDS
    while True:
        status, _, text = Visitor(port, "127.0.0.4").ask("GET", "/shelf", {**BROWSER, "Authorization": f"Bearer {key}"})
        if status == 200 and "x-spigot-trusted" in text or time.monotonic() > end:
            break
        # The server learns of a key within a quarter of a second.
        time.sleep(0.2)
    check(status == 200 and "x-spigot-trusted" in text, f"{mode}: a key is known", status, text)
    check(key not in text, f"{mode}: and does not reach the application", text)


def _solved(check, mode, port):
    """A challenge from its page to the application, all of it by the application's own address."""
    visitor = Visitor(port, "127.0.0.3")
    status, headers, page = visitor.ask("GET", f"/asked/{mode}", BROWSER)
    check("/.spigot/" in page and "text/html" in headers["content-type"], f"{mode}: a challenge's page", status, page)
    status, headers, script = visitor.ask("GET", "/.spigot/widget/widget.js", BROWSER)
    check(status == 200 and "javascript" in headers["content-type"], f"{mode}: its files are handed on", status, headers)
    check(len(script) > 1000, f"{mode}: whole", len(script))
    same = {**BROWSER, "Content-Type": "application/json", "Sec-Fetch-Mode": "cors", "Origin": f"http://{HOST}"}
    status, headers, text = visitor.ask("POST", "/.spigot/solve", same, json.dumps(solution(page)).encode())
    check(status == 200 and "set-cookie" in headers, f"{mode}: the solution is taken", status, text)
    cookie = headers.get("set-cookie", "").split(";")[0]
    status, _, text = visitor.ask("GET", f"/asked/{mode}", {**BROWSER, "Cookie": cookie})
    check(status == 200 and '"path"' in text, f"{mode}: and lets in", status, text)


def _away(check, sdk, mode, secret):
    """Spigot is not there, or there and says nothing."""
    nobody = socket.socket()
    nobody.bind(("127.0.0.1", 0))
    hanging = socket.create_server(("127.0.0.1", 0))
    accepted = []
    threading.Thread(target=lambda: _accept(hanging, accepted), daemon=True).start()
    try:
        for what, held in (("away", nobody), ("hanging", hanging)):
            base = f"http://127.0.0.1:{held.getsockname()[1]}"
            for fail_open in (False, True):
                with Application(sdk, base, secret, fail_open, mode, timeout_millis=500) as application:
                    status, headers, text = Visitor(application.port).ask("GET", "/shelf", [*BROWSER.items(), *FORGED])
                if fail_open:
                    check(status == 200 and "forged" not in text, f"{mode}: Spigot is {what}, open", status, text)
                else:
                    problem = "problem+json" in headers.get("content-type", "") and json.loads(text)["code"] == "unavailable"
                    check(status == 503 and problem, f"{mode}: Spigot is {what}, closed", status, text)
                    check(headers.get("retry-after") == "5", f"{mode}: Spigot is {what}, and when to try again", headers)
    finally:
        nobody.close()
        hanging.close()
        for connection in accepted:
            connection.close()


def _accept(listener, accepted):
    while True:
        try:
            accepted.append(listener.accept()[0])
        except OSError:
            return
