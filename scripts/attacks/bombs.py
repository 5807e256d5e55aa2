"""Bodies that are, or become, too large: how long the answer takes and how much memory."""

import asyncio
import gzip
import json
import os

from honest import ask, request

API, INGESTION = os.environ["API_URL"], os.environ["INGESTION_URL"]
MIB = 1 << 20
CROWD = 300


def peak(name):
    """The most memory a daemon ever had, in MiB."""
    with open(f"/proc/{os.environ[name]}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def post(url, path, body, headers=""):
    head, rest = request(url, "POST", path, body).split(b"\r\n", 1)
    return head + b"\r\n" + headers.encode() + rest


def bombs():
    gz = "Content-Encoding: gzip\r\n"
    events = "/api/v1/events"
    zeros = gzip.compress(bytes(400 * MIB), 9)
    login = {"event_type": "login", "user_id": "u" * 1_000_000}
    return [
        ("gzip: 400 MiB of zeros", INGESTION, post(INGESTION, events, zeros[:MIB], gz), 413),
        ("gzip: 500 members of 1 MiB", INGESTION,
         post(INGESTION, events, gzip.compress(bytes(MIB)) * 500, gz), 413),
        ("gzip: a million events", INGESTION,
         post(INGESTION, events, gzip.compress(b"{}\n" * 1_000_000), gz), 413),
        ("a million events", INGESTION, post(INGESTION, events, b"{}\n" * 1_000_000), 413),
        ("20,001 events", INGESTION, post(INGESTION, events, b"{}\n" * 20_001), 413),
        ("900,000 lists in each other", INGESTION, post(INGESTION, events, b"[" * 900_000), 400),
        ("180,000 objects in each other", INGESTION,
         post(INGESTION, events, b'{"a":' * 180_000), 422),
        ("a name of a million", INGESTION, post(INGESTION, events, json.dumps(login).encode()), 422),
        ("10 MiB", INGESTION, post(INGESTION, events, b" " * 10 * MIB), 413),
        ("a query of 1 MiB", API, post(API, "/api/v1/query", b" " * MIB), 413),
        ("a query of 50,000 lists in each other", API,
         post(API, "/api/v1/query", b'{"filter":' + b"[" * 50_000), 422),
        ("a filter of 50,000 lists in each other", API,
         request(API, "GET", "/api/v1/metrics/summary?filter=" + "%5B" * 16_000), 422),
    ]


def crowd():
    """A body of 84 KiB that becomes one of 8 MiB, just within all limits."""
    body = gzip.compress(os.urandom(83_000) + b" " * (8 * MIB - 83_000 - 1))
    return post(INGESTION, "/api/v1/events", body, "Content-Encoding: gzip\r\n")


async def run():
    """Rows: what, its status, milliseconds (the best of five, so that others on the machine count
    little), mebibytes that the daemon's peak rose by."""
    rows = []
    for what, url, bytes_, wanted in bombs():
        pid = "API_PID" if url == API else "INGESTION_PID"
        before = peak(pid)
        answers = [await ask(url, bytes_) for _ in range(5)]
        statuses = sorted({status for _, status in answers})
        took = min(seconds for seconds, _ in answers) * 1e3
        rows.append((what, statuses, wanted, round(took, 1), round(peak(pid) - before, 1)))
    before, bytes_ = peak("INGESTION_PID"), crowd()
    answers = await asyncio.gather(*(ask(INGESTION, bytes_) for _ in range(CROWD)))
    took = max(seconds for seconds, _ in answers) * 1e3
    statuses = sorted({status for _, status in answers})
    what = f"{CROWD} at once that become 8 MiB each"
    rows.append((what, statuses, None, round(took, 1), round(peak("INGESTION_PID") - before, 1)))
    return rows


if __name__ == "__main__":
    for row in asyncio.run(run()):
        print(*row)
