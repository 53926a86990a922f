"""WSGI middleware: Django, Flask, Bottle, Pyramid.

    application = SpigotMiddleware(application, Spigot("http://127.0.0.1:8082", secret))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Optional
from urllib.parse import quote

from .client import Spigot
from .decision import Pairs, Request, Response
from .errors import SpigotError
from .middleware import BELOW, BODY_BYTES_MAX, UNAVAILABLE, hand_on, is_ours

Environ = dict[str, Any]


class SpigotMiddleware:
    """Decides every request before the application sees it; the decision is `environ["spigot.decision"]`."""

    def __init__(
        self, application: Callable, spigot: Spigot, *,
        address: Callable[[Environ], str] = lambda environ: environ.get("REMOTE_ADDR", ""),
        failed: Optional[Callable[[Environ, SpigotError], None]] = None,
    ):
        """`address` says who the visitor is; behind a proxy of yours, read what that proxy sets."""
        self._application, self._spigot, self._address, self._failed = application, spigot, address, failed

    def __call__(self, environ: Environ, start_response: Callable) -> Iterable[bytes]:
        for name in [name for name in environ if name.startswith("HTTP_") and is_ours(name[5:])]:
            del environ[name]
        target = _target(environ)
        try:
            if target.startswith(BELOW):
                return self._hand_on(environ, target, start_response)
            decision = self._spigot.decide(Request(
                host=_host(environ), address=self._address(environ), path=target, method=environ["REQUEST_METHOD"],
                scheme=environ["wsgi.url_scheme"], headers=_headers(environ),
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
