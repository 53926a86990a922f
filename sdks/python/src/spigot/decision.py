"""What is decided, as it is asked and as it is answered."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Optional, Union

from .errors import SpigotError, Unreadable, of_problem, text

Pairs = list[tuple[str, str]]


@dataclass
class Request:
    """What is to be decided upon: host and address are needed, and path or action."""

    host: str
    #: The visitor's.
    address: str
    #: As it came, with its query.
    path: Optional[str] = None
    #: Something that is no request, such as "checkout": routes match it as POST /.spigot/action/checkout.
    action: Optional[str] = None
    #: GET when nothing is said.
    method: Optional[str] = None
    #: "https" or "http", as the visitor's browser has it.
    scheme: Optional[str] = None
    #: In the order in which they came.
    headers: Optional[Pairs] = None
    #: The identifier that the request is about, where the application knows it.
    account: Optional[str] = None
    #: What the policy may look into.
    body: Optional[bytes] = None
    #: False where `body` is its beginning only.
    body_complete: bool = True

    def wire(self) -> dict[str, object]:
        """As the service reads it."""
        apart = ("body", "body_complete")
        told: dict[str, object] = {name: value for name, value in vars(self).items() if value is not None and name not in apart}
        if self.body:
            told["body_base64"] = base64.b64encode(self.body).decode("ascii")
            if not self.body_complete:
                told["body_complete"] = False
        return told


@dataclass
class Reason:
    """One finding of a decision."""

    kind: str
    name: str
    gave: str = ""
    evidence: str = ""


@dataclass
class Response:
    """What the visitor gets in place of the application's answer."""

    status: int
    headers: Pairs
    body: str


@dataclass
class Decision:
    """What to do with a request."""

    #: What support and `outcome` know it by; empty where `fail_open` let it pass.
    id: str = ""
    #: What the policy asks for: allow, log, throttle, challenge, shadow, block.
    action: str = "allow"
    #: What is done: in monitor mode always allow.
    effective: str = "allow"
    #: 0 to 100.
    risk: int = 0
    reasons: list[Reason] = field(default_factory=list)
    #: The application goes on, with `request_headers`; otherwise `response` is what to send.
    passes: bool = True
    #: False only where `fail_open` let it pass unseen.
    checked: bool = False
    #: For the application, in place of what the visitor sent under these names.
    request_headers: Pairs = field(default_factory=list)
    #: Names of what was for Spigot alone, such as a client's key; the application does not see them.
    remove_headers: list[str] = field(default_factory=list)
    #: There exactly when it does not pass.
    response: Optional[Response] = None


def read_decision(told: object) -> Decision:
    """A decision that is understood whole, or `Unreadable`."""
    if not isinstance(told, dict):
        raise Unreadable("the decision is no JSON object", status=200)
    words = (told.get("id"), told.get("action"), told.get("effective"))
    if not all(isinstance(word, str) for word in words) or not isinstance(told.get("passes"), bool):
        raise Unreadable("the decision is not whole", status=200)
    risk, reasons, removed = told.get("risk"), told.get("reasons"), told.get("remove_headers")
    return Decision(
        *words,
        risk=risk if isinstance(risk, int) else 0,
        reasons=[_reason(reason) for reason in reasons if isinstance(reason, dict)] if isinstance(reasons, list) else [],
        passes=told["passes"],
        checked=True,
        request_headers=_pairs(told.get("request_headers")),
        remove_headers=[name for name in removed if isinstance(name, str)] if isinstance(removed, list) else [],
        response=None if told["passes"] else _response(told.get("response")),
    )


def read_batch(answer: dict[str, object], wanted: int) -> list[Union[Decision, SpigotError]]:
    """One decision or error for each request, in their order."""
    decided = answer.get("decisions")
    if not isinstance(decided, list) or len(decided) != wanted:
        raise Unreadable("there is not one decision for each request", status=200)
    return [_decision_or_problem(told) for told in decided]


def _decision_or_problem(told: object) -> Union[Decision, SpigotError]:
    problem = told.get("problem") if isinstance(told, dict) else None
    if not isinstance(problem, dict):
        return read_decision(told)
    status = problem.get("status")
    return of_problem(problem, status if isinstance(status, int) else 0)


def _response(told: object) -> Response:
    status = told.get("status") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(status, int) or not 200 <= status <= 599:
        raise Unreadable("the decision does not say what to send", status=200)
    return Response(status, _pairs(told.get("headers")), text(told.get("body")))


def _reason(told: dict[str, object]) -> Reason:
    return Reason(*(text(told.get(name)) for name in ("kind", "name", "gave", "evidence")))


def _pairs(told: object) -> Pairs:
    pairs = told if isinstance(told, list) else []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
    ]
