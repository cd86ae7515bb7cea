"""A bare asyncio echo, line by line, which a relay is held against: `python -m bench.echo HOST PORT`."""

from __future__ import annotations

import asyncio
import sys


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send every line back."""
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


async def main(host: str, port: int) -> None:
    """Serve for ever."""
    server = await asyncio.start_server(echo, host, port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
