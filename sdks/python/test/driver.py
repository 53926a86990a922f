"""The driver that the shared checks talk to: calls of a line each, or an application behind the middleware."""

import dataclasses
import json
import sys

import applications
import spigot


def request(described):
    described = dict(described)
    body = described.pop("body", None)
    return spigot.Request(**described, body=body.encode() if body is not None else None)


def told(decision):
    told = {**dataclasses.asdict(decision), "reasons": [reason.name for reason in decision.reasons]}
    # What is to be removed is tried where it is removed: in the middleware.
    del told["remove_headers"]
    return told


def failed(error):
    return {"error": {
        "kind": error.kind, "code": error.code, "retry_after_seconds": error.retry_after_seconds, "text": f"{error!r} {error}",
    }}


def call(client, asked):
    if asked["call"] == "verify":
        expected = {name: asked.get(name) for name in ("address", "action", "hostname")}
        return dataclasses.asdict(client.verify(asked["token"], **expected))
    if asked["call"] == "outcome":
        return {"counted": client.outcome(asked["decision"], asked["success"])}
    if asked["call"] == "decide":
        return told(client.decide(request(asked["request"])))
    decided = client.decide_all(request(described) for described in asked["requests"])
    return [failed(one) if isinstance(one, spigot.SpigotError) else told(one) for one in decided]


def lines():
    for line in sys.stdin:
        asked = json.loads(line)
        client = spigot.Spigot(
            asked["base"], asked["secret"], timeout_seconds=asked["timeout_millis"] / 1000, fail_open=asked["fail_open"]
        )
        try:
            answer = {"result": call(client, asked)}
        except spigot.SpigotError as error:
            answer = failed(error)
        print(json.dumps(answer), flush=True)


{"lines": lines, **applications.SERVES}[sys.argv[1]]()
