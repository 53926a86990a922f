"""An SDK's driver: a program that makes the calls of a line each, or serves an application behind the middleware."""

import json
import os
import pathlib
import queue
import subprocess
import threading

SDKS = pathlib.Path(__file__).parent.parent
# A virtual machine that starts on a busy computer; everything else is far below.
SOON_SECONDS = 90


class _Process:
    def __init__(self, sdk, mode, **environment):
        self._process = subprocess.Popen(
            [*sdk.command, mode], cwd=SDKS / sdk.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **sdk.environment, **environment},
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def next_line(self):
        line = self._lines.get(timeout=SOON_SECONDS)
        if not line:
            raise RuntimeError(f"the driver ended with {self._process.wait(SOON_SECONDS)}")
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Lines(_Process):
    """Calls, one a line."""

    def __init__(self, sdk):
        super().__init__(sdk, "lines")

    def ask(self, question):
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self.next_line()


class Application(_Process):
    """An application behind the SDK's middleware, until its standard input ends."""

    def __init__(self, sdk, base, secret, fail_open=False, mode="serve", timeout_millis=10_000):
        super().__init__(
            sdk, mode, SPIGOT_BASE=base, SPIGOT_SECRET=secret, SPIGOT_FAIL_OPEN="1" if fail_open else "",
            SPIGOT_TIMEOUT_MILLIS=str(timeout_millis),
        )
        self.port = self.next_line()["port"]
