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
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx2

from adapters.tokens import admin_token
from tests.suites import story
from tests.suites.interrupting import obeys_ctrl_c

ROOT = Path(__file__).parents[2]
ZONE = "data-landing-zone"
_INTERLOCK = (sys.executable, "-c", "from adapters.main import main; main()")


class Place:
    """A home and the address of its database: where processes of one installation meet."""

    def __init__(self, home, url, **variables):
        self.home, self.url, self.variables = home, url, variables
        self.logs = []

    @property
    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "INTERLOCK_DATABASE": self.url} | self.variables

    def interlock(self, *arguments, timeout=60, **variables):
        """Run one command to its end."""
        command = [*_INTERLOCK, "--home", str(self.home), *map(str, arguments)]
        environment = {**self.environment, **variables}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    def start(self, *arguments):
        """Start one command; its output is to be read, and it is to be ended."""
        command = [*_INTERLOCK, "--home", str(self.home), *map(str, arguments)]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=obeys_ctrl_c,  # noqa: PLW1509 # it only sets a signal
        )

    def prepare(self):
        """Give the database its schema."""
        done = self.interlock("db", "upgrade")
        assert done.returncode == 0, done.stderr
        return self

    @contextmanager
    def serving(self):
        """Start a server as anybody would; yield it."""
        log = self.home.with_name(f"{self.home.name}-{uuid4()}.log")
        self.logs.append(log)
        self.home.parent.mkdir(exist_ok=True, parents=True)
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

    def items(self, path, **asked):
        """Return every item of a list."""
        found, cursor = [], ""
        while cursor is not None:
            page = self.get(path, params={**asked, "limit": 500, "cursor": cursor})
            assert page.status_code == 200, page.text
            found += page.json()["items"]
            cursor = page.json()["next"]
        return found

    def begin(self, key=None, destination=ZONE):
        headers = {} if key is None else {"idempotency-key": key}
        return self.client.post("/v1/connections", json={"destination": destination}, headers=headers)

    def take(self, trigger, connection, etag, key=None, body=None):
        headers = {"if-match": etag, **({} if key is None else {"idempotency-key": key})}
        body = story.usual_body(trigger, ZONE) if body is None else body
        return self.client.post(f"/v1/connections/{connection}/commands/{trigger}", json=body, headers=headers)

    def holders(self):
        """Return who keeps each view."""
        answer = self.get("/v1/projections")
        assert answer.status_code == 200, answer.text
        return {view["name"]: view["holder"] for view in answer.json()["items"]}

    def ready(self):
        return self.get("/readyz").status_code == 200

    def verify(self, **asked):
        return self.client.post("/v1/audit/verify", json=asked).json()

    def differing_views(self):
        """Return the names of the views that are not what a rebuild makes of the log."""
        rebuilt = [self.client.post(f"/v1/projections/{name}/rebuild", json={}).json() for name in self.holders()]
        return [found["view"] for found in rebuilt if not found["same"]]

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
                        self.events.append(json.loads(line[6:]))
        except (httpx2.HTTPError, RuntimeError) as error:
            self.trouble = error  # the server is gone, or the test is over

    def __enter__(self):
        self.start()
        assert self.begun.wait(20)
        return self

    def __exit__(self, kind, error, trace):
        pass


class Customer(threading.Thread):
    """Sets up one connection after the other, patiently, and remembers what it was answered.

    What is unavailable or unknown is sent again with the same key until it is done. `answers` holds (code, seconds).
    """

    def __init__(self, number, services, stop):
        super().__init__(daemon=True)
        self.number, self.services, self.stop = number, services, stop
        self.done, self.answers, self.trouble = [], [], None

    def run(self):
        try:
            while not self.stop.is_set():
                self._set_up_one(f"{self.number} {len(self.done)}")
        except (httpx2.HTTPError, AssertionError) as error:
            self.trouble = error

    def _set_up_one(self, name):
        answer = self._patiently(lambda service: service.begin(name))
        for trigger in story.WAY:
            connection, etag = answer.json()["connection"]["id"], answer.headers["etag"]
            sent = {"trigger": trigger, "connection": connection, "etag": etag, "key": f"{name} {trigger}"}
            answer = self._patiently(partial(Service.take, **sent))

    def _patiently(self, ask):
        while True:
            service = self.services[len(self.answers) % len(self.services)]
            started = time.monotonic()
            answer = ask(service)
            code = answer.json().get("code")
            self.answers.append((code, time.monotonic() - started))
            if answer.status_code in (200, 201):
                self.done.append(answer.json())
                return answer
            # Another server may still be at work on what was sent to it before.
            assert code in ("log-unavailable", "outcome-unknown", "key-in-flight"), answer.text
            assert answer.headers["retry-after"]
            time.sleep(0.1)


class Customers:
    """Several customers of some services, from the beginning of the block to its end."""

    def __init__(self, count, *services):
        self.services, self._stop = services, threading.Event()
        self.all = [Customer(number, services, self._stop) for number in range(count)]

    def __enter__(self):
        for customer in self.all:
            customer.start()
        return self

    def __exit__(self, kind, error, trace):
        self._stop.set()
        for customer in self.all:
            customer.join(60)

    @property
    def done(self):
        return [answer for customer in self.all for answer in list(customer.done)]

    @property
    def slowest(self):
        return max(seconds for customer in self.all for _, seconds in customer.answers)

    def go_on(self, seconds, steps=3):
        """Tell whether each of them takes so many more steps within *seconds*."""
        wanted = [(customer, len(customer.done) + steps) for customer in self.all]
        found = eventually(
            lambda: all(customer.trouble or len(customer.done) >= many for customer, many in wanted), seconds
        )
        self.expect_no_trouble()
        return found

    def expect_no_trouble(self):
        """Check that they were told nothing but done, unavailable or unknown."""
        for customer in self.all:
            assert customer.trouble is None, customer.trouble

    def expect_one_effect_each(self):
        """Check that what they were told is what is stored, once, and nothing else."""
        self.expect_no_trouble()
        service = self.services[0]
        for answer in self.done:
            asked = {"as_of": str(answer["receipt"]["version"])}
            stored = service.get(f"/v1/connections/{answer['connection']['id']}", params=asked)
            assert stored.json() == answer["connection"]
        positions = [answer["receipt"]["position"] for answer in self.done]
        events = service.items("/v1/audit/events")
        assert sorted(positions) == sorted(event["position"] for event in events)
        listed = {row["id"] for row in service.items("/v1/connections")}
        assert listed == {answer["connection"]["id"] for answer in self.done}
        assert service.verify()["sound"]
        assert service.differing_views() == []


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
