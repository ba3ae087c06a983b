import asyncio

import pytest
from eventsourcing.persistence import InfrastructureFactoryError

from engine.application import Workflows
from engine.envelope import Context
from engine.memory import Factory, MemoryLog
from tests.suites.log import LogSuite
from tests.suites.views import Parcel


@pytest.fixture
def log():
    log = MemoryLog()
    yield log
    log.close()


class TestMemoryLog(LogSuite):
    """The log in memory keeps every promise but one: it ends with the process."""


def test_it_is_what_an_application_gets_if_nothing_else_is_named():
    workflows = Workflows()
    parcel = Parcel.blank()
    parcel.begin(Context("ann"), city="Oslo")
    asyncio.run(workflows.record(parcel))
    assert isinstance(workflows.log, MemoryLog)
    assert workflows.load(Parcel, parcel.id).city == "Oslo"
    assert [row.originator_id for row in workflows.notification_log.select(start=1, limit=10)] == [parcel.id]


def test_the_factory_offers_nothing_that_would_bypass_the_views():
    factory = Factory(None)
    with pytest.raises(InfrastructureFactoryError):
        factory.tracking_recorder()
    with pytest.raises(InfrastructureFactoryError):
        factory.process_recorder()
    assert factory.aggregate_recorder().select_events("anything") == []
