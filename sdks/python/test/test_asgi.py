"""The loop waits for no question: while the service hangs, the rest of the application goes on."""

import asyncio
import socket
import threading
import unittest

from spigot import Request, Spigot, TimedOut
from spigot.asgi import SpigotMiddleware

# Much longer than anything here takes, so that no answer comes of the deadline.
PATIENT_SECONDS = 300
SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http", "headers": [(b"host", b"a.example")], "client": ("192.0.2.1", 1)}


class Hanging:
    """A service that takes questions, and answers when it is let."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.base = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = threading.Semaphore(0)
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self._connections.append(self._listener.accept()[0])
            except OSError:
                return
            self.asked.release()

    def end(self):
        """Breaks all connections, and with them the questions."""
        self._listener.close()
        for connection in self._connections:
            connection.close()


class Loop(unittest.TestCase):
    def test_goes_on_while_the_service_hangs(self):
        hanging = Hanging()
        # More than the default executor has threads; it stays the application's.
        questions = 40

        async def application(scope, receive, send):
            raise AssertionError("nothing passes")

        async def visit(middleware):
            sent = []

            async def send(message):
                sent.append(message)

            async def receive():
                return {"type": "http.request", "body": b""}

            await middleware(dict(SCOPE), receive, send)
            return sent[0]["status"]

        async def main():
            middleware = SpigotMiddleware(application, Spigot(hanging.base, "secret", timeout_seconds=PATIENT_SECONDS))
            visits = [asyncio.create_task(visit(middleware)) for _ in range(questions)]
            for _ in range(questions):
                # In the default executor: every question is under way, and there is a thread left for this.
                await asyncio.to_thread(hanging.asked.acquire)
            self.assertFalse(any(task.done() for task in visits))
            hanging.end()
            self.assertEqual(await asyncio.gather(*visits), [503] * questions)

        asyncio.run(main())

    def test_waiting_for_a_thread_ends_with_the_deadline(self):
        hanging = Hanging()

        async def main(fail_open):
            middleware = SpigotMiddleware(None, Spigot(hanging.base, "secret", timeout_seconds=0.2, fail_open=fail_open))
            request = Request(host="a.example", address="192.0.2.1", path="/")
            asked = [middleware._decide(request) for _ in range(200)]
            return await asyncio.gather(*asked, return_exceptions=True)

        closed, opened = asyncio.run(main(False)), asyncio.run(main(True))
        hanging.end()
        self.assertTrue(all(isinstance(one, TimedOut) for one in closed), closed)
        self.assertTrue(all(one.passes and not one.checked for one in opened), opened)


if __name__ == "__main__":
    unittest.main()
