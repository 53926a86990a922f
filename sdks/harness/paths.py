"""What middleware asks about, beside what the framework behind it goes by: the same path, however it is written."""

import json
import re
import urllib.parse

from .driver import SDKS, Application
from .middleware import Checks
from .stub import Stub
from .visitor import BROWSER, Visitor

TARGETS = json.loads((SDKS / "vectors/paths.json").read_text())["targets"]
_PASSES = {"json": {
    "id": "04hmasw9nf6yy0hj", "action": "allow", "effective": "allow", "risk": 0, "passes": True, "reasons": [],
    "request_headers": [], "response": None,
}}
# Servers and frameworks refuse some by themselves; those that all of them have to serve are more than these.
_SERVED_MIN = 12


def run(sdk):
    check = Checks()
    stub = Stub()
    try:
        for mode in sdk.serves:
            base = stub.base(mode, {"answer": _PASSES})
            with Application(sdk, base, "0xsecret", mode=mode) as application:
                visitor = Visitor(application.port)
                served = sum(_is_served(check, sdk, mode, visitor, stub, target) for target in TARGETS)
            check(served >= _SERVED_MIN, f"{mode}: of the targets are served", served)
    finally:
        stub.close()
    return check.ran, check.wrong


def _is_served(check, sdk, mode, visitor, stub, target):
    before = len(stub.asked(mode))
    status, _, text = visitor.ask("GET", target, BROWSER)
    asked = [json.loads(question["body"])["path"] for question in stub.asked(mode)[before:]]
    # A redirection is the framework's way to say how it wants it written.
    check(status in (200, 301, 307, 308, 400, 404), f"{mode}: {target} is served or refused", status, text)
    if status != 200:
        return False
    routed = json.loads(text)["routed"]
    same = len(asked) == 1 and _read(asked[0].partition("?")[0]) == _read(routed, mode in sdk.decoded)
    check(same, f"{mode}: {target} is asked about as it is routed", asked, routed)
    query = asked[0].partition("?")[2] if asked else None
    check(query == target.partition("?")[2], f"{mode}: the query of {target} stays", asked)
    return True


def _read(path, is_decoded=False):
    """A path as it is matched: parameters of segments, empty ones and a slash at the end aside, over which frameworks differ
    and the policy says what it does."""
    decoded = path if is_decoded else urllib.parse.unquote(path, errors="replace")
    return re.sub("/+", "/", re.sub(";[^/]*", "", decoded)).rstrip("/")
