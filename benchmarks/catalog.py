"""The catalog: a page of all its cards with a hundred thousand connections in the store, and loading it: C."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

from adapters.catalog.loader import load_catalog
from adapters.composition import compose
from adapters.http import catalog
from adapters.http.app import create_app
from adapters.settings import Settings
from benchmarks.bench import Bench
from benchmarks.load import fill
from benchmarks.measure import Found, repeated
from benchmarks.stores import SQLiteStore
from engine.secret import Secret

TOKEN = "a-token-of-the-benchmarks-0c2e"
_MILLISECONDS = 1_000
_BEGINNINGS = 7
_LOADING = (
    sys.executable,
    "-c",
    "import time; from adapters.catalog.loader import load_catalog; start = time.perf_counter(); load_catalog();"
    "print(time.perf_counter() - start)",
)


def cards(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure C1: the whole catalog through the application, in this process."""
    with ExitStack() as opened:
        log = SQLiteStore(bench.place(), opened).log()
        known = [spec.id for spec in load_catalog().all() if spec.variants]
        asyncio.run(fill(log, bench.scale.many // 10, steps=6, called=known))
        settings = Settings(database="memory:", home=bench.place())
        system = opened.enter_context(compose(settings, log=log))
        look = opened.enter_context(_asking(create_app(system, token=Secret(TOKEN), routes=catalog.ROUTES)))
        rounds = bench.alternate({"pages of the catalog": repeated(look)})
    bench.note("SQLite", rounds.rates())
    waits = [wait for turn in rounds.turns["pages of the catalog"] for wait in turn.slice.waits]
    return {"C1": Found(median(waits) * _MILLISECONDS)}


@contextmanager
def _asking(app: Any) -> Iterator[Callable[[], None]]:
    """Return what asks for all cards, and looks whether they came."""
    import httpx2

    with asyncio.Runner() as runner:
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url="http://in-process",
            headers={"authorization": f"Bearer {TOKEN}"},
        )

        def look() -> None:
            found = runner.run(client.get("/v1/catalog?limit=500"))
            if found.status_code != 200 or len(found.content) < 10_000:
                raise AssertionError(f"the catalog answered {found.status_code}")

        yield look
        runner.run(client.aclose())


def loading(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure C2: every file read, every spec judged, in processes that begin with nothing."""
    beginnings = range(min(_BEGINNINGS, bench.scale.rounds))
    times = [float(subprocess.run(_LOADING, check=True, capture_output=True).stdout) for _ in beginnings]
    bench.note("catalog", {"loaded": 1 / median(times)})
    return {"C2": Found(median(times) * _MILLISECONDS)}
