"""The SDKs, and how the driver of each is called from its folder."""

import dataclasses


@dataclasses.dataclass
class Sdk:
    name: str
    folder: str
    command: list
    environment: dict = dataclasses.field(default_factory=dict)


SDKS = [
    Sdk("go", "go", ["build/driver"]),
    Sdk("node", "node", ["node", "test/driver.mjs"]),
    Sdk("python", "python", ["python3", "test/driver.py"], {"PYTHONPATH": "src"}),
    Sdk("php", "php", ["php", "test/driver.php"]),
    Sdk("java", "java", ["java", "-Djdk.httpclient.allowRestrictedHeaders=host", "-cp", "target/classes:target/test-classes:target/lib/*", "dev.spigot.Driver"]),
]
