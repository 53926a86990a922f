"""HTTP with a deadline for the whole of an exchange: a socket's own timeout is for each read, and an answer that comes letter
by letter would never meet it."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult

from .errors import TimedOut, Unreachable, Unreadable

# A batch of 32 challenge pages is below it; whoever sends more is no Spigot.
ANSWER_BYTES_MAX = 4 << 20


class _Reads(io.RawIOBase):
    """A socket's bytes until the deadline."""

    def __init__(self, sock: socket.socket, end: float):
        self._sock, self._end = sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, into) -> int:
        self._sock.settimeout(_left(self._end))
        return self._sock.recv_into(into)


class _Socket:
    """What `http.client` wants of a socket."""

    def __init__(self, sock: socket.socket, end: float):
        self._sock, self._end = sock, end

    def makefile(self, *_) -> io.BufferedReader:
        return io.BufferedReader(_Reads(self._sock, self._end))

    def sendall(self, data) -> None:
        self._sock.settimeout(_left(self._end))
        self._sock.sendall(data)

    def close(self) -> None:
        """The answer may still be read: whoever opened the socket closes it."""


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def exchange(
    base: SplitResult, method: str, path: str, headers: Iterable[tuple[str, str]], body: bytes, end: float
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of an answer. Redirections are not followed: the secret would go along."""
    connection = http.client.HTTPConnection(base.netloc)
    sock = None
    try:
        sock = _connected(base, end)
        connection.sock = _Socket(sock, end)  # type: ignore[assignment]
        connection.putrequest(method, base.path + path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        answer = response.read(ANSWER_BYTES_MAX + 1)
    except (TimeoutError, socket.timeout):
        raise TimedOut("the service did not answer in time") from None
    except http.client.IncompleteRead as cause:
        raise Unreachable("the connection broke in the middle of the answer") from cause
    except (OSError, http.client.RemoteDisconnected) as cause:
        raise Unreachable(f"the service cannot be reached: {cause}") from cause
    except (http.client.HTTPException, ValueError) as cause:
        raise Unreadable(f"the answer is no HTTP: {type(cause).__name__}") from None
    finally:
        if sock:
            sock.close()
    if len(answer) > ANSWER_BYTES_MAX:
        raise Unreadable("the answer is larger than 4 MiB", status=response.status)
    if len(answer) < (response.length or 0):
        raise Unreachable("the connection broke in the middle of the answer")
    return response.status, response.getheaders(), answer


def _connected(base: SplitResult, end: float) -> socket.socket:
    secure = base.scheme == "https"
    port = base.port or (443 if secure else 80)
    sock = socket.create_connection((base.hostname or "", port), timeout=_left(end))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not secure:
        return sock
    sock.settimeout(_left(end))
    return ssl.create_default_context().wrap_socket(sock, server_hostname=base.hostname)


def retry_after(headers: Mapping[str, str]) -> int:
    """Seconds, 0 when nothing was said."""
    told = headers.get("retry-after", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
