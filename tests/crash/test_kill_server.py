"""The server is killed under load: what its clients were answered holds, and they simply go on."""

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from adapters.tokens import admin_token
from tests.suites import story
from tests.suites.story import ANN, installation

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[2]
ZONE = "data-landing-zone"
CLIENTS, ANSWERS = 4, 60


@contextmanager
def serving(home):
    """Start the server as anybody would; yield its process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from adapters.main import main; main()", "--home", str(home), "serve", "--port", "0"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        found = re.match(r"Interlock answers at (http://\S+) ", process.stdout.readline())
        assert found
        yield process, found[1]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Customer(threading.Thread):
    """Sets up one connection after the other, and remembers what it was answered."""

    def __init__(self, number, address, token, enough):
        super().__init__(daemon=True)
        self.number, self.enough, self.answers, self.trouble = number, enough, [], None
        self.client = httpx2.Client(
            base_url=address, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=30
        )

    def run(self):
        try:
            while True:
                self._set_up_one()
        except httpx2.TransportError:
            pass  # the server is gone
        except AssertionError as error:
            self.trouble = error
        finally:
            self.client.close()
            self.enough.release(ANSWERS)

    def _set_up_one(self):
        answer = self._post("/v1/connections", {"destination": ZONE}, {})
        for trigger in story.WAY:
            connection = answer.json()["connection"]["id"]
            headers = {"if-match": answer.headers["etag"], "idempotency-key": f"{connection} {trigger}"}
            path = f"/v1/connections/{connection}/commands/{trigger}"
            answer = self._post(path, story.usual_body(trigger, ZONE), headers)

    def _post(self, path, body, headers):
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        self.answers.append(answer.json())
        self.enough.release()
        return answer


def test_what_a_killed_server_had_answered_holds(tmp_path):
    home = tmp_path / "home"
    for life in range(3):
        with serving(home) as (process, address):
            enough, token = threading.Semaphore(0), admin_token(home / "admin.token").reveal()
            customers = [Customer(number, address, token, enough) for number in range(CLIENTS)]
            for customer in customers:
                customer.start()
            for _ in range(ANSWERS + life * 7):
                assert enough.acquire(timeout=60)
            process.send_signal(signal.SIGKILL)
            process.wait()
            for customer in customers:
                customer.join(timeout=60)
                assert customer.trouble is None
        with installation(home) as system:
            for customer in customers:
                for answer in customer.answers:
                    assert_stored(system, answer)
            assert system.verify(ANN)["sound"]
            assert story.differing_views(system) == []


def assert_stored(system, answer):
    receipt, connection = answer["receipt"], answer["connection"]
    stored = system.explain.get(ANN, "connection", connection["id"], str(receipt["version"]))
    assert stored == connection
    assert stored["digest"] == receipt["digest"]
