"""Tests of the workspace that attack with lists of their own: what each tried, and whether it held."""

import asyncio
import os
import re

import bars

CARGO = os.environ.get("CARGO", "cargo")
# As `make test` builds them, so that nothing is built twice.
DEBUG = ["--workspace", "--features", "consumer/fault-points,ingestion/fault-points"]
# On the daemons that `make release` builds: without optimisation the clients themselves are too slow.
RELEASE = ["--package", "testkit", "--release"]
WITHIN_S = 1800

LISTS = {
    "raw_frames::every_frame_is_answered_as_the_protocol_says": "WebSocket frames",
    "decompression::what_says_it_is_gzip_is_taken_or_refused": "bodies that say they are gzip",
    "raw_http::what_is_not_http_is_refused_and_nothing_is_smuggled": "requests byte by byte, smuggled ones included",
}
CROWD = {
    "crowd::who_reads_nothing_hurts_nobody_else":
        "2,000 live clients of which 500 read nothing: those are closed within 15 s, p99 of the others at most 250 ms",
}


async def cargo(built, tests):
    command = [CARGO, "test", "--locked", "--no-fail-fast", *built, "--test", "it"]
    process = await asyncio.create_subprocess_exec(
        *command, "--", "--exact", "--show-output", *tests,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            output, _ = await process.communicate()
    except TimeoutError:
        process.terminate()
        await process.wait()
        return "time was up"
    return output.decode(errors="replace")


async def run():
    rows = []
    for built, tests in ((DEBUG, LISTS), (RELEASE, CROWD)):
        text = await cargo(built, tests)
        for test, what in tests.items():
            passed = re.search(rf"^test {test} \.\.\. ok$", text, re.M) is not None
            # What a test tells is behind a line that names it.
            told = re.search(rf"^---- {test} stdout ----\n(?:.*\n)*?(\d+ (?:cases|frames).*)$", text, re.M)
            tried = told[1] if told else "nothing"
            missed = bars.missed(
                (passed, "failed, or not run"), (re.match("[1-9]", tried), "nothing was tried"),
            )
            rows.append({"what": what, "test": test, "tried": tried, "missed": missed})
            if missed:
                print(text)
    return rows
