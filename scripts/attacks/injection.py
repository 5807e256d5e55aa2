"""sqlmap on every parameter of every GET route of the api's OpenAPI document, on every text of the
bodies that ask. Each question is a right one, so that what is put into it reaches what stands behind the
checks. Left out: the messages of /ws, which are read by the code that reads `topic` and `params` of
/api/v1/live; the key of a new session, of which ten wrong ones a minute are heard; and events, which
go into the database by COPY, without a statement that they could be part of."""

import asyncio
import json
import os
import re
from urllib.parse import quote

import bars
from first import Firsts
from honest import authorization, exchange, request

API = os.environ["API_URL"]
SECONDS_PER_ROUTE = int(os.environ.get("SQLMAP_SECONDS", "300"))
SSE = "/api/v1/live"
LEFT_OUT = {"/ws"}

COUNTRY = ["is", "country", ["DE", "AT"]]
STEPS = [{"name": "seen", "filter": ["is", "event_type", ["page_view"]]},
         {"name": "bought", "filter": ["is", "event_type", ["purchase"]]}]
VALUES = {
    "from": "now-24h", "to": "now", "tz": "UTC", "filter": "event_type:page_view", "metrics": "events,users",
    "compare": "previous", "interval": "1h", "fill": "zero", "group_by": "page", "limit": "2",
    "dimension": "page", "order": "events:desc", "period": "day", "periods": "3", "window": "1d",
    "steps": json.dumps(STEPS), "by": "country", "return_filter": "event_type:purchase", "raw": "true",
    "search": "/", "format": "csv", "columns": "event_id,page", "topic": "metrics",
    "params": json.dumps({"minutes": 5, "metrics": ["events"], "filter": COUNTRY}),
}
# Members that the examples of the document lack.
BODIES = {
    "/api/v1/query": {
        "dimensions": ["time:1h", "page"], "date_range": ["now-24h", "now"], "tz": "UTC",
        "compare": "previous", "pagination": {"limit": 10, "offset": 0}, "include": {"total_rows": True},
    },
    "/api/v1/funnel": {
        "from": "now-24h", "to": "now", "tz": "UTC", "filters": [COUNTRY], "by": "country",
    },
}


def resolved(document, part):
    """The part itself, where only its place in the document is given."""
    place = part.get("$ref", "#").split("/")[1:]
    for name in place:
        document = document[name]
    return document if place else part


async def get(path):
    """Status and body, as JSON where it is some."""
    status, body = await exchange(API, request(API, "GET", path, headers=authorization("read")))
    try:
        return status, json.loads(body)
    except ValueError:
        return status, {}


def address(path, names, values):
    pairs = "&".join(f"{name}={quote(values[name], safe='*')}" for name in names if name in values)
    return f"{path}?{pairs}".rstrip("?")


def marked(value):
    """The same with an asterisk behind every text, where sqlmap is to put in what it tries."""
    if isinstance(value, dict):
        return {name: marked(member) for name, member in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return value + "*" if isinstance(value, str) else value


async def questions(document, live):
    """Each GET route: its name, its parameters, how the plain question is answered, sqlmap's options."""
    _, sessions = await get("/api/v1/sessions?limit=1")
    session = sessions["data"][0]["session_id"]
    for path, methods in document["paths"].items():
        if "get" not in methods or path in LEFT_OUT:
            continue
        parameters = methods.get("parameters", []) + methods["get"].get("parameters", [])
        parameters = [resolved(document, parameter) for parameter in parameters]
        names = [p["name"] for p in parameters if p["in"] == "query"]
        place, values = path.replace("{session_id}", quote(session)), dict(VALUES)
        if "cursor" in names:
            _, page = await get(address(place, names, values))
            values["cursor"] = page.get("meta", {}).get("next_cursor") or "none"
        plain = address(place, names, values)
        base = live if path == SSE else API
        if names:
            status, _ = await exchange(base, request(base, "GET", plain, headers=authorization("read")))
            yield f"GET {path}", names, status, ["-u", base + plain, "-p", ",".join(names)]
        for name in names:
            if values.get(name, "")[:1] in ("[", "{"):
                inside = json.dumps(marked(json.loads(values[name])))
                url = base + address(place, names, values | {name: inside})
                yield f"GET {path}", [f"texts in {name}"], status, ["-u", url]
        if place != path:
            status, _ = await get(place)
            yield f"GET {path}", ["(path)"], status, ["-u", f"{API}{place}*"]


async def bodies(document):
    """The same of what is asked by a body, which has every member that its schema knows."""
    for path, further in BODIES.items():
        media = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        body = media["example"] | further
        lacking = set(resolved(document, media["schema"])["properties"]) - set(body)
        assert not lacking, f"POST {path} is asked without {lacking}"
        text = json.dumps(body).encode()
        status, _ = await exchange(API, request(API, "POST", path, text, authorization("read")))
        yield f"POST {path}", list(body), status, ["-u", API + path, "--data", json.dumps(marked(body))]


async def targets(live):
    _, document = await get("/openapi.json")
    for several in (questions(document, live), bodies(document)):
        async for target in several:
            yield target


async def sqlmap(options, folder):
    """How many places it tested and with how many kinds of test, what it found, and whether it
    came to its end."""
    headers = ["Content-Type: application/json"] if "--data" in options else []
    headers += [authorization("read").strip()] if authorization("read") else []
    command = [
        os.environ["SQLMAP"], "--batch", "--disable-coloring", "--dbms=postgresql", "--level=2",
        "--risk=2", "--technique=BEUST", "--time-sec=2", "--timeout=10", "--retries=0", "--threads=4",
        # What isn't there, or isn't right, is an answer like another.
        "--ignore-code=400,404,422", "--headers=" + "\n".join(headers),
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
    kinds = len(re.findall(r"testing '", text))
    places = len(re.findall(r"parameter '.*' does not seem to be injectable", text))
    # What "appears to be injectable" is then looked into, and is named so where it is.
    found = re.findall(r"^Parameter: .*|.*is vulnerable.*", text, re.M)
    return places, kinds, found, ended


def places_of(options):
    """How many places sqlmap is to test."""
    if "-p" in options:
        return options[options.index("-p") + 1].count(",") + 1
    return options[-1].count("*")


async def run(folder):
    rows = []
    async with Firsts(API) as live:
        async for name, parameters, answer, options in targets(live):
            places, kinds, found, ended = await sqlmap(options, folder)
            missed = bars.of_injection(answer, places_of(options), places, found, ended)
            rows.append({
                "route": name, "parameters": parameters, "places": places, "kinds": kinds,
                "found": found, "missed": missed,
            })
            print(f"sqlmap {name}: {places} places, {kinds} tests, {missed or 'held'}", flush=True)
    return rows
