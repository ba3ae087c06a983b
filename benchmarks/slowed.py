"""The same load on a disk that flushes 5 ms slower, in a process of its own with a preloaded shim: D1."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.load import Commands
from benchmarks.measure import Found
from benchmarks.scale import Scale
from benchmarks.stores import SQLiteStore

SLOWER = 0.005
"""Seconds that each flush takes more."""

FLIGHT = 256
_SHIM = Path(__file__).with_name("slow_flush.c")


def slowed(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure D1."""
    # A slice must hold some raw commits, of which there are 200 a second at most.
    folder, scale = bench.place(), replace(bench.scale, seconds=2 * bench.scale.seconds)
    shim = folder / "slow_flush.so"
    try:
        built = ["cc", "-shared", "-fPIC", "-O2", "-o", str(shim), str(_SHIM), "-ldl"]
        subprocess.run(built, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        return {"D1": Found(float("nan"), "not measured: there is no C compiler (cc)")}
    env = os.environ | {"LD_PRELOAD": str(shim), "SLOW_FLUSH_US": str(int(SLOWER * 1e6))}
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.slowed", str(folder), json.dumps(asdict(scale))],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
        cwd=Path(__file__).parents[1],
    )
    answer = json.loads(told.stdout)
    bench.note("SQLite, 5 ms slower", answer["rates"])
    if answer["rates"]["raw"] > 1 / SLOWER:
        return {"D1": Found(float("nan"), "not measured: the shim slowed nothing")}
    return {"D1": Found(answer["value"], answer["remark"])}


def main(folder: Path, scale: Scale) -> None:
    """Measure in this process, which has the shim in it, and print what was found."""
    with Bench(scale, folder=folder) as bench, ExitStack() as opened:
        store = SQLiteStore(bench.place(), opened)
        commands = opened.enter_context(closing(Commands(store.log(), scale.connections)))
        rounds = bench.alternate({"256": commands.in_flight(FLIGHT)}, raw=store.raw().commits())
    found = rounds.over_raw("256")
    print(json.dumps({"value": found.value, "remark": found.remark, "rates": rounds.rates()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Scale(**json.loads(sys.argv[2])))
