import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from engine.attempts import WHOLE, AttemptLog, AttemptRefused, Attempts, AttemptsCounted
from engine.clock import FixedClock
from engine.envelope import Context
from engine.errors import LogUnavailable
from engine.memory import MemoryLog
from engine.verification import verify
from tests.suites.letters import an_office

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NAMED = {"command": "post", "target": "letter 1", "code": "guard-failed", "reason": "2 stamps are needed"}


class FailingLog(MemoryLog):
    """A log that fails while it is told to."""

    fails = False

    async def append(self, events, *, key=None, steady=()):
        if self.fails:
            raise LogUnavailable
        return await super().append(events, key=key, steady=steady)


@pytest.fixture
def clock():
    return FixedClock(NOON)


@pytest.fixture
def ann(clock):
    return Context("ann", clock=clock)


def events(office):
    return [office.decode(row) for row in office.log.read(limit=10_000)]


def counts(office):
    return [(event.minute.minute, event.total) for event in events(office) if isinstance(event, AttemptsCounted)]


async def flood(attempts, context, times, **changes):
    return [await attempts.refused(context, **{**NAMED, **changes}) for _ in range(times)]


def test_a_refusal_is_put_on_record_with_its_guards(ann):
    office = an_office()
    guards = ({"name": "stamps_suffice", "passed": False, "message": "2 stamps are needed"},)
    event_id = asyncio.run(
        AttemptLog(office).refused(ann, **NAMED, state="sealed", version=2, guards=guards),
    )
    (event,) = events(office)
    assert event.envelope.event_id == event_id
    assert (event.envelope.actor, event.target, event.target_state, event.target_version) == (
        "ann",
        "letter 1",
        "sealed",
        2,
    )
    assert event.guards == guards


def test_a_flood_is_kept_whole_up_to_a_limit_then_counted_and_exact_when_flushed(ann):
    office = an_office()

    async def go():
        attempts = AttemptLog(office)
        ids = await flood(attempts, ann, 1000)
        assert sum(one is not None for one in ids) == WHOLE + 6
        await attempts.flush(ann)
        await attempts.flush(ann)

    asyncio.run(go())
    assert sum(isinstance(event, AttemptRefused) for event in events(office)) == WHOLE
    assert [total for _, total in counts(office)] == [21, 32, 64, 128, 256, 512, 1000]


def test_a_flood_that_ends_on_a_counted_total_is_not_counted_twice(ann):
    office = an_office()

    async def go():
        attempts = AttemptLog(office)
        await flood(attempts, ann, 64)
        await attempts.flush(ann)

    asyncio.run(go())
    assert [total for _, total in counts(office)] == [21, 32, 64]


def test_a_new_minute_begins_a_new_count_and_settles_the_old_one(ann, clock):
    office = an_office()

    async def go():
        attempts = AttemptLog(office)
        await flood(attempts, ann, 25)
        clock.move(timedelta(minutes=1))
        await flood(attempts, ann, 25)
        await attempts.flush(ann)

    asyncio.run(go())
    assert counts(office) == [(0, 21), (0, 25), (1, 21), (1, 25)]
    assert sum(isinstance(event, AttemptRefused) for event in events(office)) == 2 * WHOLE


def test_other_actors_targets_and_codes_are_counted_apart(ann, clock):
    office = an_office()

    async def go():
        attempts = AttemptLog(office)
        await flood(attempts, ann, WHOLE)
        await flood(attempts, Context("bob", clock=clock), 1)
        await flood(attempts, ann, 1, target="letter 2")
        await flood(attempts, ann, 1, code="transition-refused")
        await flood(attempts, Context("ann", sandbox="lab", clock=clock), 1)

    asyncio.run(go())
    assert counts(office) == []
    assert len(events(office)) == WHOLE + 4
    assert len({event.originator_id for event in events(office)}) == 4


def test_many_refusals_at_once_are_all_counted(ann):
    office = an_office()

    async def go():
        attempts = AttemptLog(office)
        await asyncio.gather(*(attempts.refused(ann, **NAMED) for _ in range(300)))
        await attempts.flush(ann)

    asyncio.run(go())
    assert sum(isinstance(event, AttemptRefused) for event in events(office)) == WHOLE
    assert counts(office)[-1] == (0, 300)


def test_totals_that_could_not_be_written_are_written_later(ann, clock):
    log = FailingLog()
    office = an_office(log)

    async def go():
        attempts = AttemptLog(office)
        await flood(attempts, ann, 30)
        log.fails = True
        with pytest.raises(LogUnavailable):
            await attempts.flush(ann)
        log.fails = False
        clock.move(timedelta(minutes=3))
        await flood(attempts, ann, 1)

    asyncio.run(go())
    assert counts(office) == [(0, 21), (0, 30)]


def test_hostile_text_is_made_presentable_and_kept(ann):
    office = an_office()

    async def go():
        await AttemptLog(office).refused(
            ann, command="post\x00", target="\ud800" * 5000, code="c", reason="x" * 1_000_000, guards=({"m": "\udfff"},)
        )

    asyncio.run(go())
    (event,) = events(office)
    assert event.command == "post\ufffd"
    assert len(event.target) < 300
    assert len(event.reason) < 3000
    assert event.guards == ({"m": "?"},)


def test_attempts_stand_in_the_log_like_anything_else_and_verify(ann):
    office = an_office()
    asyncio.run(flood(AttemptLog(office), ann, 50))
    result = verify(office.log.read(limit=1000), office.decode, {"attempts": Attempts.definition})
    assert result.sound
    assert result.events == WHOLE + 2
