"""Interlock as it is run on PostgreSQL: processes that serve one database and one home, and their clients."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2

from adapters.tokens import admin_token
from tests.suites import story

ROOT = Path(__file__).parents[2]
ZONE = "data-landing-zone"
_INTERLOCK = (sys.executable, "-c", "from adapters.main import main; main()")


class Place:
    """A home and the address of its database: where processes of one installation meet."""

    def __init__(self, home, url):
        self.home, self.url = home, url
        self.logs = []

    @property
    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "INTERLOCK_DATABASE": self.url}

    def interlock(self, *arguments, timeout=60, **variables):
        """Run one command to its end."""
        command = [*_INTERLOCK, "--home", str(self.home), *map(str, arguments)]
        environment = {**self.environment, **variables}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    def prepare(self):
        """Give the database its schema."""
        done = self.interlock("db", "upgrade")
        assert done.returncode == 0, done.stderr
        return self

    @contextmanager
    def serving(self):
        """Start a server as anybody would; yield it."""
        log = self.home.with_name(f"{self.home.name}-log-{len(self.logs)}")
        self.logs.append(log)
        with open(log, "wb") as lines:
            process = subprocess.Popen(
                [*_INTERLOCK, "--home", str(self.home), "serve", "--port", "0"],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=lines,
                text=True,
            )
        server = None
        try:
            found = re.match(r"Interlock answers at (http://\S+) ", process.stdout.readline())
            assert found, log.read_text()
            server = Service(process, found[1], admin_token(self.home / "admin.token").reveal())
            yield server
        finally:
            if server is not None:
                server.client.close()
            process.kill()
            process.wait()
            process.stdout.close()

    def told(self):
        """Return everything that the servers wrote into their logs."""
        return "".join(log.read_text() for log in self.logs)


class Service:
    """A server and a client of it."""

    def __init__(self, process, address, token):
        self.process, self.address = process, address
        self.client = httpx2.Client(
            base_url=address,
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=30,
            limits=httpx2.Limits(max_connections=200),
        )

    @property
    def pid(self):
        return self.process.pid

    def get(self, path, **options):
        return self.client.get(path, **options)

    def begin(self, key=None):
        headers = {} if key is None else {"idempotency-key": key}
        return self.client.post("/v1/connections", json={"destination": ZONE}, headers=headers)

    def take(self, trigger, connection, etag, key=None, body=None):
        headers = {"if-match": etag, **({} if key is None else {"idempotency-key": key})}
        body = story.usual_body(trigger, ZONE) if body is None else body
        return self.client.post(f"/v1/connections/{connection}/commands/{trigger}", json=body, headers=headers)

    def holders(self):
        """Return who keeps each view."""
        answer = self.get("/v1/projections")
        assert answer.status_code == 200, answer.text
        return {view["name"]: view["holder"] for view in answer.json()["items"]}

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def follow(self, **asked):
        """Begin to follow the feed; see `Following`."""
        return Following(self, asked)


class Following(threading.Thread):
    """Reads a feed until it ends, and remembers the events; use it as a context manager."""

    def __init__(self, service, asked):
        super().__init__(daemon=True)
        self.service, self.asked = service, asked
        self.events, self.trouble, self.begun = [], None, threading.Event()

    def run(self):
        try:
            with self.service.client.stream("GET", "/v1/events", params=self.asked, timeout=60) as answer:
                assert answer.status_code == 200
                for line in answer.iter_lines():
                    self.begun.set()
                    if line.startswith("data: "):
                        self.events.append((time.monotonic(), json.loads(line[6:])))
        except (httpx2.HTTPError, RuntimeError) as error:
            self.trouble = error  # the server is gone, or the test is over

    def __enter__(self):
        self.start()
        assert self.begun.wait(20)
        return self

    def __exit__(self, kind, error, trace):
        pass


def at_once(count, work):
    """Do *work* for 0, 1, ... at the same time; return (result, seconds) of each."""

    def timed(number):
        started = time.monotonic()
        return work(number), time.monotonic() - started

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(timed, range(count)))


def eventually(look, seconds, pause=0.1):
    """Return what *look* returns as soon as it is true; the newest answer when the time is over."""
    give_up = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < give_up:
        time.sleep(pause)
    return found
