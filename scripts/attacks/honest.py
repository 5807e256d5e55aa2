"""A client that means well, from an address of its own: how long it waits while others attack."""

import asyncio
import json
import time
from urllib.parse import urlsplit

ADDRESS = "127.0.0.2"
PER_SECOND = 20
GIVEN_UP_S = 10

EVENT = json.dumps({"event_type": "login", "user_id": "honest"}).encode()


def request(url, method, path, body=b""):
    host = urlsplit(url).netloc
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(url, bytes_, source=ADDRESS):
    """Seconds until the whole answer is there, and its status; 0 where there was none."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(GIVEN_UP_S):
            parts = urlsplit(url)
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port, local_addr=(source, 0)
            )
            writer.write(bytes_)
            answer = await reader.read(-1)
            writer.close()
            status = int(answer.split(b" ", 2)[1])
    except (OSError, TimeoutError, IndexError, ValueError):
        status = 0
    return time.monotonic() - began, status


class Honest:
    """Asks both daemons PER_SECOND times a second until it is stopped."""

    def __init__(self, api, ingestion):
        self.targets = [
            (api, request(api, "GET", "/api/v1/metrics/summary?from=now-24h"), 200),
            (ingestion, request(ingestion, "POST", "/api/v1/events", EVENT), 202),
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
        times = sorted(self.times)
        at = lambda part: times[min(len(times) - 1, int(part * len(times)))] * 1e3
        return {
            "asked": len(times),
            "failed": len(self.failed),
            "p50_ms": round(at(0.5), 1),
            "p99_ms": round(at(0.99), 1),
        }
