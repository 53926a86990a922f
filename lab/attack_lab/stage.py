"""Shop and Spigot for one run: `spigot demo` on ports and with a folder of its own, over TLS, on the loopback."""

import contextlib
import json
import pathlib
import socket
import subprocess
import time
import urllib.request
from typing import Any

from . import presets
from .job import end_group

START_SECONDS_MAX = 60
# Events are written in batches; after the last request so much later all of them are there.
SETTLE_SECONDS_MAX = 10
EVENTS_MAX = 400_000


class Stage:
    """A running Spigot with its shop."""

    def __init__(self, spigot: pathlib.Path, preset: str, folder: pathlib.Path) -> None:
        self.spigot, self.preset = spigot, preset
        self.folder = folder
        folder.mkdir(parents=True)
        self.port, plain, admin, service = free_ports(4)
        self.admin = admin
        self.shop_log = folder / "reached.jsonl"
        self._data = folder / "data"
        _certificate(folder)
        config = folder / "spigot.toml"
        config.write_text(f"""{presets.policy(preset)}
[tls]
listen = "127.0.0.1:{self.port}"
certificate = "{folder}/cert.pem"
key = "{folder}/key.pem"
""")
        self._out = open(folder / "spigot.out", "wb")
        self._process = subprocess.Popen(
            [str(spigot), "demo", "--listen", f"127.0.0.1:{plain}", "--admin", f"127.0.0.1:{admin}",
             "--service", f"127.0.0.1:{service}", "--data", str(self._data), "--config", str(config),
             "--shop-log", str(self.shop_log)],
            stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._out, start_new_session=True)
        self._wait()

    def close(self) -> None:
        end_group(self._process)
        self._out.close()

    def reached(self) -> list[dict[str, Any]]:
        """What the shop wrote down, oldest first."""
        with contextlib.suppress(FileNotFoundError), open(self.shop_log) as lines:
            return [json.loads(line) for line in lines if line.endswith("\n")]
        return []

    def events(self) -> list[dict[str, Any]]:
        """What Spigot recorded, oldest first; waits until it has written what it still holds."""
        count = -1
        until = time.monotonic() + SETTLE_SECONDS_MAX
        while time.monotonic() < until:
            time.sleep(1.5)
            lines = self._events()
            if len(lines) == count:
                break
            count = len(lines)
        return [json.loads(line) for line in reversed(lines)]

    def health(self) -> dict[str, Any]:
        """The shop's own counts, asked behind nobody's back: the request is one more event, of 127.0.0.1."""
        file = self._data / "shop/shop.json"
        with contextlib.suppress(FileNotFoundError):
            state = json.loads(file.read_text())
            accounts = state["accounts"]["entries"]
            return {
                "posts": state["received"]["total"],
                "accounts": state["accounts"]["total"],
                "accounts_inactive": sum(not account["active"] for account in accounts),
                "orders": state["orders"]["total"],
                "subscribers": state["subscribers"]["total"],
                "coupons": state["coupons"],
            }
        return {}

    def _events(self) -> list[str]:
        asked = [str(self.spigot), "events", "--format", "json", "--limit", str(EVENTS_MAX), "--data", str(self._data)]
        out = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=120).stdout
        return out.splitlines()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/health", timeout=2):
                return
            time.sleep(0.1)
        self.close()
        said = (self.folder / "spigot.out").read_text()[-2000:]
        raise SystemExit(f"Spigot did not start with the preset {self.preset}:\n{said}")


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago; they are held together so that no two are the same."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _certificate(folder: pathlib.Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True)
