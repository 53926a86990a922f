"""ASGI middleware: FastAPI, Starlette, Django under ASGI, Quart.

    app.add_middleware(SpigotMiddleware, spigot=Spigot("http://127.0.0.1:8082", secret))
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Optional
from urllib.parse import quote

from .client import Spigot
from .decision import Pairs, Request
from .errors import SpigotError
from .middleware import BELOW, BODY_BYTES_MAX, UNAVAILABLE, hand_on, is_ours

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


class SpigotMiddleware:
    """Decides every request and every WebSocket's opening before the application sees it; the decision is
    `scope["spigot.decision"]`."""

    def __init__(
        self, app: Callable, spigot: Spigot, *, address: Callable[[Scope], str] = _peer,
        failed: Optional[Callable[[Scope, SpigotError], None]] = None,
    ):
        """`address` says who the visitor is; behind a proxy of yours, read what that proxy sets."""
        self._app, self._spigot, self._address, self._failed = app, spigot, address, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if not is_ours(name.decode("latin-1"))]
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        host = next((value for name, value in pairs if name.lower() == "host"), "")
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        target, method = _target(scope), scope.get("method", "GET")
        try:
            if target.startswith(BELOW) and scope["type"] == "http":
                body = await _body(receive)
                answer = await asyncio.to_thread(
                    hand_on, self._spigot, method, target, pairs, body, host, scheme, self._address(scope)
                )
                await _send(scope, send, *answer)
                return
            decision = await asyncio.to_thread(self._spigot.decide, Request(
                host=host, address=self._address(scope), path=target, method=method, scheme=scheme, headers=pairs,
            ))
        except SpigotError as error:
            if self._failed:
                self._failed(scope, error)
            await _send(scope, send, UNAVAILABLE.status, UNAVAILABLE.headers, UNAVAILABLE.body.encode())
            return
        if decision.response is not None:
            refusal = decision.response
            await _send(scope, send, refusal.status, refusal.headers, refusal.body.encode())
            return
        removed = {name.lower().encode("latin-1") for name in decision.remove_headers}
        headers = [(name, value) for name, value in headers if name.lower() not in removed]
        ours = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in decision.request_headers]
        await self._app({**scope, "headers": headers + ours, "spigot.decision": decision}, receive, send)


def _target(scope: Scope) -> str:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"], safe="/:@!$&'()*+,;=-._~")
    # Some servers tell the raw path with its query.
    path = path.partition("?")[0]
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


async def _body(receive: Receive) -> bytes:
    body = b""
    while len(body) <= BODY_BYTES_MAX:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body[:BODY_BYTES_MAX]


async def _send(scope: Scope, send: Send, status: int, headers: Pairs, body: bytes) -> None:
    if scope["type"] == "websocket":
        # Before it is accepted, a close is a refusal; which status the client sees is the server's choice.
        await send({"type": "websocket.close", "code": 1008})
        return
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else body})
