"""Applications behind the middleware, in the frameworks that people use, each under the server that belongs to it: they
tell what they were given."""

import asyncio
import json
import logging
import os
import sys
import threading
import wsgiref.simple_server
from socketserver import ThreadingMixIn

import spigot
from spigot import asgi, wsgi

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]


def from_environment():
    return spigot.Spigot(
        os.environ["SPIGOT_BASE"], os.environ["SPIGOT_SECRET"], fail_open=bool(os.environ["SPIGOT_FAIL_OPEN"]),
        timeout_seconds=int(os.environ["SPIGOT_TIMEOUT_MILLIS"]) / 1000,
    )


def seen(method, path, query, headers, body):
    """`path` is the decoded one, which these frameworks' routers go by."""
    headers = sorted([name.lower(), value] for name, value in headers)
    whole = path + (f"?{query}" if query else "")
    return {"method": method, "path": whole, "routed": path, "headers": headers, "body": body}


def guarded_wsgi(application):
    shows = lambda environ: environ["PATH_INFO"].startswith("/shown/")
    return wsgi.SpigotMiddleware(application, from_environment(), shows_body=shows)


def until_told(serve_forever, port):
    print(json.dumps({"port": port}), flush=True)
    threading.Thread(target=serve_forever, daemon=True).start()
    sys.stdin.read()


def plain_wsgi():
    """Under the standard library's server, which knows nothing but WSGI."""
    def application(environ, start_response):
        headers = [(name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        start_response("200 OK", [("Content-Type", "application/json")])
        path = environ["PATH_INFO"].encode("latin-1").decode()
        told = seen(environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], headers, body)
        return [json.dumps(told).encode()]

    class Server(ThreadingMixIn, wsgiref.simple_server.WSGIServer):
        daemon_threads = True

    class Handler(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = wsgiref.simple_server.make_server("127.0.0.1", 0, guarded_wsgi(application), Server, Handler)
    until_told(server.serve_forever, server.server_port)


def django():
    import django.conf
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application
    from django.http import JsonResponse
    from django.urls import re_path
    from django.views.decorators.csrf import csrf_exempt

    @csrf_exempt
    def view(request):
        path, query, body = request.path, request.META["QUERY_STRING"], request.body.decode()
        return JsonResponse(seen(request.method, path, query, request.headers.items(), body))

    django.conf.settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=tuple([re_path("", view)]), SECRET_KEY="of a test", LOGGING_CONFIG=None,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    )
    logging.getLogger("django").setLevel(logging.CRITICAL)
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(guarded_wsgi(get_wsgi_application()))
    until_told(server.serve_forever, server.server_port)


def flask():
    import flask
    from werkzeug.serving import make_server

    application = flask.Flask("shop")

    @application.route("/", defaults={"path": ""}, methods=METHODS)
    @application.route("/<path:path>", methods=METHODS)
    def view(path):
        request = flask.request
        query, body = request.query_string.decode(), request.get_data(as_text=True)
        return seen(request.method, request.path, query, request.headers.items(), body)

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    application.wsgi_app = guarded_wsgi(application.wsgi_app)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    until_told(server.serve_forever, server.server_port)


def shows_scope(scope):
    return scope["path"].startswith("/shown/")


def plain_asgi():
    async def application(scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        told = seen(scope["method"], scope["path"], scope["query_string"].decode(), headers, body.decode())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    under_uvicorn(asgi.SpigotMiddleware(application, spigot=from_environment(), shows_body=shows_scope))


def fastapi():
    from fastapi import FastAPI, Request

    application = FastAPI()
    application.add_middleware(asgi.SpigotMiddleware, spigot=from_environment(), shows_body=shows_scope)

    @application.api_route("/{path:path}", methods=METHODS)
    async def view(request: Request):
        body = (await request.body()).decode()
        path, query = request.scope["path"], request.scope["query_string"].decode()
        return seen(request.method, path, query, request.headers.items(), body)

    under_uvicorn(application)


def under_uvicorn(application):
    import uvicorn

    async def main():
        config = uvicorn.Config(application, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
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


SERVES = {
    "serve": plain_wsgi, "serve-django": django, "serve-flask": flask, "serve-asgi": plain_asgi, "serve-fastapi": fastapi,
}
