"""What is promised. An attack that shows otherwise has failed, and its row on the page says why."""

# Honest clients while others are slow: their p99 as a multiple of what it is in calm. None of their
# questions may stay without its right answer, whoever attacks and how.
TIMES_OF_CALM = 2.0
# Of the connections that slowhttptest was told to make: with fewer nothing was tried.
CONNECTIONS_MADE = 0.5

# One body that is refused: milliseconds until the answer, and mebibytes that the daemon grows by.
REFUSED_MS = 50
BOMB_MIB = 16
# Many at once that are decompressed before they are refused, for which there is no such time: of
# all bodies 64 MiB are received and eight, of 8 MiB, are decompressed at once (SECURITY.md).
CROWD_MIB = 128


def missed(*pairs):
    """What is said by those pairs of a condition and a sentence whose condition doesn't hold."""
    return [sentence for holds, sentence in pairs if not holds]


def of_honest(report, calm=None):
    """An honest client's report; its p99 is asked for where a calm one is given."""
    times = report["p99_ms"] / calm["p99_ms"] if calm else 0
    return missed(
        (report["asked"] > 0, "nobody asked"),
        (not report["failed"], f"{report['failed']} not answered"),
        (times <= TIMES_OF_CALM, f"p99 is {times:.1f} × of calm, more than {TIMES_OF_CALM:g}"),
    )


def of_slow(state, connections):
    made = state["most"] + state["closed"]
    return missed((made >= CONNECTIONS_MADE * connections, f"only {made} of {connections} connections"))


def of_bomb(statuses, wanted, took_ms):
    return missed(
        (statuses == [wanted], f"answered {statuses}, not {wanted}"),
        (took_ms <= REFUSED_MS, f"{took_ms} ms, more than {REFUSED_MS}"),
    )


def of_memory(mib, most=BOMB_MIB):
    return missed((mib <= most, f"{mib:+.1f} MiB, more than {most}"))


def of_crowd(statuses, mib):
    refusals = {413, 422, 503}
    return missed((set(statuses) <= refusals, f"answered {statuses}")) + of_memory(mib, CROWD_MIB)


def of_injection(answer, parameters, tested, found, ended):
    return missed(
        (answer == 200, f"answered {answer} without an attack: nothing behind the checks was reached"),
        (tested >= parameters > 0, f"{tested} of {parameters} places tested"),
        (ended, "time was up"),
        (not found, "injectable"),
    )
