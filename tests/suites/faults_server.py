"""The server as anybody would start it, on a home whose disk a test can fill up and free again."""

import os
import re
import resource
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx2

from adapters.tokens import admin_token
from tests.suites.faults_preload import ROOT

ZONE = "data-landing-zone"
MAIN = "from adapters.main import main; main()"
HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def command(home, *words):
    """Return the command line of `interlock` with a home."""
    return [sys.executable, "-c", MAIN, "--home", str(home), *words]


@contextmanager
def serving(home, **environment):
    """Start the server on a free port; yield its process and a client."""
    process = subprocess.Popen(
        command(home, "serve", "--port", "0"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        found = re.match(r"Interlock answers at (http://\S+) ", process.stdout.readline())
        assert found, "the server did not start"
        token = admin_token(home / "admin.token").reveal()
        headers = {"authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=found[1], headers=headers, trust_env=False, timeout=30) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def begin(client, key=None):
    """Ask for a new connection."""
    headers = {"idempotency-key": key} if key else {}
    return client.post("/v1/connections", json={"destination": ZONE}, headers=headers)


class Customers:
    """Several who go on asking for new connections, each with a key of its own; a refused one asks again.

    `answers` counts by status; `acknowledged` are the ids and positions that they were given; `slowest` is in seconds.
    """

    def __init__(self, client, count=4):
        self._client, self._end = client, threading.Event()
        self.answers, self.acknowledged, self.problems, self.trouble = {}, [], [], []
        self.slowest = 0.0
        self._mutex = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _ask(self, number):
        asked = 0
        while not self._end.is_set():
            started = time.monotonic()
            try:
                answer = begin(self._client, f"{number} {asked}")
                body = answer.json()
            except Exception as error:  # a broken connection counts as a failure as well
                self.trouble.append(repr(error))
                return
            with self._mutex:
                self.slowest = max(self.slowest, time.monotonic() - started)
                self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
                if answer.status_code == 201:
                    self.acknowledged.append((body["connection"]["id"], body["receipt"]["digest"]))
                else:
                    self.problems.append((answer.status_code, answer.headers.get("retry-after"), body))
            if answer.status_code == 201:
                asked += 1
            else:
                time.sleep(0.01)

    def count(self, status):
        """Return how many answers of a status there were so far."""
        with self._mutex:
            return self.answers.get(status, 0)

    def wait_for(self, status, more, seconds):
        """Wait until there are so many more answers of a status."""
        wanted, give_up = self.count(status) + more, time.monotonic() + seconds
        while self.count(status) < wanted:
            assert time.monotonic() < give_up, f"no answer {status} within {seconds} s: {self.answers} {self.trouble}"
            time.sleep(0.005)


@contextmanager
def foreign_lock(path):
    """Hold a database from another process, as a stray backup tool or a shell might."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        yield
    finally:
        holder.kill()
        holder.communicate()


@contextmanager
def no_file_longer_than(process, size):
    """Limit the length of every file that a process writes."""
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
