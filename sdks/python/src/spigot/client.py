"""The calls."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Optional, TypeVar, Union
from urllib.parse import urlsplit

from .connection import exchange, retry_after
from .decision import Decision, Request, read_batch, read_decision
from .errors import Refused, SpigotError, Unavailable, Unreachable, Unreadable, of_problem, text

TOKEN_LETTERS = 2048
Result = TypeVar("Result")


@dataclass
class Verification:
    """What a token is worth."""

    #: It counts, and it is what was expected.
    success: bool
    #: False only where `fail_open` let it pass unseen.
    checked: bool = True
    #: Why it does not count: the service's codes, action-mismatch, hostname-mismatch.
    codes: list[str] = field(default_factory=list)
    hostname: str = ""
    action: str = ""
    data: str = ""
    #: RFC 3339.
    solved_at: str = ""


class Spigot:
    """Asks one service on behalf of one site. Safe to share between threads."""

    def __init__(self, base: str, secret: str, *, timeout_seconds: float = 3.0, fail_open: bool = False):
        """`timeout_seconds` bounds a whole call, its second try included; `fail_open` lets through what could not be checked."""
        self._base = urlsplit(base.rstrip("/"))
        if self._base.scheme not in ("http", "https") or not self._base.hostname:
            raise ValueError("the service is at an address like http://127.0.0.1:8082")
        if not secret:
            raise ValueError("the secret is empty; `spigot site rotate NAME` makes one")
        self._secret = secret
        self.timeout_seconds = timeout_seconds
        self.fail_open = fail_open

    def verify(
        self, token: Optional[str], *, address: Optional[str] = None, action: Optional[str] = None,
        hostname: Optional[str] = None,
    ) -> Verification:
        """Asks once what a token is worth. `address` is the visitor's; `action` and `hostname` are what it has to be of."""
        if not token:
            return Verification(False, codes=["missing-input-response"])
        if len(token) > TOKEN_LETTERS:
            return Verification(False, codes=["invalid-input-response"])
        # Under the key the same question may be asked again when the connection breaks before the answer.
        question = {"secret": self._secret, "response": token, "idempotency_key": str(uuid.uuid4())}
        if address:
            question["remoteip"] = address
        return self._closed(
            lambda: _verification(self._ask("/turnstile/v0/siteverify", question, twice=True), action, hostname),
            lambda: Verification(True, checked=False),
        )

    def decide(self, request: Request) -> Decision:
        """Asks what to do. It is not asked again when the connection breaks: it would count twice."""
        return self._closed(lambda: read_decision(self._ask("/v1/decide", request.wire())), Decision)

    def decide_all(self, requests: Iterable[Request]) -> list[Union[Decision, SpigotError]]:
        """At most 32 at once; one answer for each, in their order."""
        asked = [request.wire() for request in requests]
        if not asked:
            return []
        decided = self._closed(
            lambda: read_batch(self._ask("/v1/decide", {"requests": asked}), len(asked)),
            lambda: [Decision() for _ in asked],
        )
        return [Decision() if self._opens(one) else one for one in decided]

    def outcome(self, decision: str, success: bool) -> bool:
        """Tells how an attempt ended; whether it was counted by this report."""
        report = {"decision": decision, "outcome": "success" if success else "failure"}
        counted = self._ask("/v1/outcome", report, twice=True).get("counted")
        if not isinstance(counted, bool):
            raise Unreadable("the answer does not say counted", status=200)
        return counted

    def _opens(self, error: object) -> bool:
        return self.fail_open and isinstance(error, SpigotError) and not isinstance(error, Refused)

    def _closed(self, ask: Callable[[], Result], unseen: Callable[[], Result]) -> Result:
        try:
            return ask()
        except SpigotError as error:
            if self._opens(error):
                return unseen()
            raise

    def _ask(self, path: str, question: object, twice: bool = False) -> dict:
        end = time.monotonic() + self.timeout_seconds
        body = json.dumps(question).encode()
        try:
            return self._post(path, body, end)
        except Unreachable:
            if not twice:
                raise
            return self._post(path, body, end)

    def _post(self, path: str, body: bytes, end: float) -> dict:
        asked = [
            ("Host", self._base.netloc.rpartition("@")[2]),
            ("Content-Type", "application/json"),
            ("Authorization", f"Bearer {self._secret}"),
            ("Connection", "close"),
        ]
        status, headers, answer = exchange(self._base, "POST", path, asked, body, end)
        told = {name.lower(): value for name, value in headers}
        if status != 200:
            is_problem = told.get("content-type", "").startswith("application/problem+json")
            raise of_problem(_json(answer) if is_problem else None, status, retry_after(told))
        read = _json(answer)
        if not isinstance(read, dict):
            raise Unreadable("the answer is no JSON object", status=200)
        return read


def _json(answer: bytes) -> object:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None


def _verification(answer: dict, action: Optional[str], hostname: Optional[str]) -> Verification:
    success, codes, metadata = answer.get("success"), answer.get("error-codes"), answer.get("metadata")
    if not isinstance(success, bool):
        raise Unreadable("the answer does not say success", status=200)
    codes = [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
    for code in codes:
        if code in ("missing-input-secret", "invalid-input-secret"):
            raise Refused("check the secret with `spigot site show`", code, 200)
        if code == "internal-error":
            raise Unavailable("the token cannot be checked now", code, 200)
    found = Verification(
        success, True, codes, *(text(answer.get(name)) for name in ("hostname", "action", "cdata", "challenge_ts"))
    )
    # A secret for tests knows no action and no host.
    of_tests = isinstance(metadata, dict) and metadata.get("result_with_testing_key") is True
    if success and not of_tests:
        if action and found.action != action:
            codes.append("action-mismatch")
        if hostname and found.hostname != hostname:
            codes.append("hostname-mismatch")
    found.success = success and not codes
    return found
