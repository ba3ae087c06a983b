"""The server as a process of its own, on a free port."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from adapters.settings import Settings
from adapters.store.lock import who_owns
from adapters.tokens import admin_token
from tests.suites.api import STEPS, ZONE

ROOT = Path(__file__).parents[3]
START = """
from adapters.composition import compose
from adapters.http.server import serve
from adapters.settings import Settings
from adapters.telemetry import configure

configure(format="json")
settings = Settings.from_env()
with compose(settings) as system:
    serve(system, settings)
print("ended well", flush=True)
"""


@contextmanager
def running(home, **more):
    """Start the server and yield its process and a client of it; end it, if the test did not."""
    environ = {"INTERLOCK_HOME": str(home), "INTERLOCK_PORT": "0", "INTERLOCK_ALLOW_NETWORKS": "127.0.0.0/8"}
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", START],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        found = re.match(r"Interlock answers at (http://[^ ]+) .*token in (.+)$", line)
        assert found, line + process.stderr.read()
        token = admin_token(Path(found[2])).reveal()
        assert token not in line
        headers = {"authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=found[1], headers=headers, trust_env=False, timeout=30) as client:
            yield process, client
    finally:
        if process.poll() is None:
            process.kill()
        process.stdout.close()
        process.stderr.close()
        process.wait()


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return out, err


def lifecycle(client):
    answer = client.post("/v1/connections", json={"destination": ZONE})
    for trigger, body in STEPS:
        connection = answer.json()["connection"]
        headers = {"if-match": answer.headers["etag"]}
        answer = client.post(f"/v1/connections/{connection['id']}/commands/{trigger}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.xdist_group("http-server")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_goes_the_whole_way_ends_when_told_and_has_lost_nothing(tmp_path, number):
    with running(tmp_path) as (process, client):
        assert client.get("/readyz").json()["ready"]
        saved = lifecycle(client)
        assert "server" not in saved.headers
        assert saved.headers["cache-control"] == "no-store"
        address = str(client.base_url).rstrip("/")
        database = Settings(home=tmp_path).database_path
        assert who_owns(database) == {"pid": process.pid, "address": address}
        assert client.get("/v1/openapi.json").json()["servers"] == [{"url": address}]
        out, err = end(process, number)
    assert process.returncode == 0, err
    assert "ended well" in out
    assert "Traceback" not in err
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["command"] for line in lines if line["event"] == "command"] == ["select", *(t for t, _ in STEPS)]
    assert {line["address"] for line in lines if line["event"] == "request"} > {"/readyz", "/v1/connections"}
    token = admin_token(Settings(home=tmp_path).token_path).reveal()
    assert token not in out + err
    with running(tmp_path) as (process, client):
        assert (
            client.get(f"/v1/connections/{saved.json()['connection']['id']}").headers["etag"] == saved.headers["etag"]
        )
        assert client.post("/v1/audit/verify").json()["sound"]
        end(process)


@pytest.mark.xdist_group("http-server")
def test_a_request_that_was_accepted_is_finished_before_the_process_ends(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        running(tmp_path, INTERLOCK_PROBE_SECONDS="2") as (process, client),
    ):
        credential = {"domain": "127.0.0.1", "port": mute.getsockname()[1], "username": "ann", "password": "secret"}
        answers = []

        def ask():
            answers.append(client.post("/v1/probes", json={"destination": "sftp", "credential": credential}))

        asking = threading.Thread(target=ask)
        asking.start()
        held, _ = mute.accept()  # the probe is under way, and waits for a greeting
        with held:
            out, err = end(process)
            asking.join()
        assert answers[0].status_code == 200
        assert answers[0].json()["outcome"] == "failed"
        assert (process.returncode, "ended well" in out) == (0, True), err


@pytest.mark.xdist_group("http-server")
def test_what_is_no_request_gets_an_answer_and_hurts_nobody(tmp_path):
    with running(tmp_path) as (process, client):
        where = (client.base_url.host, client.base_url.port)
        for raw in (
            b"\x00\xff" * 100 + b"\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /v1 HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000,
        ):
            with socket.create_connection(where, timeout=10) as stranger:
                stranger.sendall(raw)
                assert stranger.recv(100).startswith(b"HTTP/1.1 4")
        with socket.create_connection(where, timeout=10) as gone:
            gone.sendall(b"POST /v1/connections HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(0.1)
        assert client.get("/healthz").status_code == 200
        out, err = end(process)
        assert process.returncode == 0
        assert "Traceback" not in out + err


@pytest.mark.xdist_group("http-server")
def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = "try:\n        serve(system, settings)\n    except Exception as error:\n        print(error, error.fix)"
        code = START.replace("serve(system, settings)", told)
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "INTERLOCK_HOME": str(tmp_path), "INTERLOCK_PORT": port},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert f"cannot listen on 127.0.0.1, port {port}" in done.stdout
    assert "choose another port" in done.stdout
