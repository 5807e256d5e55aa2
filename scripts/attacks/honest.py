"""A client that means well, from an address of its own and with keys: how long it waits while others
attack."""

import asyncio
import json
import os
import time
from urllib.parse import urlsplit

ADDRESS = "127.0.0.2"
PER_SECOND = 20
GIVEN_UP_S = 10

EVENT = json.dumps({"event_type": "login", "user_id": "honest"}).encode()


def authorization(scope):
    """The header with the fixture's key of a scope, `read` or another; empty where it has none."""
    key = os.environ.get(f"{scope.upper()}_KEY")
    return f"Authorization: Bearer {key}\r\n" if key else ""


def request(url, method, path, body=b"", headers=""):
    host = urlsplit(url).netloc
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


async def exchange(url, bytes_, source=ADDRESS):
    """Status and body; 0 where there was no answer."""
    try:
        async with asyncio.timeout(GIVEN_UP_S):
            parts = urlsplit(url)
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port, local_addr=(source, 0)
            )
            writer.write(bytes_)
            answer = await reader.read(-1)
            writer.close()
            return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0, b""


async def ask(url, bytes_):
    """Seconds until the whole answer is there, and its status; 0 where there was none."""
    began = time.monotonic()
    status, _ = await exchange(url, bytes_)
    return time.monotonic() - began, status


async def quietly(seconds):
    await asyncio.sleep(seconds)


class Honest:
    """Asks both daemons PER_SECOND times a second until it is stopped."""

    def __init__(self, api, ingestion):
        path, read, write = "/api/v1/metrics/summary?from=now-24h", *map(authorization, ("read", "write"))
        self.targets = [
            (api, request(api, "GET", path, headers=read), 200),
            (ingestion, request(ingestion, "POST", "/api/v1/events", EVENT, write), 202),
        ]
        self.times = []
        self.failed = []

    async def once(self, target):
        url, bytes_, wanted = target
        took, status = await ask(url, bytes_)
        self.times.append(took)
        if status != wanted:
            self.failed.append(status)

    async def work(self):
        """Open loop: who waits for an answer doesn't keep the next question from being asked."""
        async with asyncio.TaskGroup() as group:
            due = time.monotonic()
            while True:
                for target in self.targets:
                    group.create_task(self.once(target))
                due += 1 / PER_SECOND
                await asyncio.sleep(max(0, due - time.monotonic()))

    async def during(self, attack):
        """The answer of `attack`, and a report."""
        self.times, self.failed = [], []
        working = asyncio.create_task(self.work())
        try:
            outcome = await attack
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        return outcome, self.report()

    def report(self):
        times = sorted(self.times) or [0]
        at = lambda part: times[min(len(times) - 1, int(part * len(times)))] * 1e3
        return {
            "asked": len(self.times),
            "failed": len(self.failed),
            "p50_ms": round(at(0.5), 1),
            "p99_ms": round(at(0.99), 1),
        }
