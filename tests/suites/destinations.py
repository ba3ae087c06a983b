"""DestinationSuite: what every destination that signs in somewhere must do, against real servers."""

import asyncio
import time

import pytest

from adapters.destinations.prober import DestinationProber
from adapters.egress import Door
from engine.secret import Secret
from tests.suites.servers import garbage, reset, silent
from workflows.catalog import DestinationSpec
from workflows.probe import CheckStatus

LOOPBACK = ("127.0.0.0/8",)
WRONG = "the-wrong-one-6f1c"


def a_spec(connector):
    """Return a destination's spec that names *connector*."""
    return DestinationSpec(
        id="a-destination",
        name="A destination",
        category="test",
        description="For tests",
        type="file-based",
        supports=("audiences",),
        connector=connector,
    )


def probe(
    connector, variant, credential, parameters=None, *, allow=LOOPBACK, seconds=10.0, zone="", sandbox="prod", **door
):
    """Probe once, with secrets as they come from the vault; return the report."""
    prober = DestinationProber(Door(allow, **door), lambda name: f"{zone}/{name}", seconds=seconds)
    wrapped = {name: Secret(value) if name in SECRETS else value for name, value in credential.items()}
    return asyncio.run(prober.probe(a_spec(connector), variant, wrapped, parameters, sandbox=sandbox))


SECRETS = {"password", "bearer_token", "secret_key"}


def verdicts(report):
    """Return each check's name with its verdict."""
    return {check.name: check.status.value for check in report.checks}


class DestinationSuite:
    """Inherit, and say how to reach a good server and how the same credential is sent to another port."""

    connector = ""
    variant = ""

    @pytest.fixture
    def server(self):
        """A real server with one good credential; the subclass yields it."""
        raise NotImplementedError

    def asked(self, port, server, *, secret=None):
        """Return credential and parameters for a host at *port*, with the good secret or another one."""
        raise NotImplementedError

    def probe(self, port, server, *, secret=None, **more):
        credential, parameters = self.asked(port, server, secret=secret)
        return probe(self.connector, self.variant, credential, parameters, **more)

    def test_a_good_credential_passes_every_check(self, server):
        report = self.probe(server.port, server)
        assert report.outcome is CheckStatus.PASSED, report
        assert set(verdicts(report).values()) == {"passed"}

    def test_a_bad_credential_is_told_as_such_and_nothing_further_is_tried(self, server):
        report = self.probe(server.port, server, secret=WRONG)
        assert report.failure.name == "authenticate"
        assert report.failure.kind == "credential"
        assert report.failure.fix
        after = [check.status.value for check in report.checks[report.checks.index(report.failure) + 1 :]]
        assert after
        assert set(after) == {"skipped"}

    def test_no_secret_is_in_any_report(self, server):
        credential, _ = self.asked(server.port, server)
        texts = [self.probe(server.port, server).model_dump_json()]
        texts.append(self.probe(server.port, server, secret=WRONG).model_dump_json())
        secrets = [value for name, value in credential.items() if name in SECRETS]
        assert not [text for text in texts for secret in (*secrets, WRONG) if secret in text]

    def test_silence_ends_at_the_deadline(self, server):
        started = time.monotonic()
        with silent() as mute:
            report = self.probe(mute.port, server, seconds=0.7)
        assert report.failure.code == "timeout"
        assert report.failure.kind == "unreachable"
        assert report.failure.duration_ms > 500
        assert time.monotonic() - started < 3

    @pytest.mark.parametrize("broken", [garbage, reset])
    def test_a_peer_of_another_kind_is_unreachable(self, server, broken):
        with broken() as other:
            report = self.probe(other.port, server, seconds=5)
        assert report.failure.kind == "unreachable"
        assert report.failure.code in ("protocol-error", "connection-lost", "connection-reset", "connection-failed")

    def test_a_closed_port_is_unreachable(self, server):
        with silent() as gone:
            port = gone.port
        report = self.probe(port, server)
        assert (report.failure.name, report.failure.code) == ("connect", "connection-refused")

    def test_an_address_that_nobody_opened_gets_not_one_packet(self, server):
        with silent() as internal:
            report = self.probe(internal.port, server, allow=())
            assert internal.connections == 0
        assert (report.failure.code, report.failure.kind) == ("address-refused", "configuration")
        assert "INTERLOCK_ALLOW_NETWORKS" in report.failure.fix
        assert report.failure.pointer
