"""Stands before the api and ends the answers that never end, server-sent events, at their first one: sqlmap
reads every answer to its end."""

import asyncio
from urllib.parse import urlsplit

WITHIN_S = 10


class Firsts:
    """`async with Firsts(url) as before`: whoever asks `before` asks `url`."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.place = parts.hostname, parts.port

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, client, back):
        try:
            async with asyncio.timeout(WITHIN_S):
                back.write(await self.answer(await client.readuntil(b"\r\n\r\n")))
                await back.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            back.close()

    async def answer(self, head):
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        lines[1:1] = [b"Connection: close"]
        reader, writer = await asyncio.open_connection(*self.place)
        try:
            writer.write(b"\r\n".join(lines))
            told = await reader.readuntil(b"\r\n\r\n")
            if b"text/event-stream" not in told.lower():
                return told + await reader.read(-1)
            # A chunk begins with a line that tells its length.
            first = (await reader.readuntil(b"\n\n")).partition(b"\r\n")[2]
            status = told.partition(b"\r\n")[0]
            length = b"Content-Length: %d" % len(first)
            return b"\r\n".join([status, b"Content-Type: text/plain", length, b"Connection: close", b"", first])
        finally:
            writer.close()
