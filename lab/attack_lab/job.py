"""One program, bounded in time, ended with everything that it started, and what it cost in processor seconds."""

import contextlib
import os
import pathlib
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

# Where this package is found, wherever a program runs.
LAB = pathlib.Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
# Often enough that little of a short-lived child is missed, seldom enough to cost nothing.
SAMPLE_SECONDS = 0.5
# What a program says is read from a file; only so much of it is looked at.
OUTPUT_BYTES_MAX = 4 << 20
# Set when the lab is told to stop: whatever runs is ended as if its time were up.
STOPPING = threading.Event()


@dataclass(frozen=True)
class Ended:
    """How it went. `status` is None where the time was up."""

    status: int | None
    output: str
    seconds: float
    processor_seconds: float


def run(command: list[str], folder: pathlib.Path, name: str, seconds_max: float, **more: str) -> Ended:
    """Runs `command` in a process group of its own; `more` goes into its environment."""
    said = folder / f"{name}.out"
    started = time.monotonic()
    with open(said, "wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=folder,
            start_new_session=True, env={**os.environ, "PYTHONPATH": str(LAB), **more})
        meter = _Meter(process.pid)
        try:
            status, waited_for = wait(process, seconds_max)
        finally:
            sampled = meter.stop()
            end_group(process)
    with open(said, "rb") as file:
        output = file.read(OUTPUT_BYTES_MAX).decode(errors="replace")
    return Ended(status, output, time.monotonic() - started, max(sampled, waited_for))


def wait(process: "subprocess.Popen[bytes]", seconds_max: float) -> tuple[int | None, float]:
    """Its status, and the processor seconds of it and of those that it waited for; None when the time was up."""
    until = time.monotonic() + seconds_max
    while time.monotonic() < until and not STOPPING.is_set():
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, used.ru_utime + used.ru_stime
        time.sleep(0.05)
    return None, 0.0


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process that was started in a session of its own, and its group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            continue


class _Meter:
    """Adds up the processor time of a process and its descendants while they run: browsers leave their children's time
    to nobody, so waiting for the first process is not enough."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._spent: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._stop.set()
        self._thread.join()
        self._sample()
        return sum(self._spent.values())

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        """Each process's own time, as far as it was seen: what it spends after the last sample is missed."""
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (entry / "stat").read_text().rpartition(") ")[2].split()
                if int(fields[3]) == self._pid:
                    self._spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
