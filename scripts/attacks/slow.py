"""slowhttptest in its modes, 4,000 connections each, and an honest client meanwhile. The attackers are
strangers: they have no keys, but for one mode."""

import asyncio
import os
import re

import bars
from honest import authorization, quietly

CONNECTIONS = 4_000
SECONDS = 40

API, INGESTION = os.environ["API_URL"], os.environ["INGESTION_URL"]
BIG = f"{API}/openapi.json"


def bodies(headers=""):
    """The tool sends no header of one's own; whatever follows the content type is taken as one."""
    kind = f"application/json\r\n{headers}".rstrip()
    return ["-B", "-i", "5", "-s", "8192", "-x", "10", "-t", "POST", "-f", kind]


MODES = [
    ("slow heads (slowloris)", ["-H", "-i", "5", "-x", "24"], f"{API}/health/live"),
    ("slow bodies without a key", bodies(), f"{INGESTION}/api/v1/events"),
    ("slow bodies with a key", bodies(authorization("write")), f"{INGESTION}/api/v1/events"),
    ("ranges (Apache killer)", ["-R", "-a", "1", "-b", "3000", "-t", "HEAD"], BIG),
    ("slow reading", ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"], BIG),
]


async def slowhttptest(options, url):
    """The last state it shows."""
    program = os.environ["SLOWHTTPTEST"]
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(CONNECTIONS), "-r", "1000", "-l", str(SECONDS), "-p", "5", *options,
        "-u", url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    text = re.sub(r"\x1b\[[0-9;]*m", "", output.decode(errors="replace"))
    state = {}
    for name in ("initializing", "pending", "connected", "error", "closed"):
        found = re.findall(rf"{name}:\s+(\d+)", text)
        state[name] = int(found[-1]) if found else 0
    peak = re.findall(r"connected:\s+(\d+)", text)
    state["most"] = max(map(int, peak), default=0)
    state["end"] = (re.findall(r"Exit status:\s+(.*)", text) or ["?"])[-1].strip()
    return state


async def run(honest):
    """One row for each mode, the first without an attack."""
    _, calm = await honest.during(quietly(15))
    rows = [{"what": "nobody attacks", "state": None, "honest": calm, "missed": bars.of_honest(calm)}]
    for what, options, url in MODES:
        state, report = await honest.during(slowhttptest(options, url))
        missed = bars.of_honest(report, calm) + bars.of_slow(state, CONNECTIONS)
        rows.append({"what": what, "state": state, "honest": report, "missed": missed})
        await asyncio.sleep(3)
    _, after = await honest.during(quietly(10))
    missed = bars.of_honest(after, calm)
    rows.append({"what": "afterwards", "state": None, "honest": after, "missed": missed})
    return rows
