"""interlock audit follow: what happens as it happens, across a restart of the server, until Ctrl-C."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from tests.suites.interrupting import obeys_ctrl_c
from tests.suites.terminal import ROOT, Terminal, a_landing_zone

pytestmark = pytest.mark.xdist_group("cli-follow")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@contextmanager
def process(interlock, *words):
    line = [sys.executable, "-W", "error", "-m", "adapters.main", *map(str, words)]
    started = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=interlock.environment(),
        cwd=ROOT,
        preexec_fn=obeys_ctrl_c,  # noqa: PLW1509 # it only sets a signal
    )
    stuck = threading.Timer(60, started.kill)
    stuck.start()
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()
        stuck.cancel()


@contextmanager
def served(interlock, port):
    with process(interlock, "serve", "--port", port) as server:
        assert server.stdout.readline().startswith("Interlock answers")
        yield
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


BEGUN = 11
"""Events that the first start records about who may do what; they are in no sandbox, and no feed tells them."""


def positions(following, count):
    """Return the next positions of a feed, counted from where the sandbox began."""
    return [json.loads(following.stdout.readline())["position"] - BEGUN for _ in range(count)]


def test_what_happens_is_printed_line_by_line_across_a_restart_until_ctrl_c(tmp_path):
    interlock, port = Terminal(tmp_path / "home"), free_port()
    with served(interlock, port):
        a_landing_zone(interlock)
        follow = ("--url", f"http://127.0.0.1:{port}", "audit", "follow", "-o", "json")
        with process(interlock, *follow, "--after", BEGUN + 2) as following:
            assert positions(following, 4) == [3, 4, 5, 6]
            time.sleep(0.5)
            following.send_signal(signal.SIGINT)
            rest, told = following.communicate(timeout=30)
            assert (following.returncode, rest) == (0, "")
            assert f"stopped; to go on: --after {BEGUN + 6}" in told
    with served(interlock, port), process(interlock, *follow) as following:
        assert f"following from position {BEGUN + 6}" in following.stderr.readline()
        interlock("connections", "create", "data-landing-zone")
        assert positions(following, 1) == [7]
        with process(interlock, "audit", "follow", "--topic", "connection.saved", "--after", 0) as people:
            assert "admin saved the connection" in people.stdout.readline()


def test_a_server_that_comes_back_is_followed_from_where_it_was(tmp_path):
    interlock, port = Terminal(tmp_path / "home"), free_port()
    with process(interlock, "--url", f"http://127.0.0.1:{port}", "audit", "follow", "-o", "json") as missing:
        assert missing.wait(30) == 1
    with ExitStack() as open_:
        with served(interlock, port):
            started = open_.enter_context(process(interlock, "audit", "follow", "-o", "json"))
            assert f"following from position {BEGUN}" in started.stderr.readline()
            interlock("connections", "create", "data-landing-zone")
            assert positions(started, 1) == [1]
        interlock("connections", "create", "data-landing-zone")
        assert "the server ended the feed; waiting for it" in started.stderr.readline()
        with served(interlock, port):
            interlock("connections", "create", "data-landing-zone")
            assert positions(started, 2) == [2, 3]
            started.send_signal(signal.SIGINT)
            assert started.wait(30) == 0
            assert "Traceback" not in started.stderr.read()


def test_without_a_server_there_is_nothing_to_follow(tmp_path):
    interlock = Terminal(tmp_path / "home")
    interlock("connections", "create", "data-landing-zone")
    told = interlock("audit", "follow")
    assert told.exit_code == 2
    assert "interlock serve" in told.stderr
