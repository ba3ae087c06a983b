import os
import signal
import subprocess
import sys
import time

import pytest

from tests.suites.terminal import ROOT, Terminal, a_landing_zone

pytestmark = pytest.mark.xdist_group("cli-server")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server in a process of its own, over a home of its own: (terminal, address)."""
    interlock = Terminal(tmp_path_factory.mktemp("served") / "home")
    line = [sys.executable, "-m", "adapters.main", "serve", "--port", "0"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=interlock.environment(), cwd=ROOT)
    try:
        said = process.stdout.readline()
        assert said.startswith("Interlock answers at http://127.0.0.1:"), said
        yield interlock, said.split()[3]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()


def test_a_home_that_a_server_owns_is_worked_on_through_the_server(served):
    interlock, _ = served
    identity = a_landing_zone(interlock, "Through the server")
    assert interlock.json("connections", "show", identity)["state"] == "saved"
    assert interlock("connections", "save", identity).exit_code == 3
    assert interlock("audit", "verify").exit_code == 0
    assert interlock("projections", "status").exit_code == 0


def test_views_that_nobody_asks_for_are_followed_all_the_same(served):
    interlock, _ = served
    a_landing_zone(interlock, "Nobody lists it")
    give_up = time.monotonic() + 10
    while behind := [view for view in interlock.json("projections", "status")["views"] if view["behind"]]:
        assert time.monotonic() < give_up, behind
        time.sleep(0.05)


def test_a_command_in_a_process_of_its_own_does_the_same(served):
    interlock, _ = served
    result = interlock.process("connections", "list", "-o", "json")
    assert (result.returncode, result.stderr) == (0, "")


def test_views_that_a_server_owns_are_rebuilt_and_repaired_through_it(served):
    interlock, _ = served
    a_landing_zone(interlock, "Repaired through the server")
    assert all(view["same"] for view in interlock.json("projections", "rebuild")["items"])
    assert interlock("projections", "park", "audit", "1").exit_code == 0
    assert [found["view"] for found in interlock.json("projections", "rebuild", "audit", "--check")["items"]] == [
        "audit"
    ]
    assert interlock("projections", "retry", "audit", "1").exit_code == 0


def test_the_doctor_sees_the_server(served):
    interlock, address = served
    log = next(check for check in interlock.json("doctor")["checks"] if check["name"] == "log")
    assert address in log["message"]


def test_another_home_talks_to_a_server_by_its_address_and_token(served, tmp_path):
    interlock, address = served
    elsewhere = Terminal(tmp_path / "elsewhere")
    token = interlock.home / "admin.token"
    assert elsewhere("--url", address, "connections", "list").exit_code == 1
    assert elsewhere("--url", address, "--token-file", token, "connections", "list").exit_code == 0
    by_environment = {"INTERLOCK_URL": address, "INTERLOCK_TOKEN_FILE": str(token)}
    assert elsewhere("connections", "list", **by_environment).exit_code == 0
    assert (
        elsewhere("connections", "list", INTERLOCK_URL=address, INTERLOCK_TOKEN=token.read_text().strip()).exit_code
        == 0
    )
    assert not elsewhere.home.exists()


@pytest.mark.parametrize("token", ["a-wrong-token-of-nobody", "not\nprintable", "ungültig"])
def test_a_wrong_token_is_not_permitted_and_not_repeated(served, tmp_path, token):
    _, address = served
    result = Terminal(tmp_path)("--url", address, "connections", "list", INTERLOCK_TOKEN=token)
    assert result.exit_code in (2, 5)
    assert token not in result.stderr


@pytest.mark.parametrize("content", ["", "\n", "  \t\n"])
def test_an_empty_token_file_is_told_as_such(served, tmp_path, content):
    _, address = served
    file = tmp_path / "token"
    file.write_text(content)
    result = Terminal(tmp_path)("--url", address, "--token-file", file, "connections", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: the token file {file} is empty\nfix: name the right file")
    given = Terminal(tmp_path / "home")("--url", address, "connections", "list", INTERLOCK_TOKEN=content or " ")
    assert (given.exit_code, "LocalProtocolError" in given.stderr) == (1, False)


def test_the_token_of_the_home_is_not_sent_to_another_machine(served):
    interlock, _ = served
    result = interlock("--url", "http://192.0.2.1:8484", "connections", "list")
    assert result.exit_code == 2
    assert "--token-file" in result.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_an_address_where_nobody_answers_is_told(tmp_path, url):
    result = Terminal(tmp_path)("--url", url, "connections", "list", INTERLOCK_TOKEN="some-token")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "fix: " in result.stderr
    assert "unexpected" not in result.stderr


def test_something_else_that_answers_is_not_taken_for_a_server(tmp_path):
    from adapters.demo.servers import http_endpoint

    with http_endpoint() as endpoint:
        url = f"http://127.0.0.1:{endpoint.port}"
        result = Terminal(tmp_path)("--url", url, "connections", "list", INTERLOCK_TOKEN="some-token")
    assert result.exit_code == 1
    assert "not as Interlock does" in result.stderr


def test_a_port_in_use_is_told(served, tmp_path):
    _, address = served
    result = Terminal(tmp_path / "another").process("serve", "--port", address.rpartition(":")[2])
    assert result.returncode == 1
    assert "cannot listen" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_server_goes_on_after_all_that(served):
    interlock, _ = served
    assert interlock("audit", "verify").exit_code == 0
    assert os.path.exists(interlock.home / "admin.token")
