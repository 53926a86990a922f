"""The driver that the shared checks talk to: calls of a line each, or an application behind the middleware."""

import asyncio
import dataclasses
import json
import os
import sys
import threading
import wsgiref.simple_server
from socketserver import ThreadingMixIn

import spigot
from spigot import asgi, wsgi


def request(described):
    described = dict(described)
    body = described.pop("body", None)
    return spigot.Request(**described, body=body.encode() if body is not None else None)


def told(decision):
    told = {**dataclasses.asdict(decision), "reasons": [reason.name for reason in decision.reasons]}
    # What is to be removed is tried where it is removed: in the middleware.
    del told["remove_headers"]
    return told


def failed(error):
    return {"error": {
        "kind": error.kind, "code": error.code, "retry_after_seconds": error.retry_after_seconds, "text": f"{error!r} {error}",
    }}


def call(client, asked):
    if asked["call"] == "verify":
        expected = {name: asked.get(name) for name in ("address", "action", "hostname")}
        return dataclasses.asdict(client.verify(asked["token"], **expected))
    if asked["call"] == "outcome":
        return {"counted": client.outcome(asked["decision"], asked["success"])}
    if asked["call"] == "decide":
        return told(client.decide(request(asked["request"])))
    decided = client.decide_all(request(described) for described in asked["requests"])
    return [failed(one) if isinstance(one, spigot.SpigotError) else told(one) for one in decided]


def lines():
    for line in sys.stdin:
        asked = json.loads(line)
        client = spigot.Spigot(
            asked["base"], asked["secret"], timeout_seconds=asked["timeout_millis"] / 1000, fail_open=asked["fail_open"]
        )
        try:
            answer = {"result": call(client, asked)}
        except spigot.SpigotError as error:
            answer = failed(error)
        print(json.dumps(answer), flush=True)


def from_environment():
    return spigot.Spigot(
        os.environ["SPIGOT_BASE"], os.environ["SPIGOT_SECRET"], fail_open=bool(os.environ["SPIGOT_FAIL_OPEN"]),
        timeout_seconds=int(os.environ["SPIGOT_TIMEOUT_MILLIS"]) / 1000,
    )


def serve_wsgi():
    def application(environ, start_response):
        headers = [[name[5:].lower().replace("_", "-"), value] for name, value in environ.items() if name.startswith("HTTP_")]
        query = environ["QUERY_STRING"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        path = environ["PATH_INFO"] + (f"?{query}" if query else "")
        start_response("200 OK", [("Content-Type", "application/json")])
        seen = {"method": environ["REQUEST_METHOD"], "path": path, "headers": sorted(headers), "body": body}
        return [json.dumps(seen).encode()]

    class Server(ThreadingMixIn, wsgiref.simple_server.WSGIServer):
        daemon_threads = True

    class Handler(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    middleware = wsgi.SpigotMiddleware(application, from_environment())
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, middleware, Server, Handler)
    print(json.dumps({"port": server.server_port}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


def serve_asgi():
    """Under uvicorn, as FastAPI's users run it."""
    import uvicorn

    async def application(scope, receive, send):
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = scope["query_string"].decode()
        headers = [[name.decode(), value.decode()] for name, value in scope["headers"]]
        path = scope["path"] + (f"?{query}" if query else "")
        seen = {"method": scope["method"], "path": path, "headers": sorted(headers), "body": body.decode()}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(seen).encode()})

    async def main():
        middleware = asgi.SpigotMiddleware(application, spigot=from_environment())
        config = uvicorn.Config(middleware, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        sockets = [config.bind_socket()]
        ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        ended.add_done_callback(lambda _: setattr(server, "should_exit", True))
        serving = asyncio.create_task(server.serve(sockets))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
        await serving

    asyncio.run(main())


{"lines": lines, "serve": serve_wsgi, "serve-asgi": serve_asgi}[sys.argv[1]]()
