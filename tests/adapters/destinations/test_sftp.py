"""SFTP, tried against Debian's sshd and a server in this process."""

from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncssh
import pytest

from adapters.demo.servers import in_thread
from tests.suites.destinations import DestinationSuite, probe, verdicts
from tests.suites.servers import SftpServer, accepts_passwords, sftp_server, sshd

PASSWORD = "the-right-one-51d7"
pytestmark = pytest.mark.xdist_group("sftp")


def credential(server, *, port=None, password=PASSWORD, host_key=None):
    key = server.fingerprint if host_key is None else host_key
    named = {"domain": "127.0.0.1", "port": port or server.port, "username": "ann"}
    return named | {"password": password, "host_key": key}


def attempt(server, parameters=None, **more):
    return probe("sftp", "sftp-password", credential(server, **more), parameters)


@pytest.fixture(scope="module")
def debian():
    with sshd(PASSWORD) as server:
        yield server


@pytest.fixture(scope="module")
def in_process(tmp_path_factory):
    with sftp_server(tmp_path_factory.mktemp("root"), password=PASSWORD) as server:
        yield server


class TestSftp(DestinationSuite):
    connector = "sftp"
    variant = "sftp-password"

    @pytest.fixture(params=["debian", "in_process"] if accepts_passwords() else ["in_process"])
    def server(self, request):
        return request.getfixturevalue(request.param)

    def asked(self, port, server, *, secret=None):
        return credential(server, port=port, password=secret or PASSWORD), {"folder_path": ""}


@pytest.fixture(params=["debian", "in_process"])
def server(request):
    return request.getfixturevalue(request.param)


def test_an_unknown_host_key_stops_before_any_password_and_shows_the_fingerprint(server):
    report = attempt(server, host_key="")
    failure = report.failure
    assert (failure.name, failure.code, failure.kind) == ("host_key", "host-key-unknown", "host_key")
    assert failure.pointer == "/credential/host_key"
    assert server.fingerprint in failure.message
    assert server.fingerprint in failure.fix
    assert verdicts(report)["authenticate"] == "skipped"


def test_a_changed_host_key_shows_both_fingerprints(server):
    pinned = "SHA256:" + "A" * 43
    failure = attempt(server, host_key=pinned).failure
    assert (failure.code, failure.kind) == ("host-key-changed", "host_key")
    assert server.fingerprint in failure.message
    assert pinned in failure.message


@contextmanager
def a_server_that_notes_who_signs_in(*, passwords=True):
    """An SSH server in this process; yields its port, its fingerprint and what it was asked."""
    noted = []

    class Noting(asyncssh.SSHServer):
        def begin_auth(self, username):
            noted.append(username)
            return True

        def password_auth_supported(self):
            return passwords

        def validate_password(self, username, password):
            noted.append(password)
            return False

    @asynccontextmanager
    async def serving():
        key = asyncssh.generate_private_key("ssh-ed25519")
        listener = await asyncssh.listen("127.0.0.1", 0, server_factory=Noting, server_host_keys=[key], config=None)
        yield SftpServer(listener.get_port(), key.get_fingerprint(), "ann", Path())
        listener.close()
        await listener.wait_closed()

    with in_thread(serving) as server:
        yield server, noted


@pytest.mark.parametrize("pinned", ["", "SHA256:" + "A" * 43, "SHA256:", "garbage \u200b"])
def test_no_user_name_or_password_reaches_a_server_whose_key_nobody_confirmed(pinned):
    with a_server_that_notes_who_signs_in() as (server, noted):
        assert attempt(server, host_key=pinned).failure.name == "host_key"
        assert noted == []
        assert attempt(server).failure.name == "authenticate"
        assert noted == ["ann", PASSWORD]


def test_a_server_that_takes_no_passwords_is_told_apart_from_a_wrong_one():
    with a_server_that_notes_who_signs_in(passwords=False) as (server, noted):
        failure = attempt(server).failure
    assert (failure.code, failure.kind) == ("password-not-offered", "credential")
    assert PASSWORD not in noted


@pytest.mark.parametrize("spelling", ["{}", "{}=", "  {} ", "bare"])
def test_a_fingerprint_may_be_spelt_as_tools_print_it(in_process, spelling):
    key = in_process.fingerprint
    pinned = key.removeprefix("SHA256:") if spelling == "bare" else spelling.format(key)
    assert attempt(in_process, host_key=pinned).failure is None


def test_the_credential_alone_proves_the_user_and_says_who_it_is(in_process):
    report = attempt(in_process)
    assert list(verdicts(report)) == ["resolve", "connect", "host_key", "authenticate", "authorise"]
    assert report.principal == "ann"


def test_a_rejected_password_is_told_by_debians_sshd_too(debian):
    assert attempt(debian, password="not this").failure.code == "credential-rejected"


def test_a_folder_is_written_to_and_left_as_it_was(in_process):
    (in_process.root / "in" / "box").mkdir(parents=True, exist_ok=True)
    report = attempt(in_process, {"folder_path": "/in/box/%SEGMENT_NAME%/%SEGMENT_ID%"})
    assert report.outcome.value == "passed"
    assert list(verdicts(report))[-3:] == ["folder", "write", "clean_up"]
    assert list((in_process.root / "in" / "box").iterdir()) == []


@pytest.mark.parametrize("folder", ["nowhere", "a-file", "../..", "a/../../b", "..\\up", "x" * 256, "a\nb"])
def test_a_folder_that_is_none_is_the_parameters_fault(in_process, folder):
    (in_process.root / "a-file").write_text("x")
    failure = attempt(in_process, {"folder_path": folder}).failure
    assert (failure.name, failure.kind, failure.pointer) == ("folder", "parameters", "/fields/folder_path")
    assert not list(in_process.root.glob(".interlock*"))


def test_a_folder_that_refuses_writing_is_told(debian):
    if not accepts_passwords():  # nobody can sign in to write
        assert attempt(debian).failure.code == "credential-rejected"
        return
    locked = debian.root / "locked"
    locked.mkdir(mode=0o555, exist_ok=True)
    failure = attempt(debian, {"folder_path": "locked"}).failure
    assert (failure.name, failure.code, failure.kind) == ("write", "write-refused", "parameters")


def test_a_variant_of_a_later_release_is_not_testable():
    report = probe("sftp", "sftp-ssh-key", {"domain": "127.0.0.1", "port": 22, "username": "ann"})
    assert report.outcome.value == "not_testable"
