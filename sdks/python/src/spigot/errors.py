"""What keeps a question from an answer."""

from __future__ import annotations


class SpigotError(Exception):
    """Every failure of a call. `code` is the service's own word, `status` that of its answer, 0 when there was none."""

    kind = ""

    def __init__(self, detail: str, code: str = "", status: int = 0, retry_after_seconds: int = 0):
        super().__init__(f"{self.kind}{f' ({code})' if code else ''}: {detail}")
        self.code = code
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class Unreachable(SpigotError):
    """No connection, or one that broke."""

    kind = "unreachable"


class TimedOut(SpigotError):
    """No whole answer within the deadline."""

    kind = "timed_out"


class Unreadable(SpigotError):
    """An answer that no Spigot gives."""

    kind = "unreadable"


class Unavailable(SpigotError):
    """The service says that it cannot answer now."""

    kind = "unavailable"


class Refused(SpigotError):
    """The service does not take the question; `code` says why. `fail_open` does not change it."""

    kind = "refused"


def of_problem(problem: object, status: int, retry_after_seconds: int = 0) -> SpigotError:
    """A status that is not 200, and the problem (RFC 9457) that may have come with it."""
    told = problem if isinstance(problem, dict) else {}
    kind: type[SpigotError] = Unreadable
    if 500 <= status < 600:
        kind = Unavailable
    elif 400 <= status < 500:
        kind = Refused
    detail = text(told.get("detail")) or f"the service answered {status}"
    return kind(detail, text(told.get("code")), status, retry_after_seconds)


def text(value: object) -> str:
    """Text, or nothing."""
    return value if isinstance(value, str) else ""
