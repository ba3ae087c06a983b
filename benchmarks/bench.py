"""What every measurement stands on: a folder on the disk that is measured, a PostgreSQL there, and the rates seen."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.measure import Case, Rounds, alternate
from benchmarks.postgres_server import Server, running
from benchmarks.scale import Scale


class Bench:
    """One run; its block ends everything it began."""

    def __init__(self, scale: Scale | None = None, *, folder: Path | None = None) -> None:
        self._opened = ExitStack()
        self.scale = scale or Scale.from_env()
        self._place = folder or Path.cwd()
        self.rates: dict[str, dict[str, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    @cached_property
    def folder(self) -> Path:
        """The folder of this run, on the same disk for every store."""
        made = self._opened.enter_context(tempfile.TemporaryDirectory(dir=self._place, prefix=".bench-"))
        return Path(made).resolve()

    @cached_property
    def postgres(self) -> Server:
        """A PostgreSQL of this run's own, started when it is first asked for."""
        return self._opened.enter_context(running(self.folder))

    def place(self) -> Path:
        """Return a folder for one measurement."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def alternate(self, cases: Mapping[str, Case], *, raw: Case | None = None) -> Rounds:
        """Give each case its slices, in turns, as many and as long as this run's scale says."""
        return alternate(cases, raw=raw, rounds=self.scale.rounds, seconds=self.scale.seconds)

    def note(self, where: str, rates: dict[str, float]) -> None:
        """Remember absolute rates: told for orientation, promised to nobody."""
        self.rates.setdefault(where, {}).update(rates)
