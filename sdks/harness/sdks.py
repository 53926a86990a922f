"""The SDKs, and how the driver of each is called from its folder."""

import dataclasses
import pathlib

PYTHON = pathlib.Path(__file__).parent.parent / "python/.venv/bin/python"
#: What Maven makes, in the folder of each.
JAR, KOTLIN_JAR = "target/spigot-server-0.1.0.jar", "target/spigot-client-0.1.0.jar"


@dataclasses.dataclass
class Sdk:
    name: str
    folder: str
    command: list
    environment: dict = dataclasses.field(default_factory=dict)
    #: The modes in which its driver serves an application: each middleware, and each framework that it is run in.
    serves: tuple = ("serve",)
    #: Those of them that are one more framework for a middleware that is among them already.
    frameworks: tuple = ()
    #: Those of them whose servers take bodies of no told length.
    chunks: tuple = ()
    #: Those of them whose routers go by the decoded path; the others' by the path as it came.
    decoded: tuple = ()
    #: Those of them that have a page for a form's parameters.
    parameters: tuple = ()
    #: Whether the middleware hands /.spigot/ on by itself.
    hands_on: bool = True
    #: The puzzle's vectors that a client for apps is held to, in web/solver.
    vectors: tuple = ("vectors.json",)
    #: How many cases of what goes wrong its driver has; the others have tests of their own for them.
    failures: int = 0


_NODE = ("serve", "serve-express", "serve-fastify", "serve-fetch")
_WSGI = ("serve", "serve-django", "serve-flask")
_ASGI = ("serve-asgi", "serve-fastapi")
_JAVA = ("serve", "serve-spring")
_EVERY = ("serve",)

SDKS = [
    Sdk("go", "go", ["build/driver"], chunks=_EVERY, decoded=_EVERY),
    Sdk(
        "node", "node", ["node", "test/driver.mjs"], serves=_NODE, frameworks=("serve-express",), chunks=_NODE,
        decoded=("serve-fastify",),
    ),
    Sdk(
        "python", "python", [PYTHON, "test/driver.py"], serves=(*_WSGI, *_ASGI),
        frameworks=("serve-django", "serve-flask", "serve-fastapi"), chunks=_ASGI,
        decoded=(*_WSGI, *_ASGI),
    ),
    Sdk("php", "php", ["php", "test/driver.php"], serves=("serve", "serve-laravel"), decoded=("serve-laravel",)),
    Sdk("rust", "rust", ["../../target/debug/examples/sdk-driver"], chunks=_EVERY),
    Sdk("java", "java", [
        "java", "-Djdk.httpclient.allowRestrictedHeaders=host", "-cp", "target/classes:target/test-classes:target/lib/*",
        "dev.spigot.Driver",
    ], serves=_JAVA, frameworks=("serve-spring",), chunks=_JAVA, parameters=("serve-spring",), decoded=_EVERY),
]

#: The clients for apps whose compilers are here.
APPS = [
    Sdk("electron", "electron", ["node", "test/driver.mjs"]),
    Sdk("kotlin", "kotlin", ["java", "-cp", "target/classes:target/test-classes:target/lib/*", "dev.spigot.client.DriverKt"], failures=37),
    Sdk("dart", "dart", ["build/dart", "test/driver.dart"], vectors=("vectors.json", "pbkdf2.vectors.json")),
]
