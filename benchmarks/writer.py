"""A process that writes to a PostgreSQL log when it is told to; others do the same beside it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from benchmarks.load import Commands
from benchmarks.measure import Case, Slice
from benchmarks.stores import postgres_log

READY = "ready"


class Writer:
    """Such a process, seen from the one that measures."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def begin(self, seconds: float) -> None:
        """Let it write for so long."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()

    def end(self) -> Slice:
        """Return what it came to.

        Raises:
            RuntimeError: it ended before it was told to.
        """
        done, seconds = json.loads(self.hear())
        return Slice(done, seconds)

    def hear(self) -> str:
        """Return the next line that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a writing process ended with status {self._process.wait()}")
        return line.strip()


@contextmanager
def writers(dsn: str, processes: int, *, logs: int = 1, flight: int = 64, connections: int) -> Iterator[list[Writer]]:
    """Run so many processes, each with so many logs of its own, and each log with commands in flight."""
    command = [sys.executable, "-m", "benchmarks.writer", dsn, str(logs), str(flight), str(connections)]
    with ExitStack() as opened:
        started = []
        for _ in range(processes):
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
            )
            opened.callback(_end, process)
            started.append(Writer(process))
        for writer in started:
            if (said := writer.hear()) != READY:
                raise RuntimeError(f"a writing process said {said!r}")
        yield started


def together(writers: Sequence[Writer]) -> Case:
    """Return a case in which all of them write at the same time."""

    def case(seconds: float) -> Slice:
        for writer in writers:
            writer.begin(seconds)
        slices = [writer.end() for writer in writers]
        return Slice(round(sum(slice.rate for slice in slices) * seconds), seconds)

    return case


def _end(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()  # it reads the end of its orders and leaves
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _at_once(cases: Sequence[Case], seconds: float) -> list[Slice]:
    slices: list[Slice] = []
    threads = [threading.Thread(target=lambda case=case: slices.append(case(seconds))) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(slices) < len(cases):
        raise SystemExit("a writer failed; what it said stands above")
    return slices


def main(dsn: str, logs: int, flight: int, connections: int) -> None:
    """Write for as many seconds as each line says, until there are no more lines."""
    with ExitStack() as opened:
        commands = []
        for _ in range(logs):
            log = opened.enter_context(postgres_log(dsn))
            commands.append(opened.enter_context(closing(Commands(log, connections))))
        print(READY, flush=True)
        for line in sys.stdin:
            slices = _at_once([one.in_flight(flight) for one in commands], float(line))
            seconds = max(slice.seconds for slice in slices)
            print(json.dumps([round(sum(slice.rate for slice in slices) * seconds), seconds]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
