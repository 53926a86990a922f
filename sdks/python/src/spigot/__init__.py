"""Asks a Spigot that runs beside the application: what a widget's token is worth (`verify`), what to do with a request or an
action (`decide`, and the middleware in `spigot.wsgi` and `spigot.asgi`), and tells it how attempts ended (`outcome`).

Nothing passes because a question failed: every failure is a `SpigotError`, unless `fail_open` asks for the opposite.
"""

from .client import Spigot, Verification
from .decision import Decision, Reason, Request, Response
from .errors import Refused, SpigotError, TimedOut, Unavailable, Unreachable, Unreadable

#: Keys for tests; they count only with a service that has test_keys switched on, as `spigot demo` has.
TEST_SECRET_PASSES = "0x0000000000000000000000000000000000000001"
TEST_SECRET_FAILS = "0x0000000000000000000000000000000000000002"
TEST_SECRET_SPENT = "0x0000000000000000000000000000000000000003"

__all__ = [
    "TEST_SECRET_FAILS", "TEST_SECRET_PASSES", "TEST_SECRET_SPENT", "Decision", "Reason", "Refused", "Request", "Response",
    "Spigot", "SpigotError", "TimedOut", "Unavailable", "Unreachable", "Unreadable", "Verification",
]
