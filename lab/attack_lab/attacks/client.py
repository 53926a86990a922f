"""A program of the attacker's own: asks for forms and posts them, in the dress of a library or of a browser, and solves
challenges natively when it is told to.

    python -m attack_lab.attacks.client --base https://127.0.0.1:8443 --aim login --count 50 --dress chrome --solver solve

Writes `{"started", "answered", "solved", "solve_seconds"}` as its last line.
"""

import argparse
import base64
import itertools
import json
import pathlib
import re
import subprocess
import time
from typing import Any

from curl_cffi import requests

from . import aims

ASK_SECONDS_MAX = 20
# One for the form's page, one for the post, one more for a challenge that came too late.
SOLVES_PER_ATTEMPT_MAX = 3
CHALLENGE = re.compile(r'id="spigot-challenge">(.*?)</script>', re.S)


class Solver:
    """The native solver, one line in and one out."""

    def __init__(self, program: pathlib.Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.solved = 0
        self.seconds = 0.0

    def proof(self, challenge: dict[str, Any]) -> str:
        assert self._process.stdin and self._process.stdout
        started = time.monotonic()
        numbers = [str(challenge[name]) for name in ("log2_n", "grind", "open")]
        self._process.stdin.write(" ".join([from_base64url(challenge["challenge"]).hex(), *numbers]) + "\n")
        self._process.stdin.flush()
        proof = bytes.fromhex(self._process.stdout.readline())
        self.solved += 1
        self.seconds += time.monotonic() - started
        return base64.urlsafe_b64encode(proof).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Client:
    """One identity: a jar of cookies and an address."""

    def __init__(self, base: str, dress: str, address: str | None, solver: Solver | None) -> None:
        self._base, self._solver = base, solver
        # What curl_cffi imitates brings the browser's own header fields.
        dressed: dict[str, Any] = {"impersonate": "chrome"} if dress == "chrome" else {}
        self._session: Any = requests.Session(
            verify=False, timeout=ASK_SECONDS_MAX, interface=address, allow_redirects=False, **dressed)
        if dress == "library":
            self._session.headers["User-Agent"] = "python-requests/2.32.3"

    def attempt(self, aim: str, number: int, seed: int) -> bool:
        """One whole attempt as a browser would make it; whether something other than a refusal came back."""
        path = aims.page(aim, number)
        if aims.BY_NAME[aim].method == "GET":
            return self._ask("GET", path, None)
        if aim not in ("checkout", "newsletter"):
            self._ask("GET", path, None)
        return self._ask("POST", path, aims.form(aim, number, seed))

    def _ask(self, method: str, path: str, fields: dict[str, str] | None) -> bool:
        for _ in range(SOLVES_PER_ATTEMPT_MAX):
            answer = self._session.request(method, self._base + path, data=fields, headers=self._said_by_a_page(method, path))
            if answer.status_code not in (403, 429, 503):
                return True
            found = CHALLENGE.search(answer.text)
            if found is None or self._solver is None or not self._pass(json.loads(found.group(1))):
                return False
        return False

    def _said_by_a_page(self, method: str, path: str) -> dict[str, str]:
        return {"Origin": self._base, "Referer": self._base + path} if method == "POST" else {}

    def _pass(self, challenge: dict[str, Any]) -> bool:
        """Solves and submits; gives what it does not know in the form in which pages do."""
        assert self._solver is not None
        if challenge.get("kind") not in (None, "cachewalk"):
            return False
        proof = self._solver.proof(challenge)
        said = {"challenge": challenge["challenge"], "proof": proof, "millis": 310, "kernel": "wasm"}
        answer = self._session.post(self._base + challenge["solve_url"], json=said, headers={"Origin": self._base})
        return answer.status_code == 200


def main() -> None:
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--base", required=True)
    about.add_argument("--aim", choices=aims.BY_NAME, required=True)
    about.add_argument("--count", type=int, required=True)
    about.add_argument("--dress", choices=["library", "chrome"], default="library")
    about.add_argument("--solver", type=pathlib.Path)
    about.add_argument("--addresses", default="", help="a fleet: each attempt is a new identity from the next of these")
    about.add_argument("--seed", type=int, default=1)
    told = about.parse_args()
    solver = Solver(told.solver) if told.solver else None
    fleet = itertools.cycle(told.addresses.split(",")) if told.addresses else None
    client = Client(told.base, told.dress, None, solver)
    answered = started = 0
    for number in range(told.count):
        if fleet:
            client = Client(told.base, told.dress, next(fleet), solver)
        started += 1
        print(f"begun {started}", flush=True)
        try:
            answered += client.attempt(told.aim, number, told.seed)
        except requests.RequestsError as error:
            print(f"attempt {number}: {error}")
    print(json.dumps({
        "started": started, "answered": answered,
        "solved": solver.solved if solver else 0,
        "solve_seconds": round(solver.seconds, 3) if solver else 0.0,
    }))


if __name__ == "__main__":
    main()
