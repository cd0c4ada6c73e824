#!/usr/bin/env python3
"""Measures whether memory grows with the data: a small account and a large one are synced, then compared with Stripe.

usage: benches/memory.py BINARY [--small N] [--large N] [--database-url URL]

N are charges of the simulated account; each brings about 3.5 objects. Each account has a platform and a database of its
own. Its first sync is followed by one pass of each kind of the reconciliation; the peak is the process's whole life's.
Prints one line of figures for each account, peaks in MiB, and fails when the peaks lie 64 MiB or more apart.
"""

import argparse
import json
import subprocess
import time

from bench import parsed, peak_mib
from first_sync import measure

BOUND = 64
PASSES = ["nightly", "weekly", "full"]


def passes(platform, connection):
    """Asks for each pass and waits for its end; the peak after each."""
    found, compared = {}, 0
    for name in PASSES:
        began = time.monotonic()
        asked = platform.api("POST", f"{connection}/reconciliation", {"pass": name})
        report = ended(platform, f"{connection}/reconciliation", asked["id"])
        if report["state"] != "complete" or report["found"]:
            raise SystemExit(f"memory: the {name} pass is not as it should be: {report}")
        compared = sum(step["objectsHere"] for step in report["steps"])
        found |= {f"{name}_seconds": round(time.monotonic() - began, 1), f"{name}_peak": peak_mib(platform.process)}
    return found | {"compared": compared}


def ended(platform, path, asked):
    while True:
        for report in platform.api("GET", path)["reports"]:
            if report["id"] == asked and report["finishedDate"]:
                return report
        time.sleep(0.5)


def fresh(url, charges):
    """A database of its own on the same PostgreSQL."""
    if url is None:
        return None
    name = f"tributary_memory_{charges}"
    subprocess.run(["psql", "-q", url, "-c", f"DROP DATABASE IF EXISTS {name}", "-c", f"CREATE DATABASE {name}"],
                   check=True, stderr=subprocess.DEVNULL)
    return f"{url.rsplit('/', 1)[0]}/{name}"


def peak(options, charges):
    one = argparse.Namespace(binary=options.binary, charges=charges, kill=0,
                             database_url=fresh(options.database_url, charges))
    found = measure(one, passes)
    keys = ["charges", "compared", "seconds", "peak_mib", *(f"{name}_{what}" for name in PASSES
                                                            for what in ("seconds", "peak"))]
    print(json.dumps({key: found[key] for key in keys} | {"database": "postgres" if one.database_url else "sqlite"}),
          flush=True)
    return found["full_peak"]


def main():
    options = parsed(__doc__, small=2_850, large=285_000)
    small, large = peak(options, options.small), peak(options, options.large)
    if large - small >= BOUND:
        raise SystemExit(f"memory: {large} MiB at the peak of the large account, {small} of the small one: "
                         f"{large - small} MiB apart, and {BOUND} is too much")


if __name__ == "__main__":
    main()
