"""One row that nobody can read: health tells of it, and it keeps nobody from the rest."""

import asyncio
from dataclasses import replace

import pytest

from engine.errors import LogCorrupt, UnknownTopic
from engine.memory import MemoryLog
from tests.suites.story import ANN, connect, installation


class SpoiltLog(MemoryLog):
    """A log in which somebody can spoil one row."""

    def spoil(self, position, **changes):
        index = position - 1
        spoilt = replace(self._events[index], **changes)
        self._events[index] = spoilt
        stream = self._streams[spoilt.originator_id]
        stream[spoilt.originator_version - 1] = spoilt


@pytest.fixture
def log():
    return SpoiltLog()


@pytest.fixture
def system(log):
    with installation(log=log) as opened:
        yield opened


def ready(system):
    return {check["name"]: check["ok"] for check in system.health.report()["checks"]}


@pytest.mark.parametrize(
    ("changes", "error"), [({"state": b'{"x":1}'}, LogCorrupt), ({"topic": "os.system"}, UnknownTopic)]
)
def test_health_remembers_that_a_row_could_not_be_read(system, log, changes, error):
    identity = asyncio.run(connect(system, state="parameters_set"))
    assert ready(system)["log"]
    log.spoil(log.head().position, **changes)
    system.workflows.forget(identity)
    with pytest.raises(error):
        system.explain.history(ANN, "connection", identity)
    report = system.health.report()
    (check,) = (check for check in report["checks"] if check["name"] == "log")
    assert (report["ready"], check["ok"]) == (False, False)
    assert "audit verify names the row" in check["fix"]


def test_health_takes_over_what_a_verification_came_to(system, log):
    asyncio.run(connect(system, state="parameters_set"))
    whole = log.read()[1]
    log.spoil(2, state=whole.state.replace(b"ann", b"bob"))
    assert not system.verify(ANN)["sound"]
    assert not system.health.report()["ready"]
    log.spoil(2, state=whole.state)
    assert system.verify(ANN)["sound"]
    assert system.health.report()["ready"]


def test_a_row_that_cannot_be_read_ends_its_own_stream_in_lists_of_the_past(system, log):
    one = asyncio.run(connect(system, state="parameters_set"))
    other = asyncio.run(connect(system, state="parameters_set"))
    end = log.head().position
    listed = system.lists.connections(ANN, as_of=str(end))["items"]
    assert {row["state"] for row in listed} == {"parameters_set"}
    log.spoil(log.newest(one).id, state=b'{"x":1}')
    listed = {row["id"]: row["state"] for row in system.lists.connections(ANN, as_of=str(end))["items"]}
    assert listed == {str(one): "authenticated", str(other): "parameters_set"}
    assert not ready(system)["log"]
