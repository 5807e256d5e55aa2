"""Writes docs/ATTACKS.md from the results that are kept."""

import os
import pathlib
import platform
import subprocess

import bars
from honest import PER_SECOND

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "ATTACKS.md"
NOT_RUN = "Not run."


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def verdict(missed):
    return "**missed**: " + "; ".join(missed) if missed else "held"


def slow_table(result):
    if not result:
        return NOT_RUN
    calm, lines = result["rows"][0]["honest"], []
    for row in result["rows"]:
        state, told = row["state"], row["honest"]
        attackers = "–" if state is None else f"{state['most']:,} open at most, {state['closed']:,} closed"
        lines.append([row["what"], attackers, told["asked"], told["failed"], told["p50_ms"], told["p99_ms"],
                      f"{told['p99_ms'] / calm['p99_ms']:.1f}", verdict(row["missed"])])
    head = ["attack", "attackers", "honest questions", "not answered", "p50 ms", "p99 ms", "× of calm", "verdict"]
    return table(head, lines)


def mib(row, name):
    return f"{row[name]:+.1f}" if name in row else "–"


def bombs_table(result):
    if not result:
        return NOT_RUN
    lines = [[row["what"], ", ".join(map(str, row["statuses"])), row["ms"], mib(row, "one_mib"),
              mib(row, "five_mib" if "five_mib" in row else "all_mib"), verdict(row["missed"])]
             for row in result["rows"]]
    return table(["body", "answer", "ms", "one, MiB", "in a row, MiB", "verdict"], lines)


def injection_table(result):
    if not result:
        return NOT_RUN
    lines = [[f"`{row['route']}`", ", ".join(f"`{name}`" for name in row["parameters"]), row["places"],
              row["kinds"], "; ".join(row["found"]) or "none", verdict(row["missed"])]
             for row in result["rows"]]
    return table(["route", "parameters", "places", "tests", "injectable", "verdict"], lines)


def tests_table(result):
    if not result:
        return NOT_RUN
    lines = [[row["what"], f"`{row['test']}`", row["tried"], verdict(row["missed"])] for row in result["rows"]]
    return table(["what", "test", "tried", "verdict"], lines)


def meanwhile(result):
    """A sentence on the honest client beside an attack."""
    if not result:
        return ""
    honest = result["honest"]
    calm, told = honest["calm"], honest["meanwhile"]
    return (f"\nAn honest client meanwhile: {told['asked']} questions, {told['failed']} not answered, p99 "
            f"{told['p99_ms']} ms; in calm {calm['p99_ms']} ms. Verdict: {verdict(honest['missed'])}.\n")


def all_missed(kept):
    """How many bars, and which kinds weren't run."""
    count, absent = 0, []
    for kind in ("slow", "lifted", "bombs", "injection", "tests"):
        result = kept.of(kind)
        if not result:
            absent.append(kind)
            continue
        count += len(result.get("honest", {}).get("missed", []))
        count += sum(len(row["missed"]) for row in result["rows"])
    ended = kept.text("schemathesis.status")
    absent += ["schemathesis"] if ended is None else []
    count += ended not in (None, "0")
    said = "Every bar held" if not count else f"**{count} missed**"
    return said + (f"; not run: {', '.join(absent)}" if absent else "") + "."


def version(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "?"


def write(kept):
    slow, lifted, bombs, injection = map(kept.of, ("slow", "lifted", "bombs", "injection"))
    PAGE.write_text(f"""# Attacks

What `make attacks` found, the kind that ran last on {version(["date", "-u", "+%F"])} at \
{version(["git", "rev-parse", "--short", "HEAD"])}, on {os.cpu_count()} cores ({platform.machine()}, Linux
{platform.release().split('-')[0]}), attackers, daemons, Redis and PostgreSQL all on that machine. The threat model and the
limits are in [SECURITY.md](../SECURITY.md). Tools: slowhttptest {os.environ["SLOWHTTPTEST_VERSION"]}, sqlmap \
{version([os.environ["SQLMAP"], "--version"])}, schemathesis
{os.environ.get("SCHEMATHESIS_VERSION", "?")}. The daemons ask for keys (`AUTH=on`). The script writes this page, and fails where a bar is
missed.

{all_missed(kept)}

## Slow clients

slowhttptest opens 4,000 connections at 1,000 a second and keeps at it for 40 s, without a key but for one mode.
Meanwhile an honest client with an address and keys of its own asks the api for a summary and sends ingestion an
event, {PER_SECOND} times a second each, every time on a new connection. `× of calm` is its p99 as a multiple of the first
row's. The bars: at most {bars.TIMES_OF_CALM:g}, and every question answered.

With the limits as they are by default (1,000 connections of one address):

{slow_table(slow)}

The same where an address may have 12,000, so that timeouts alone hold:

{slow_table(lifted)}

## Bodies that are, or become, too large

The time is the best of five, so that others on the machine count little; of the last row the slowest. Memory is by
how much the daemon's peak rose: with one such body, sent to a daemon that has seen none; and, for information,
with five in a row, because each thread keeps for a moment what it unpacked. The bars: the answer within
{bars.REFUSED_MS} ms, +{bars.BOMB_MIB} MiB for one. At most 64 MiB of bodies are received and eight are decompressed at once, whatever their
number: the last row's bar is +{bars.CROWD_MIB} MiB, without a time.

{bombs_table(bombs)}
{meanwhile(bombs)}
## SQL injection

sqlmap, level 2 and risk 2, all techniques but stacked queries' side effects, at most
{os.environ.get("SQLMAP_SECONDS", "300")} s a route. The bars: the question without an attack is answered 200, every place is tested, to the end,
and none is injectable.

{injection_table(injection)}
{meanwhile(injection)}
## Lists of our own

What no tool from outside knows. These are tests, which `make test` runs too; the last one on a release here, with
the bar that is promised, for without optimisation the clients themselves are too slow.

{tests_table(kept.of("tests"))}

## What the OpenAPI document doesn't allow

schemathesis with all its checks, with a key and, to see that it is asked for, without and with a wrong one:

```
{kept.text("schemathesis.txt") or NOT_RUN}
```
""")
    print(f"written: {PAGE}")
