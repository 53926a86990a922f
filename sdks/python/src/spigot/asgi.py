"""ASGI middleware: FastAPI, Starlette, Django under ASGI, Quart.

    app.add_middleware(SpigotMiddleware, spigot=Spigot("http://127.0.0.1:8082", secret))
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional, TypeVar
from urllib.parse import quote

from .client import Spigot
from .decision import Decision, Pairs, Request
from .errors import SpigotError, TimedOut
from .middleware import BODY_BYTES_MAX, BODY_SHOWN_MAX, UNAVAILABLE, hand_on, is_below, is_ours

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Result = TypeVar("Result")

#: Questions at once: the loop waits for none of them, and the threads are not those that the application has its own work in.
_THREADS_MAX = 64


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


class SpigotMiddleware:
    """Decides every request and every WebSocket's opening before the application sees it; the decision is
    `scope["spigot.decision"]`."""

    def __init__(
        self, app: Callable, spigot: Spigot, *, address: Callable[[Scope], str] = _peer,
        failed: Optional[Callable[[Scope, SpigotError], None]] = None,
        shows_body: Callable[[Scope], bool] = lambda scope: False,
    ):
        """`address` says who the visitor is; behind a proxy of yours, read what that proxy sets. `shows_body` says of which
        requests the service sees the body's first 64 KiB; the application reads it whole all the same."""
        self._app, self._spigot, self._address, self._failed = app, spigot, address, failed
        self._shows_body = shows_body
        self._threads = ThreadPoolExecutor(_THREADS_MAX, thread_name_prefix="spigot")

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
            if is_below(target) and scope["type"] == "http":
                asked = await _body(receive)
                answer = await self._aside(
                    hand_on, self._spigot, method, target, pairs, asked, host, scheme, self._address(scope)
                )
                await _send(scope, send, *answer)
                return
            body, complete = b"", True
            if scope["type"] == "http" and self._shows_body(scope):
                body, complete, receive = await _shown(receive)
            decision = await self._decide(Request(
                host=host, address=self._address(scope), path=target, method=method, scheme=scheme, headers=pairs,
                body=body, body_complete=complete,
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

    async def _decide(self, request: Request) -> Decision:
        try:
            return await self._aside(self._spigot.decide, request)
        except TimedOut:
            # Waiting for a thread is no answer either.
            if self._spigot.fail_open:
                return Decision()
            raise

    async def _aside(self, ask: Callable[..., Result], *arguments: Any) -> Result:
        """In a thread, which the loop does not wait for; within the deadline, waiting for a thread included."""
        asked = asyncio.get_running_loop().run_in_executor(self._threads, ask, *arguments)
        try:
            return await asyncio.wait_for(asked, self._spigot.timeout_seconds)
        except asyncio.TimeoutError:
            raise TimedOut("the service did not answer in time") from None


def _target(scope: Scope) -> str:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"], safe="/:@!$&'()*+,;=-._~")
    # Some servers tell the raw path with its query.
    path = path.partition("?")[0]
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


async def _shown(receive: Receive) -> tuple[bytes, bool, Receive]:
    """The beginning of a body, whether that is all of it, and from where the application receives it whole."""
    messages: list[dict[str, Any]] = []
    body, more = b"", True
    while more and len(body) <= BODY_SHOWN_MAX:
        messages.append(await receive())
        body += messages[-1].get("body", b"")
        # Whoever goes away in the middle has said all they say.
        more = messages[-1]["type"] == "http.request" and messages[-1].get("more_body", False)

    async def again() -> dict[str, Any]:
        return messages.pop(0) if messages else await receive()

    whole = messages[-1]["type"] == "http.request" and not more and len(body) <= BODY_SHOWN_MAX
    return body[:BODY_SHOWN_MAX], whole, again


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
