"""WSGI middleware: Django, Flask, Bottle, Pyramid.

    application = SpigotMiddleware(application, Spigot("http://127.0.0.1:8082", secret))
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Optional
from urllib.parse import quote

from .client import Spigot
from .decision import Pairs, Request, Response
from .errors import SpigotError
from .middleware import BODY_BYTES_MAX, BODY_SHOWN_MAX, UNAVAILABLE, hand_on, is_below, is_ours

Environ = dict[str, Any]


class SpigotMiddleware:
    """Decides every request before the application sees it; the decision is `environ["spigot.decision"]`."""

    def __init__(
        self, application: Callable, spigot: Spigot, *,
        address: Callable[[Environ], str] = lambda environ: environ.get("REMOTE_ADDR", ""),
        failed: Optional[Callable[[Environ, SpigotError], None]] = None,
        shows_body: Callable[[Environ], bool] = lambda environ: False,
    ):
        """`address` says who the visitor is; behind a proxy of yours, read what that proxy sets. `shows_body` says of which
        requests the service sees the body's first 64 KiB; the application reads it whole all the same."""
        self._application, self._spigot, self._address, self._failed = application, spigot, address, failed
        self._shows_body = shows_body

    def __call__(self, environ: Environ, start_response: Callable) -> Iterable[bytes]:
        for name in [name for name in environ if name.startswith("HTTP_") and is_ours(name[5:])]:
            del environ[name]
        target = _target(environ)
        try:
            if is_below(target):
                return self._hand_on(environ, target, start_response)
            body, complete = _shown(environ) if self._shows_body(environ) else (b"", True)
            decision = self._spigot.decide(Request(
                host=_host(environ), address=self._address(environ), path=target, method=environ["REQUEST_METHOD"],
                scheme=environ["wsgi.url_scheme"], headers=_headers(environ), body=body, body_complete=complete,
            ))
        except SpigotError as error:
            if self._failed:
                self._failed(environ, error)
            return _send(environ, UNAVAILABLE, start_response)
        if decision.response is not None:
            return _send(environ, decision.response, start_response)
        for name in decision.remove_headers:
            environ.pop("HTTP_" + name.upper().replace("-", "_"), None)
        for name, value in decision.request_headers:
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["spigot.decision"] = decision
        return self._application(environ, start_response)

    def _hand_on(self, environ: Environ, target: str, start_response: Callable) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(min(int(length), BODY_BYTES_MAX)) if length.isdigit() else b""
        status, headers, answer = hand_on(
            self._spigot, environ["REQUEST_METHOD"], target, _headers(environ), body, _host(environ),
            environ["wsgi.url_scheme"], self._address(environ),
        )
        start_response(_line(status), headers)
        return [answer]


def _shown(environ: Environ) -> tuple[bytes, bool]:
    """The beginning of a body, and whether that is all of it. The application finds it where it was."""
    told = environ.get("CONTENT_LENGTH") or ""
    if told.isdigit():
        length = int(told)
    elif environ.get("wsgi.input_terminated"):
        length = None
    else:
        return b"", True
    stream = environ["wsgi.input"]
    begun = b""
    # One more than is shown tells whether there is more, where nothing else does.
    wanted = BODY_SHOWN_MAX + 1 if length is None else min(length, BODY_SHOWN_MAX)
    while len(begun) < wanted:
        read = stream.read(wanted - len(begun))
        if not read:
            break
        begun += read
    environ["wsgi.input"] = io.BufferedReader(_Again(begun, stream, length))
    return begun[:BODY_SHOWN_MAX], len(begun) <= BODY_SHOWN_MAX if length is None else len(begun) == length


class _Again(io.RawIOBase):
    """What was read of a body, and then the rest, never more than there is: behind it stands the next request."""

    def __init__(self, begun: bytes, stream: Any, length: Optional[int]):
        self._begun, self._stream = begun, stream
        self._left = None if length is None else length - len(begun)

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        read = self._begun[:len(into)]
        if read:
            self._begun = self._begun[len(read):]
        else:
            read = self._stream.read(len(into) if self._left is None else min(len(into), self._left))
            if self._left is not None:
                self._left -= len(read)
        into[:len(read)] = read
        return len(read)


def _line(status: int) -> str:
    known = {item.value: item.phrase for item in HTTPStatus}
    return f"{status} {known.get(status, 'Unknown')}"


def _send(environ: Environ, response: Response, start_response: Callable) -> Iterable[bytes]:
    start_response(_line(response.status), response.headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body.encode()]


def _host(environ: Environ) -> str:
    return environ.get("HTTP_HOST") or environ["SERVER_NAME"]


def _target(environ: Environ) -> str:
    """As it came, where the server tells; WSGI itself has only the decoded path."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if isinstance(raw, str) and raw.startswith("/"):
        return raw
    path = quote((environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1"), safe="/:@!$&'()*+,;=-._~")
    query = environ.get("QUERY_STRING")
    return f"{path or '/'}?{query}" if query else path or "/"


def _headers(environ: Environ) -> Pairs:
    headers = [
        (name[5:].replace("_", "-").title(), value) for name, value in environ.items() if name.startswith("HTTP_")
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append((name.replace("_", "-").title(), environ[name]))
    return headers
