"""The client for apps against the shared vectors of the puzzle and a running Spigot."""

import json
import subprocess
import urllib.request

from . import app_starts
from .driver import SDKS, Application
from .middleware import Checks
from .sdks import SDKS as SERVERS
from .server import Spigot

# A phone's puzzle on a busy computer, by a virtual machine that has just started.
SOON_SECONDS = 300


def run(client):
    check = Checks()
    vectors = [SDKS.parent / "web/solver" / name for name in client.vectors]
    said = _said(client, "vectors", *map(str, vectors))
    count = sum(map(_count, vectors))
    check(said.get("checked") == count, "vectors", said, count)
    if client.failures:
        said = _said(client, "failures")
        check(said.get("checked") == client.failures, "cases of what goes wrong", said)
    spigot = Spigot()
    try:
        key, secret = spigot.add_site("app", "--host", "null", "--host", "127.0.0.1", "--press", "never")
        token = _said(client, "token", spigot.base, key).get("token", "")
        check(token.startswith("pt_"), "a token", token)
        first, again = _verified(spigot, secret, token), _verified(spigot, secret, token)
        check(first["success"] and first["action"] == "sign-up", "counts", first)
        check(again["error-codes"] == ["timeout-or-duplicate"], "once", again)
        node = next(sdk for sdk in SERVERS if sdk.name == "node")
        with Application(node, spigot.base, secret) as application:
            asked = f"http://127.0.0.1:{application.port}/asked/app"
            said = app_starts.run(client, spigot.base, key, asked)
            check(said.get("token", "").startswith("pt_") and said.get("status") == 200, "the README's start", said)
            said = _said(client, "get", asked)
            check(said.get("status") == 200 and said.get("cookie"), "a refusal is solved and sent once more", said)
            said = _said(client, "get", f"http://127.0.0.1:{application.port}/refused/app")
            check(said.get("status") == 403 and not said.get("cookie"), "what cannot be solved is the answer", said)
    finally:
        spigot.close()
    return check.ran, check.wrong


def _count(path):
    """How many vectors a solver is held to; `malformed` ones are a verifier's."""
    vectors = json.loads(path.read_text())
    return sum(len(vectors.get(name, [])) for name in ("keys", "leaves", "roots", "proofs", "sha256")) + ("proof" in vectors)


def _said(client, *arguments):
    command = [*client.command, *arguments]
    output = subprocess.run(command, cwd=SDKS / client.folder, stdout=subprocess.PIPE, timeout=SOON_SECONDS, check=True)
    return json.loads(output.stdout)


def _verified(spigot, secret, token):
    asked = json.dumps({"secret": secret, "response": token}).encode()
    request = urllib.request.Request(f"{spigot.base}/turnstile/v0/siteverify", asked, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
