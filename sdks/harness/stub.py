"""The service as the vectors have it: every case answers under a path of its own, well or badly."""

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Longer than any deadline of a case, and short enough that a thread left behind ends.
HANGING_SECONDS = 5


class Stub:
    """Serves cases; `asked(key)` are the questions that came for one."""

    def __init__(self):
        self._cases = {}
        self._asked = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        # Bound and not listening: a connection is refused, and nobody else gets the port meanwhile.
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                stub._answer(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # Clients go away in the middle, as their deadlines say.

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._nobody.close()

    def base(self, key, case):
        """Where a client that asks for this case is sent."""
        with self._lock:
            self._cases[key] = case
            self._asked[key] = []
        nobody = case.get("answer", {}).get("wait") == "nobody"
        port = (self._nobody if nobody else self._server.socket).getsockname()[1]
        return f"http://127.0.0.1:{port}/{key}"

    def asked(self, key):
        with self._lock:
            return list(self._asked[key])

    def _answer(self, request):
        _, key, path = request.path.split("/", 2)
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        with self._lock:
            case = self._cases[key]
            self._asked[key].append({"path": "/" + path, "headers": dict(request.headers.items()), "body": body})
            times = len(self._asked[key])
        answer = case.get("answer", {})
        wait = answer.get("wait")
        if wait == "break" or (wait == "break-once" and times == 1):
            return self._break(request)
        if wait == "answer":
            self._over.wait(HANGING_SECONDS)
            return self._break(request)
        status, headers, text = _written(answer)
        size = len(text) + answer.get("times", 0)
        if wait in ("middle", "letters"):
            size = 1000
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(size))
        request.end_headers()
        if wait == "middle":
            request.wfile.write(b'{"success": ')
            self._over.wait(HANGING_SECONDS)
            return self._break(request)
        if wait == "letters":
            for _ in range(HANGING_SECONDS * 20):
                request.wfile.write(b" ")
                if self._over.wait(0.05):
                    break
            return self._break(request)
        request.wfile.write(text)
        if answer.get("times"):
            request.wfile.write(answer["then"].encode() * answer["times"])
        return None

    @staticmethod
    def _break(request):
        """Ends the connection as a crash does: reset, not closed."""
        request.close_connection = True
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()


def _written(answer):
    headers = {"Content-Type": "application/json", **answer.get("headers", {})}
    if "problem" in answer:
        headers["Content-Type"] = "application/problem+json"
        text = json.dumps(answer["problem"])
    elif "json" in answer:
        text = json.dumps(answer["json"], ensure_ascii=False)
    else:
        headers["Content-Type"] = "text/html"
        text = answer.get("text", "")
    return answer.get("status", 200), headers, text.encode()
