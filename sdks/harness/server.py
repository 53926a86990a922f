"""A Spigot of its own for the checks: free ports, a folder that goes, and sites."""

import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).parent.parent.parent
SOON_SECONDS = 60

# A route for each thing that can become of a request.
CONFIG = """
admin = "{admin}"
trusted_proxies = ["127.0.0.0/8"]

[service]
listen = "{service}"
test_keys = true

[[trusted]]
name = "partners"
proof = "key"
gives = "pass"

[[route]]
name = "asked"
match = "/asked/**"
ask = "always"

[[route]]
name = "refused"
match = "/refused/**"

[[route]]
name = "slow"
match = "/slow/**"
trickle = "1 per 10m"

[[route]]
name = "log-in"
match = "POST /log-in"
account_fields = ["email"]
attempt = {{ kind = "login", reported = true }}

[[route]]
name = "checkout"
match = "/.spigot/action/checkout"

[[route]]
name = "shown-asked"
match = "/shown/asked/**"
ask = "always"

[[route]]
name = "shown-long"
match = "/shown/long/**"

[[route]]
name = "shown"
match = "/shown/**"
account_fields = ["email"]
attempt = {{ kind = "signup" }}

[[route]]
name = "unshown"
match = "/unshown/**"
account_fields = ["email"]
attempt = {{ kind = "signup" }}

[[route]]
name = "all"
match = "/**"

[[rule]]
name = "never"
when = 'request.path.startsWith("/refused/")'
action = "block"

[[rule]]
name = "slowly"
when = 'request.path.startsWith("/slow/")'
action = "throttle"

[[rule]]
name = "long"
when = 'request.path == "/shown/long/refused" && body.bytes > 60000'
action = "block"

[[limit]]
name = "once"
rate = "1 per 1h per account"
routes = ["shown", "unshown"]
action = "block"

[[limit]]
name = "checkouts"
rate = "1 per 1h per account"
routes = ["checkout"]
action = "block"
"""


class Spigot:
    """Runs until it is closed; `base` is the service's address."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="spigot-sdks-"))
        for _ in range(5):
            self._held = [_reserved(), _reserved()]
            admin, service = ("127.0.0.1:%d" % held.getsockname()[1] for held in self._held)
            self.admin, self.base = f"http://{admin}", f"http://{service}"
            config = self.folder / "spigot.toml"
            config.write_text(CONFIG.format(admin=admin, service=service))
            self._log = open(self.folder / "log", "wb")
            self._process = subprocess.Popen(
                [ROOT / "target/debug/spigot", "run", "--config", config], cwd=self.folder, stdout=self._log, stderr=self._log
            )
            if self._answers():
                return
            self._stop()
        raise RuntimeError((self.folder / "log").read_text(errors="replace"))

    def _answers(self):
        end = time.monotonic() + SOON_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.base}/health", timeout=5).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def add_site(self, name, *more):
        """Site key and secret, once the running server knows them."""
        output = subprocess.run(
            [ROOT / "target/debug/spigot", "site", "add", name, "--format", "json", *more], cwd=self.folder,
            stdout=subprocess.PIPE, check=True,
        )
        site = json.loads(output.stdout)
        end = time.monotonic() + SOON_SECONDS
        while self._knows(site["secret"]) is False:
            if time.monotonic() > end:
                raise RuntimeError("the server does not learn of the site")
            time.sleep(0.05)
        return site["site_key"], site["secret"]

    def add_key(self, name):
        """A client's key."""
        output = subprocess.run(
            [ROOT / "target/debug/spigot", "key", "add", name, "--client", "partners", "--format", "json"], cwd=self.folder,
            stdout=subprocess.PIPE, check=True,
        )
        return json.loads(output.stdout)["key"]

    def _knows(self, secret):
        asked = urllib.request.Request(
            f"{self.base}/turnstile/v0/siteverify", json.dumps({"secret": secret, "response": "x"}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)["error-codes"] != ["invalid-input-secret"]

    def _stop(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        for held in self._held:
            held.close()

    def close(self):
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _reserved():
    """A port that stays ours until it is closed: bound and not listened on, and shared with whoever asks to share."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", 0))
    return held
