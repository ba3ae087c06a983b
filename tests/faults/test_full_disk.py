"""A full disk, a foreign lock and a second server: commands are refused in words, reads go on, no restart is needed."""

import os
import subprocess
import time

import pytest

from tests.suites import story
from tests.suites.faults_preload import ROOT
from tests.suites.faults_server import Customers, begin, command, foreign_lock, no_file_longer_than, serving
from tests.suites.story import ANN, installation

READS = ("/v1/connections", "/v1/catalog", "/v1/audit/events", "/v1/audit/attempts", "/healthz")
TIMES = int(os.environ.get("TEST_FULL_DISKS", "5"))
"""How often the disk is filled up and freed again."""

pytestmark = pytest.mark.timeout(0 if TIMES > 10 else 300)


def assert_readable(client, connection):
    for path in (*READS, f"/v1/connections/{connection}", f"/v1/connections/{connection}/history"):
        started = time.monotonic()
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        assert time.monotonic() - started < 5, f"{path} was slow"


def assert_refused_in_words(problems, *words):
    assert problems
    for status, retry, problem in problems:
        assert (status, problem["status"]) == (503, 503), problem
        assert retry.isdigit()
        assert problem["fix"]
        assert any(word in problem["detail"] for word in words), problem


def assert_all_there(home, acknowledged):
    with installation(home) as system:
        for connection, digest in acknowledged:
            shown = system.explain.get(ANN, "connection", connection)
            assert shown["digest"] == digest
        assert system.verify(ANN)["sound"]
        assert story.differing_views(system) == []


def test_a_full_disk_refuses_commands_and_nothing_else_until_there_is_room(failing_files, tmp_path):
    home, switch = tmp_path / "home", tmp_path / "full"
    preloaded = {"LD_PRELOAD": str(failing_files), "FAULTS_FOLDER": str(home), "FAULTS_SWITCH": str(switch)}
    slowest = 0.0
    with serving(home, **preloaded) as (_, client):
        first = begin(client).json()["connection"]["id"]
        with Customers(client) as customers:
            for _ in range(TIMES):
                customers.wait_for(201, 4, 10)
                switch.touch()
                customers.wait_for(503, 4, 10)
                assert_readable(client, first)
                switch.unlink()
                freed = time.monotonic()
                customers.wait_for(201, 4, 5)
                slowest = max(slowest, time.monotonic() - freed)
        assert customers.trouble == []
        assert_refused_in_words(customers.problems, "the disk (or its quota) is full", "cannot be written")
    print(f"{TIMES} times full and freed, {customers.answers}, back within {slowest:.2f} s")
    assert_all_there(home, customers.acknowledged)


def test_a_refusal_that_cannot_be_put_on_record_says_so(failing_files, tmp_path):
    home, switch = tmp_path / "home", tmp_path / "full"
    preloaded = {"LD_PRELOAD": str(failing_files), "FAULTS_FOLDER": str(home), "FAULTS_SWITCH": str(switch)}
    with serving(home, **preloaded) as (_, client):
        answer = begin(client)
        connection, etag = answer.json()["connection"]["id"], answer.headers["etag"]

        def too_early():
            where = f"/v1/connections/{connection}/commands/save"
            return client.post(where, json={}, headers={"if-match": etag})

        assert (told := too_early()).status_code == 409
        assert told.json()["attempt"]
        switch.touch()
        told = too_early()
        assert told.status_code in (409, 503), told.text
        assert told.status_code == 503 or "attempt" not in told.json(), "an attempt that is not on record is named"
        switch.unlink()
        assert too_early().json()["attempt"]


def test_a_limit_on_the_length_of_files_is_told_as_well(tmp_path):
    home = tmp_path / "home"
    with serving(home) as (process, client):
        first = begin(client).json()["connection"]["id"]
        with Customers(client, 2) as customers:
            for _ in range(5):
                customers.wait_for(201, 2, 10)
                with no_file_longer_than(process, 4096):
                    customers.wait_for(503, 2, 10)
                    assert_readable(client, first)
                customers.wait_for(201, 2, 5)
        assert customers.trouble == []
        assert_refused_in_words(customers.problems, "cannot be read or written", "is full")
    assert_all_there(home, customers.acknowledged)


def test_a_foreign_lock_is_answered_within_ten_seconds_and_reads_go_on(tmp_path):
    home = tmp_path / "home"
    with serving(home) as (_, client):
        first = begin(client).json()["connection"]["id"]
        with Customers(client, 24) as customers:
            customers.wait_for(201, 24, 20)
            with foreign_lock(home / "interlock.db"):
                held = time.monotonic()
                customers.wait_for(503, 24, 20)
                while time.monotonic() - held < 4:
                    assert_readable(client, first)
            customers.wait_for(201, 24, 10)
        assert customers.trouble == []
        assert_refused_in_words(customers.problems, "is held by another program", "does not come to it in time")
        assert customers.slowest < 10, f"somebody waited {customers.slowest:.1f} s for an answer"
    print(f"{customers.answers}, slowest answer {customers.slowest:.2f} s")
    assert_all_there(home, customers.acknowledged)


def test_a_second_server_on_the_same_files_is_refused_in_words(tmp_path):
    home = tmp_path / "home"
    with serving(home) as (process, client):
        second = subprocess.run(
            command(home, "serve", "--port", "0"),
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode not in (0, None)
        assert f"is in use by process {process.pid}, which answers at {client.base_url}".rstrip("/") in second.stderr
        assert "Traceback" not in second.stderr
        assert begin(client).status_code == 201
