"""Word lists, made from a seed: as the lists that tools are run with look, and nobody's real ones."""

import pathlib
import random

from . import aims

PATHS = [
    "admin", "backup", "config", "db", "dump", "test", "old", "new", "api", "user", "users", "account", "private", "secret",
    "tmp", "logs", "stats", "shell", "upload", "files", "images", "panel", "manager", "console", "portal", "dev", "beta",
]
ENDINGS = ["", ".php", ".bak", ".zip", ".sql", ".old", ".txt", "1", "2", "_old", "/index.html", ".json"]


def write(folder: pathlib.Path, count: int, seed: int) -> dict[str, pathlib.Path]:
    """Writes the lists, of `count` lines each, and returns them by name."""
    chance = random.Random(seed)
    logins = [aims.form("login", number, seed) for number in range(count)]
    paths = [name + ending for name in PATHS for ending in ENDINGS]
    chance.shuffle(paths)
    lists = {
        "emails": [login["email"] for login in logins],
        "passwords": [login["password"] for login in logins],
        "codes": [aims.form("coupon", number, seed)["code"] for number in range(count)],
        "paths": paths,
    }
    files = {}
    for name, lines in lists.items():
        files[name] = folder / f"{name}.txt"
        files[name].write_text("\n".join(lines) + "\n")
    return files
