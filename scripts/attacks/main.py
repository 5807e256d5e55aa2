"""Runs one kind of attack on the daemons of the fixture, keeps its result and ends with 1 where a bar
is missed; or writes all results down: main.py slow|lifted|bombs|one:N|injection|tests|report FOLDER."""

import asyncio
import json
import os
import pathlib
import sys
import tempfile


class Kept:
    """Results, by kind: rows, and what an honest client met besides, where they don't say so."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def keep(self, kind, result):
        (self.folder / f"{kind}.json").write_text(json.dumps(result, indent=1))

    def of(self, kind):
        path = self.folder / f"{kind}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def text(self, name):
        path = self.folder / name
        return path.read_text().strip() if path.exists() else None


def judged(kept, kind, rows, **more):
    """Keeps and prints them; whether all held."""
    kept.keep(kind, {"rows": rows} | more)
    for row in rows:
        print(row, flush=True)
    missed = [sentence for row in rows for sentence in row["missed"]]
    for sentence in missed + more.get("honest", {}).get("missed", []):
        print(f"{kind}: missed: {sentence}", file=sys.stderr, flush=True)
    return not missed and not more.get("honest", {}).get("missed")


async def slow(kept, kind):
    import slow as attack
    from honest import Honest

    return judged(kept, kind, await attack.run(Honest(attack.API, attack.INGESTION)))


async def beside(attack):
    """Its rows, and what an honest client met in calm and meanwhile."""
    import bars
    from honest import Honest, quietly

    honest = Honest(os.environ["API_URL"], os.environ["INGESTION_URL"])
    _, calm = await honest.during(quietly(10))
    rows, meanwhile = await honest.during(attack)
    missed = bars.of_honest(calm) + bars.of_honest(meanwhile)
    return rows, {"calm": calm, "meanwhile": meanwhile, "missed": missed}


async def bombs(kept):
    import bombs as attack

    rows, honest = await beside(attack.run(*attack.prepared()))
    return judged(kept, "bombs", rows, honest=honest)


async def one(kept, number):
    """The memory that a single bomb takes, told in the row of its five."""
    import bars
    import bombs as attack

    result = kept.of("bombs")
    row = result["rows"][number]
    row["one_mib"] = await attack.alone(number)
    missed = bars.of_memory(row["one_mib"])
    row["missed"] += missed
    kept.keep("bombs", result)
    print(f"one of: {row['what']}: {row['one_mib']:+.1f} MiB {missed or ''}", flush=True)
    return not missed


async def injection(kept):
    import injection as attack

    with tempfile.TemporaryDirectory() as scratch:
        rows, honest = await beside(attack.run(scratch))
    return judged(kept, "injection", rows, honest=honest)


async def tests(kept):
    import tests as attack

    return judged(kept, "tests", await attack.run())


async def main():
    kind, kept = sys.argv[1], Kept(sys.argv[2])
    kind, _, number = kind.partition(":")
    match kind:
        case "slow" | "lifted":
            held = await slow(kept, kind)
        case "bombs":
            held = await bombs(kept)
        case "one":
            held = await one(kept, int(number))
        case "injection":
            held = await injection(kept)
        case "tests":
            held = await tests(kept)
        case "report":
            import report

            report.write(kept)
            held = True
        case _:
            sys.exit(f"there is no kind {kind}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
