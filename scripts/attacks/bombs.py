"""Bodies that are, or become, too large: how long the answer takes and how much memory. They are sent
with a key, but for one: without a key nobody would look into them."""

import asyncio
import gzip
import json
import os

import bars
from honest import ask, authorization, request

API, INGESTION = os.environ.get("API_URL", ""), os.environ.get("INGESTION_URL", "")
MIB = 1 << 20
CROWD = 300
EVENTS, QUERY = "/api/v1/events", "/api/v1/query"
GZIP = "Content-Encoding: gzip\r\n"


def peak(url):
    """The most memory that the daemon behind it ever had, in MiB."""
    name = "API_PID" if url == API else "INGESTION_PID"
    with open(f"/proc/{os.environ[name]}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def events(body, headers=""):
    return INGESTION, request(INGESTION, "POST", EVENTS, body, headers + authorization("write"))


def query(body):
    return API, request(API, "POST", QUERY, body, authorization("read"))


def zeros():
    return gzip.compress(bytes(400 * MIB), 9)


def stranger():
    return INGESTION, request(INGESTION, "POST", EVENTS, zeros(), GZIP)


def address():
    path = "/api/v1/metrics/summary?filter=" + "%5B" * 16_000
    return API, request(API, "GET", path, headers=authorization("read"))


def name():
    login = {"event_type": "login", "user_id": "u" * 1_000_000}
    return events(json.dumps(login).encode())


# What to call it, where it goes and what is sent, and the status that is right.
BOMBS = [
    ("gzip: 400 MiB of zeros", lambda: events(zeros(), GZIP), 413),
    ("the same without a key", stranger, 401 if authorization("write") else 413),
    ("gzip: 500 members of 1 MiB", lambda: events(gzip.compress(bytes(MIB)) * 500, GZIP), 413),
    ("gzip: a million events", lambda: events(gzip.compress(b"{}\n" * 1_000_000), GZIP), 413),
    ("a million events", lambda: events(b"{}\n" * 1_000_000), 413),
    ("20,001 events", lambda: events(b"{}\n" * 20_001), 413),
    ("900,000 lists in each other", lambda: events(b"[" * 900_000), 400),
    ("180,000 objects in each other", lambda: events(b'{"a":' * 180_000), 422),
    ("a name of a million", name, 422),
    ("10 MiB", lambda: events(b" " * 10 * MIB), 413),
    ("a query of 1 MiB", lambda: query(b" " * MIB), 413),
    ("a query of 50,000 lists in each other", lambda: query(b'{"filter":' + b"[" * 50_000), 422),
    ("a filter of 16,000 lists in each other", address, 422),
]


def crowd():
    """A body of 84 KiB that becomes one of 8 MiB, just within all limits."""
    return events(gzip.compress(os.urandom(83_000) + b" " * (8 * MIB - 83_000 - 1)), GZIP)


async def alone(number):
    """Mebibytes that one of them takes of a daemon that has seen none, but has answered before."""
    _, bomb, _ = BOMBS[number]
    url, bytes_ = bomb()
    for _ in range(20):
        await ask(*events(b"{}"))
        await ask(*query(b"{}"))
    before = peak(url)
    await ask(url, bytes_)
    return round(peak(url) - before, 1)


def prepared():
    """All of them, made before anybody's time is taken."""
    return [(what, *bomb(), wanted) for what, bomb, wanted in BOMBS], crowd()


async def run(bombs, many):
    """One row for each: its time is the best of five, so that others on the machine count little."""
    rows = []
    for what, url, bytes_, wanted in bombs:
        before = peak(url)
        answers = [await ask(url, bytes_) for _ in range(5)]
        statuses = sorted({status for _, status in answers})
        took = round(min(seconds for seconds, _ in answers) * 1e3, 1)
        rows.append({
            "what": what, "statuses": statuses, "ms": took, "five_mib": round(peak(url) - before, 1),
            "missed": bars.of_bomb(statuses, wanted, took),
        })
    url, bytes_ = many
    before = peak(url)
    answers = await asyncio.gather(*(ask(url, bytes_) for _ in range(CROWD)))
    took = round(max(seconds for seconds, _ in answers) * 1e3, 1)
    statuses = sorted({status for _, status in answers})
    grown = round(peak(url) - before, 1)
    rows.append({
        "what": f"{CROWD} at once that become 8 MiB each", "statuses": statuses, "ms": took,
        "all_mib": grown, "missed": bars.of_crowd(statuses, grown),
    })
    return rows
