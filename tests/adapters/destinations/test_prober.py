"""The prober: it never raises, whatever it is handed."""

import asyncio

import pytest

from adapters.destinations.checks import CheckFailed, Checks
from adapters.destinations.prober import DestinationProber
from adapters.destinations.registry import CONNECTORS, connector
from adapters.egress import Door
from tests.suites.destinations import a_spec, probe
from workflows.probe import CheckStatus


@pytest.mark.parametrize("name", [None, "", "carrier-pigeon", "os", "adapters.settings"])
def test_a_destination_without_a_connector_is_not_testable(name):
    report = probe(name, "none", {})
    assert [check.status for check in report.checks] == [CheckStatus.NOT_TESTABLE]
    assert report.outcome is CheckStatus.NOT_TESTABLE


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_every_connector_can_be_imported_and_probes(name):
    assert callable(connector(name).probe)


@pytest.mark.parametrize("name", sorted(CONNECTORS))
@pytest.mark.parametrize("variant", ["sftp-password", "s3-access-key", "bearer", "none"])
@pytest.mark.parametrize("parameters", [None, {}, {"bucket_name": 7, "folder_path": None, "http_endpoint": ["x"]}])
def test_nonsense_never_raises(tmp_path, name, variant, parameters):
    nonsense = {"domain": None, "port": "many", "username": 7, "endpoint": "\ud800", "access_key": ["x"]}
    report = probe(name, variant, nonsense, parameters, zone=tmp_path, allow=())
    assert report.checks


def test_a_fault_of_our_own_is_told_by_its_place_and_never_by_its_text():
    def broken(sandbox):
        raise RuntimeError("the password is hunter2")

    prober = DestinationProber(Door(), broken)
    report = asyncio.run(prober.probe(a_spec("landing_zone"), "none", {}, None, sandbox="prod"))
    assert (report.failure.code, report.failure.kind) == ("probe-failed", "configuration")
    assert "RuntimeError in" in report.failure.message
    assert "hunter2" not in report.model_dump_json()


def test_a_cancelled_probe_is_cancelled():
    async def cancelled():
        door = Door(resolver=lambda host, port: asyncio.sleep(60, []))
        prober = DestinationProber(door, lambda sandbox: "/nowhere")
        named = {"domain": "a-host.example", "port": 22}
        task = asyncio.ensure_future(prober.probe(a_spec("sftp"), "sftp-password", named, None, sandbox="prod"))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_a_check_within_another_takes_its_time_out_of_the_outer_one():
    checks = Checks()
    checks.plan = ("inner", "outer", "later")

    def make():
        with checks.making("outer", pointer="/outer"):
            with checks.making("inner"):
                pass
            raise CheckFailed("no", "it did not work", kind="parameters")

    with pytest.raises(CheckFailed) as caught:
        make()
    checks.failed(caught.value)
    report = checks.report()
    assert [(check.name, check.status.value) for check in report.checks] == [
        ("inner", "passed"),
        ("outer", "failed"),
        ("later", "skipped"),
    ]
    assert report.failure.pointer == "/outer"
