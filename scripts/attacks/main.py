"""Runs one kind of attack on the daemons of the fixture and keeps its result, or writes all results
down: main.py slow|lifted|bombs|injection|report FOLDER."""

import asyncio
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "ATTACKS.md"
NO_MORE_THAN = 2.0


def keep(folder, name, rows):
    (folder / f"{name}.json").write_text(json.dumps(rows, indent=1))


def kept(folder, name):
    path = folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else []


async def slow(folder, name):
    import slow as attack
    from honest import Honest

    rows = await attack.run(Honest(attack.API, attack.INGESTION))
    keep(folder, name, rows)
    for row in rows:
        print(*row, flush=True)


async def bombs(folder):
    import bombs as attack

    rows = await attack.run()
    keep(folder, "bombs", rows)
    for row in rows:
        print(*row, flush=True)
    return all(set(statuses) <= {wanted, 0} for _, statuses, wanted, _, _ in rows if wanted)


async def injection(folder):
    import injection as attack

    with tempfile.TemporaryDirectory() as scratch:
        rows = await attack.run(scratch)
    keep(folder, "injection", rows)
    return not any(found for _, _, _, found, _ in rows)


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def slow_table(rows):
    if not rows:
        return "Not run."
    calm = rows[0][2]["p99_ms"]
    lines = []
    for what, state, report in rows:
        times = report["p99_ms"] / calm
        attackers = "–" if state is None else f"{state['most']:,} open at most, {state['closed']:,} closed"
        lines.append([what, attackers, report["asked"], report["failed"], report["p50_ms"],
                      report["p99_ms"], f"{times:.1f}"])
    head = ["attack", "attackers", "honest questions", "not answered", "p50 ms", "p99 ms", "× of calm"]
    return table(head, lines)


def bombs_table(rows):
    lines = [[what, ", ".join(str(s) for s in statuses), ms, f"{mib:+.1f}"]
             for what, statuses, _, ms, mib in rows]
    return table(["body", "answer", "ms", "peak memory, MiB"], lines) if rows else "Not run."


def injection_table(rows):
    lines = [[f"`{name}`", ", ".join(f"`{p}`" for p in parameters), tested,
              "; ".join(found) or "none", "yes" if ended else "no, time was up"]
             for name, parameters, tested, found, ended in rows]
    head = ["route", "parameters", "kinds of test", "injectable", "to the end"]
    return table(head, lines) if rows else "Not run."


def version(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "?"


def report(folder):
    commit = version(["git", "rev-parse", "--short", "HEAD"])
    day = version(["date", "-u", "+%F"])
    sqlmap = version([os.environ["SQLMAP"], "--version"])
    slowhttptest = os.environ["SLOWHTTPTEST_VERSION"]
    schemathesis = os.environ.get("SCHEMATHESIS_VERSION", "?")
    kept_text = (folder / "schemathesis.txt")
    outcome = kept_text.read_text().strip() if kept_text.exists() else "Not run."
    PAGE.write_text(f"""# Attacks

What `make attacks` found, the kind that ran last on {day} at {commit}, on {os.cpu_count()} cores ({platform.machine()}, Linux
{platform.release().split('-')[0]}), attackers, daemons, Redis and PostgreSQL all on that machine. The threat model and the
limits are in [SECURITY.md](../SECURITY.md). Tools: slowhttptest {slowhttptest}, sqlmap {sqlmap}, schemathesis
{schemathesis}. The script writes this page.

## Slow clients

slowhttptest opens 4,000 connections at 1,000 a second and keeps at it for 40 s. Meanwhile an honest client with
an address of its own asks the api for a summary and sends ingestion an event, {20} times a second each, every
time on a new connection. `× of calm` is its p99 as a multiple of the first row's.

With the limits as they are by default (1,000 connections of one address):

{slow_table(kept(folder, "slow"))}

The same where an address may have 12,000, so that timeouts alone hold:

{slow_table(kept(folder, "lifted"))}

## Bodies that are, or become, too large

Best of five, so that others on the machine count little; of the last row the slowest. Memory is by how much the
daemon's peak rose over all five: each thread keeps for a moment what it unpacked. At most 64 MiB of bodies are
received and eight are decoded at once, whatever their number.

{bombs_table(kept(folder, "bombs"))}

## SQL injection

sqlmap, level 2 and risk 2, all techniques but stacked queries' side effects, at most
{os.environ.get("SQLMAP_SECONDS", "90")} s a route.

{injection_table(kept(folder, "injection"))}

## What the OpenAPI document doesn't allow

schemathesis with all its checks:

```
{outcome}
```
""")
    print(f"written: {PAGE}")


async def main():
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if what == "report":
        report(folder)
        return 0
    tasks = {
        "slow": lambda: slow(folder, "slow"),
        "lifted": lambda: slow(folder, "lifted"),
        "bombs": lambda: bombs(folder),
        "injection": lambda: injection(folder),
    }
    return 1 if await tasks[what]() is False else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
