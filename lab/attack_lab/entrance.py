"""Entrances: ports that lead to Spigot, each from addresses of its own in 127.0.0.0/8.

Most tools cannot choose the address that they come from. So each actor gets a port; what connects there is joined, byte
for byte, to a connection to Spigot from one of the entrance's addresses, in turn. TLS and HTTP stay the actor's own.

Run as a program, it reads `{"to": PORT, "entrances": [[address, …], …]}` as its argument and writes the ports as a JSON
list when all of them are open. It ends with its standard input.
"""

import asyncio
import contextlib
import itertools
import json
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator

# A connection that nothing comes through for so long has been forgotten.
IDLE_SECONDS_MAX = 120
PIECE_BYTES = 64 << 10


class Entrances:
    """The program below, as seen by who starts it."""

    def __init__(self, port: int, addresses: list[list[str]]) -> None:
        task = json.dumps({"to": port, "entrances": addresses})
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, task], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.ports: list[int] = json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        while piece := await asyncio.wait_for(reader.read(PIECE_BYTES), IDLE_SECONDS_MAX):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


def joined(to: int, addresses: Iterator[str]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward = await asyncio.open_connection("127.0.0.1", to, local_addr=(next(addresses), 0))
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(pump(reader, onward[1]), pump(onward[0], writer))
        finally:
            writer.close()
            onward[1].close()

    return join


async def serve(to: int, entrances: list[list[str]]) -> None:
    ports = []
    for addresses in entrances:
        server = await asyncio.start_server(joined(to, itertools.cycle(addresses)), "127.0.0.1", 0, backlog=512)
        listening: socket.socket = server.sockets[0]
        ports.append(listening.getsockname()[1])
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    asyncio.run(serve(asked["to"], asked["entrances"]))
