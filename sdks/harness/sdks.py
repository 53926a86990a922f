"""The SDKs, and how the driver of each is called from its folder."""

import dataclasses
import pathlib

PYTHON = pathlib.Path(__file__).parent.parent / "python/.venv/bin/python"


@dataclasses.dataclass
class Sdk:
    name: str
    folder: str
    command: list
    environment: dict = dataclasses.field(default_factory=dict)
    #: The modes in which its driver serves an application, one for each middleware.
    serves: tuple = ("serve",)
    #: Whether the middleware hands /.spigot/ on by itself.
    hands_on: bool = True
    #: The puzzle's vectors that a client for apps is held to, in web/solver.
    vectors: tuple = ("vectors.json",)


SDKS = [
    Sdk("go", "go", ["build/driver"]),
    Sdk("node", "node", ["node", "test/driver.mjs"], serves=("serve", "serve-fetch")),
    Sdk("python", "python", [PYTHON, "test/driver.py"], serves=("serve", "serve-asgi")),
    Sdk("php", "php", ["php", "test/driver.php"]),
    Sdk("rust", "rust", ["../../target/debug/examples/sdk-driver"]),
    Sdk("java", "java", [
        "java", "-Djdk.httpclient.allowRestrictedHeaders=host", "-cp", "target/classes:target/test-classes:target/lib/*",
        "dev.spigot.Driver",
    ]),
]

#: The clients for apps whose compilers are here.
APPS = [
    Sdk("kotlin", "kotlin", ["java", "-cp", "target/classes:target/test-classes:target/lib/*", "dev.spigot.client.DriverKt"]),
    Sdk("dart", "dart", ["build/dart", "test/driver.dart"], vectors=("vectors.json", "pbkdf2.vectors.json")),
]
