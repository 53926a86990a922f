"""The shared vectors against one SDK's driver: closed as it is by default, and open where the client was told so."""

import base64
import json
import pathlib
import urllib.parse

from .driver import Lines
from .stub import Stub

FOLDER = pathlib.Path(__file__).parent.parent / "vectors"
SECRET = "0xsecret"
NO_TOKEN = {"hostname": "", "action": "", "data": "", "solved_at": ""}
OPEN = {
    "verify": {"success": True, "checked": False, "codes": [], **NO_TOKEN},
    "decide": {
        "id": "", "action": "allow", "effective": "allow", "risk": 0, "passes": True, "checked": False,
        "reasons": [], "request_headers": [], "response": None,
    },
}
PATHS = {"verify": "/turnstile/v0/siteverify", "decide": "/v1/decide", "outcome": "/v1/outcome"}


def run(sdk):
    """Every case of every file; returns what differs."""
    wrong, ran = [], 0
    stub = Stub()
    try:
        with Lines(sdk) as driver:
            for name in ("verify", "outcome", "decide"):
                cases = json.loads((FOLDER / f"{name}.json").read_text())["cases"]
                for index, case in enumerate(cases):
                    for fail_open in (False, True) if name != "outcome" else (False,):
                        key = f"{name}-{index}-{int(fail_open)}"
                        wrong += _one(driver, stub, name, key, case, fail_open)
                        ran += 1
    finally:
        stub.close()
    assert ran > 100, "the vectors are there"
    return ran, wrong


def _one(driver, stub, name, key, case, fail_open):
    call = dict(case["call"])
    if "token_times" in call:
        call["token"] *= call.pop("token_times")
    kind = "decide_all" if "requests" in call else name
    question = {
        "call": kind, "base": stub.base(key, case), "secret": SECRET, "fail_open": fail_open,
        "timeout_millis": case.get("timeout_millis", 20_000), **call,
    }
    said = driver.ask(question)
    expected = _expected(name, case, call, fail_open)
    wrong = []
    if not _same(said, expected):
        wrong.append(f"{case['name']} (open: {fail_open}): {json.dumps(said)}, not {json.dumps(expected)}")
    if json.dumps(said).find(SECRET) >= 0:
        wrong.append(f"{case['name']}: the secret is told")
    return wrong + [f"{case['name']}: {what}" for what in _questions(name, case, stub.asked(key))]


def _expected(name, case, call, fail_open):
    if "error" not in case:
        return {"result": case["expect"]}
    opens = case.get("open") if fail_open else None
    if opens == "passes":
        return {"result": OPEN[name]}
    if opens == "all pass":
        return {"result": [OPEN[name]] * len(call["requests"])}
    return {"error": case["error"]}


def _same(said, expected):
    """Errors may tell more than is expected of them: a sentence, a number of seconds."""
    if isinstance(said, dict) and isinstance(expected, dict):
        if "error" in expected and isinstance(said.get("error"), dict):
            return all(said["error"].get(name) == value for name, value in expected["error"].items())
        return said.keys() == expected.keys() and all(_same(said[name], expected[name]) for name in said)
    if isinstance(said, list) and isinstance(expected, list):
        return len(said) == len(expected) and all(map(_same, said, expected))
    return said == expected and type(said) is type(expected)


def _questions(name, case, asked):
    """What is wrong with the questions that were asked."""
    wait = case.get("answer", {}).get("wait")
    if "asked" in case and case["asked"] is None:
        return ["it is asked about"] if asked else []
    if wait == "nobody":
        return []
    again = name != "decide" and wait in ("break", "break-once")
    if len(asked) != (2 if again else 1):
        return [f"asked {len(asked)} times"]
    if len({question["body"] for question in asked}) != 1:
        return ["the question differs the second time"]
    wrong = []
    question = asked[0]
    headers = {header.lower(): value for header, value in question["headers"].items()}
    if question["path"] != PATHS[name]:
        wrong.append(f"asked at {question['path']}")
    if name != "verify" and headers.get("authorization") != f"Bearer {SECRET}":
        wrong.append(f"asked with {headers.get('authorization')}")
    fields = _fields(headers.get("content-type", ""), question["body"])
    for field, value in case.get("asked", {}).items():
        told = fields.get(field)
        if field == "headers" and told is not None:
            told = [[header.lower(), text] for header, text in told]
        if (not told) if value == "*" else told != value:
            wrong.append(f"{field} is {told!r}, not {value!r}")
    return wrong


def _fields(content_type, body):
    if "json" in content_type:
        fields = json.loads(body)
    else:
        fields = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    if isinstance(fields.get("body"), str):
        # Text may go as text: it is the same body.
        fields["body_base64"] = base64.b64encode(fields.pop("body").encode()).decode()
    return fields
