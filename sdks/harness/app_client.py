"""The client for apps against the shared vectors of the puzzle and a running Spigot."""

import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request

from .driver import SDKS, Application
from .middleware import Checks
from .sdks import SDKS as SERVERS
from .server import Spigot

# A phone's puzzle on a busy computer, by a virtual machine that has just started.
SOON_SECONDS = 300

#: The start that a README shows, put into the least program that has what it names. What an app's own platform would give
#: it is a stand-in.
_STARTS = {
    "electron": ("start.mjs", """
{before}
const net = {{ fetch }}, handlers = {{}}, service = '{service}', siteKey = '{key}'
const ipcMain = {{ handle: (name, asked) => {{ handlers[name] = asked }} }}
class BrowserWindow {{ constructor(asked) {{ this.asked = asked.webPreferences }} }}
{start}
const [asked] = Object.values(handlers)
const {{ token }} = await asked({{ senderFrame: {{ origin: 'app://shop' }} }}, 'sign-up')
const sent = await spigot.send('{application}', {{ headers: {{ accept: 'application/json', 'user-agent': 'shop-app/1' }} }})
console.log(JSON.stringify({{ token, status: sent.status }}))
"""),
}


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
            if client.name in _STARTS:
                said = _started(client, spigot.base, key, asked)
                check(said.get("token", "").startswith("pt_") and said.get("status") == 200, "the README's start", said)
            said = _said(client, "get", asked)
            check(said.get("status") == 200 and said.get("cookie"), "a refusal is solved and sent once more", said)
            said = _said(client, "get", f"http://127.0.0.1:{application.port}/refused/app")
            check(said.get("status") == 403 and not said.get("cookie"), "what cannot be solved is the answer", said)
    finally:
        spigot.close()
    return check.ran, check.wrong


def _started(client, service, key, application):
    """Runs the README's start, with these addresses in place of the examples."""
    folder = SDKS / client.folder
    start = re.search(r"```\w+\n(.*?)```", (folder / "README.md").read_text(), re.S).group(1)
    start = start.replace("https://challenge.example", service).replace("https://shop.example/api/orders", application)
    # Modules are imported at the head, whatever the start needs beside them.
    imports = [line for line in start.splitlines() if line.startswith("import ")]
    start = "\n".join(line for line in start.splitlines() if line not in imports)
    name, program = _STARTS[client.name]
    with tempfile.TemporaryDirectory(prefix="start-", dir=folder) as place:
        file = pathlib.Path(place) / name
        before = "\n".join(imports)
        file.write_text(program.format(before=before, start=start, service=service, key=key, application=application).lstrip())
        output = subprocess.run(
            [client.command[0], file], cwd=folder, text=True, timeout=SOON_SECONDS,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ).stdout
    try:
        return json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        return {"output": output}


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
