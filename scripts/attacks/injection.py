"""sqlmap on every parameter of every GET route of the OpenAPI document, and on the query's body."""

import asyncio
import json
import os
import re
import urllib.request
from urllib.parse import quote

API = os.environ["API_URL"]
SECONDS_PER_ROUTE = int(os.environ.get("SQLMAP_SECONDS", "90"))
LEFT_OUT = {"/ws", "/api/v1/live"}

# Right values, for parameters whose examples are none.
VALUES = {
    "from": "now-24h", "to": "now", "tz": "UTC", "filter": "page:/a", "metrics": "events",
    "compare": "previous", "interval": "1h", "fill": "zero", "group_by": "page", "limit": "5",
    "dimension": "page", "order": "events:desc", "period": "day", "steps": "event_type:login",
}
QUERY = {"from": "now-24h", "metrics": ["events"], "filter": ["is", "page", ["/a"]]}
FUNNEL = {"from": "now-24h", "steps": [["is", "event_type", ["login"]], ["is", "page", ["/a"]]], "window": "1h"}


def resolved(document, parameter):
    """The parameter itself, where only its place in the document is given."""
    place = parameter.get("$ref", "#").split("/")[1:]
    for name in place:
        document = document[name]
    return document if place else parameter


def targets():
    """Pairs of a name and options of sqlmap."""
    with urllib.request.urlopen(f"{API}/openapi.json") as answer:
        document = json.load(answer)
    for path, methods in document["paths"].items():
        if "get" not in methods or path in LEFT_OUT:
            continue
        parameters = methods.get("parameters", []) + methods["get"].get("parameters", [])
        parameters = [resolved(document, parameter) for parameter in parameters]
        names = [p["name"] for p in parameters if p["in"] == "query"]
        # A path's parameter is marked by an asterisk.
        place = re.sub(r"\{[^}]*\}", "a*", path)
        if not names and place == path:
            continue
        pairs = "&".join(f"{name}={quote(VALUES.get(name, '1'))}" for name in names)
        options = ["-u", f"{API}{place}?{pairs}".rstrip("?")]
        yield f"GET {path}", names or ["(path)"], options + (["-p", ",".join(names)] if names else [])
    for path, body in (("/api/v1/query", QUERY), ("/api/v1/funnel", FUNNEL)):
        yield f"POST {path}", list(body), ["-u", f"{API}{path}", "--data", json.dumps(body)]


async def sqlmap(options, folder):
    """What it found: a list, empty where nothing is injectable; and whether it came to its end."""
    command = [
        os.environ["SQLMAP"], "--batch", "--disable-coloring", "--dbms=postgresql", "--level=2",
        "--risk=2", "--technique=BEUST", "--time-sec=2", "--timeout=10", "--retries=0", "--threads=4",
        # What isn't there, or isn't right, is an answer like another.
        "--ignore-code=404,422",
        "--flush-session", f"--output-dir={folder}", *options,
    ]
    with open(os.path.join(folder, "log"), "w+", encoding="utf-8", errors="replace") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        try:
            async with asyncio.timeout(SECONDS_PER_ROUTE):
                await process.wait()
            ended = True
        except TimeoutError:
            process.kill()
            await process.wait()
            ended = False
        log.seek(0)
        text = log.read()
    tested = len(re.findall(r"testing '", text))
    # What "appears to be injectable" is then looked into, and is named so where it is.
    found = re.findall(r"^Parameter: .*|.*is vulnerable.*", text, re.M)
    return tested, found, ended


async def run(folder):
    rows = []
    for name, parameters, options in targets():
        tested, found, ended = await sqlmap(options, folder)
        rows.append((name, parameters, tested, found, ended))
        print(f"sqlmap {name}: {tested} tests, found {found}, to the end: {ended}", flush=True)
    return rows
