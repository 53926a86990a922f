"""What both kinds of middleware share."""

from __future__ import annotations

import json
import time

from .client import Spigot
from .connection import exchange
from .decision import Pairs, Response

#: Where Spigot's own pages and files are; these requests are handed on to the service.
BELOW = "/.spigot/"
#: The most that is handed on of a body: a submission has 64 KiB.
BODY_BYTES_MAX = 128 << 10
#: The most that is shown of a body, where any is: as much as Envoy's configuration has.
BODY_SHOWN_MAX = 64 << 10
_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection"}

UNAVAILABLE = Response(
    503,
    [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"), ("Retry-After", "5")],
    json.dumps({
        "type": "about:blank", "title": "This cannot be checked at the moment", "status": 503,
        "detail": "Please try again in a few seconds.", "code": "unavailable",
    }),
)


def is_ours(name: str) -> bool:
    """What only Spigot may say, in every spelling that some server takes for it."""
    plain = name.lower().replace("_", "-")
    return plain.startswith("x-spigot-") or plain == "x-captcha-reason"


def is_below(target: str) -> bool:
    """Whether a request is for Spigot itself. One whose path may lead elsewhere is decided upon like any other."""
    path = target.partition("?")[0].lower()
    # Below it nothing begins with a dot, nor is written otherwise than it is.
    return path.startswith(BELOW) and not any(other in path[len(BELOW) - 1:] for other in ("/.", "\\", "%2e", "%2f", "%5c"))


def hand_on(
    spigot: Spigot, method: str, target: str, headers: Pairs, body: bytes, host: str, scheme: str, address: str
) -> tuple[int, Pairs, bytes]:
    """A request for Spigot itself, as the proxy before an application would send it."""
    own = {"host", "content-length", "expect", "x-forwarded-for", "x-forwarded-proto", *_HOP}
    sent = [(name, value) for name, value in headers if name.lower() not in own]
    sent += [("Host", host), ("X-Forwarded-For", address), ("X-Forwarded-Proto", scheme), ("Connection", "close")]
    end = time.monotonic() + spigot.timeout_seconds
    status, answered, answer = exchange(spigot._base, method, target, sent, body, end)
    return status, [(name, value) for name, value in answered if name.lower() not in _HOP], answer
