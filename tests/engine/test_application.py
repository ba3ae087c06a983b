import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from engine.application import Workflows
from engine.attempts import Attempts
from engine.clock import FixedClock
from engine.envelope import Context
from engine.errors import Conflict, GuardFailed, LogUnavailable, NotFound, SecretLeak
from engine.log import CommandKey
from engine.memory import MemoryLog
from engine.secret import Secret
from tests.suites.letters import ANN, Letter, a_letter, an_office, post, recorded

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class SlowLog(MemoryLog):
    """A log that stores only when it is told to, and keeps whoever is cancelled until then."""

    def __init__(self):
        super().__init__()
        self.started, self.released = asyncio.Event(), asyncio.Event()

    async def append(self, events, *, key=None, steady=()):
        self.started.set()
        cancelled = None
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled:
            await super().append(events, key=key, steady=steady)
            raise cancelled
        return await super().append(events, key=key, steady=steady)


class FailingLog(MemoryLog):
    """A log that can be made to fail before it stores, or after."""

    fails = ""

    async def append(self, events, *, key=None, steady=()):
        if self.fails == "before":
            raise LogUnavailable
        receipt = await super().append(events, key=key, steady=steady)
        if self.fails == "after":
            raise LogUnavailable
        return receipt


async def seal(office, letter):
    async with office.turn(letter) as turn:
        turn.of(letter).advance("seal", ANN)
    return turn


def test_the_log_comes_from_the_factory_that_the_environment_names():
    office = Workflows()
    assert isinstance(office.log, MemoryLog)
    letter = asyncio.run(recorded(office, "seal"))
    assert asyncio.run(office.get(Letter, letter.id)).state == "sealed"


def test_a_turn_records_what_its_block_decided():
    async def go():
        office = an_office()
        letter = await recorded(office)
        turn = await seal(office, letter)
        assert (turn.recorded.stream, turn.recorded.version) == (letter.id, 2)
        assert (await office.get(Letter, letter.id)).state == "sealed"
        assert letter.state == "drafted"
        assert office.load(Letter, letter.id).describe() == turn.of(letter).describe()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (GuardFailed, lambda letter: post(letter, stamps=0)),
        (SecretLeak, lambda letter: letter.advance("rewrite", ANN, text="x", notes={"a": Secret("s3cret")})),
        (ZeroDivisionError, lambda letter: 1 / 0),
        (asyncio.CancelledError, lambda letter: (_ for _ in ()).throw(asyncio.CancelledError)),
    ],
)
def test_a_turn_that_raises_records_nothing_even_of_what_went_well_before(error, step):
    async def go():
        office = an_office()
        letter = await recorded(office, "seal")
        head = office.log.head()
        with pytest.raises(error):
            await go_wrong(office, letter)
        assert office.log.head() == head
        assert (await office.get(Letter, letter.id)).describe() == letter.describe()
        await seal_again(office, letter)

    async def go_wrong(office, letter):
        async with office.turn(letter) as turn:
            turn.of(letter).advance("rewrite", ANN, text="first")
            turn.of(letter).advance("seal", ANN)
            list(map(step, [turn.of(letter)]))

    async def seal_again(office, letter):
        async with asyncio.timeout(5), office.turn(letter) as turn:
            turn.of(letter).advance("rewrite", ANN, text="second")

    asyncio.run(go())


def test_a_turn_in_which_nothing_is_decided_records_nothing():
    async def go():
        office = an_office()
        letter = await recorded(office)
        async with office.turn(letter) as turn:
            pass
        assert turn.receipt is None
        with pytest.raises(RuntimeError):
            _ = turn.recorded
        assert office.log.head().sequence == 1

    asyncio.run(go())


def test_a_turn_on_an_old_version_is_a_conflict():
    async def go():
        office = an_office()
        old = await recorded(office)
        await seal(office, old)
        with pytest.raises(Conflict) as conflict:
            await seal(office, old)
        assert (conflict.value.stream, conflict.value.version) == (old.id, 2)
        assert office.log.head().sequence == 2

    asyncio.run(go())


def test_a_workflow_that_only_takes_part_is_checked_too_even_if_it_was_dropped_from_memory():
    async def go():
        office = an_office()
        letter, witness = await recorded(office), await recorded(office)
        await seal(office, witness)
        office.forget(witness.id)
        with pytest.raises(Conflict):
            async with office.turn(letter, witness) as turn:
                turn.of(letter).advance("seal", ANN)
        assert office.log.head().sequence == 3

    asyncio.run(go())


def test_a_workflow_dropped_from_memory_during_a_turn_is_recorded_all_the_same():
    async def go():
        office = an_office()
        letter = await recorded(office)
        async with office.turn(letter) as turn:
            office.forget(letter.id)
            turn.of(letter).advance("seal", ANN)
        assert (await office.get(Letter, letter.id)).version == 2

    asyncio.run(go())


def test_a_stream_written_elsewhere_during_a_turn_is_a_conflict_and_is_read_anew():
    async def go():
        log = MemoryLog()
        office, elsewhere = an_office(log), an_office(log)
        letter = await recorded(office)
        theirs = await elsewhere.get(Letter, letter.id)
        with pytest.raises(Conflict):
            await rewrite_while(office, letter, seal(elsewhere, theirs))
        assert (await office.get(Letter, letter.id)).state == "sealed"

    asyncio.run(go())


async def rewrite_while(office, letter, meanwhile):
    async with office.turn(letter) as turn:
        turn.of(letter).advance("rewrite", ANN, text="mine")
        await meanwhile


def test_several_workflows_are_recorded_together_or_not_at_all():
    async def go():
        office = an_office()
        one, other = await recorded(office), await recorded(office, "seal")
        async with office.turn(one, other) as turn:
            turn.of(one).advance("seal", ANN)
            post(turn.of(other))
        assert turn.recorded.stream == one.id
        assert len(turn.recorded.events) == 2
        one, other = turn.copies
        with pytest.raises(GuardFailed):
            await lose_and_post(office, one, other)
        assert office.log.head().sequence == 5

    async def lose_and_post(office, one, other):
        async with office.turn(one, other) as turn:
            turn.of(other).advance("lose", ANN)
            post(turn.of(one), stamps=0)

    asyncio.run(go())


def test_of_a_hundred_who_decide_on_the_same_version_one_wins_and_the_rest_hear_of_it():
    async def go():
        office = an_office()
        letter = await recorded(office)
        outcomes = await asyncio.gather(*(seal(office, letter) for _ in range(100)), return_exceptions=True)
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 99
        assert office.log.head().sequence == 2

    asyncio.run(go())


def test_a_retry_with_the_same_key_finds_the_first_receipt():
    async def go():
        office = an_office()
        key = CommandKey.of("prod", "ann", "k1", request=b"{}", opens=True)
        receipt = await office.record(a_letter(), key=key)
        assert office.log.find_receipt(key, None) == (receipt, key.request)
        with pytest.raises(Conflict):
            await office.record(a_letter(), key=key)

    asyncio.run(go())


@pytest.mark.parametrize(("fails", "version"), [("before", 1), ("after", 2)])
def test_after_a_failed_append_the_log_alone_knows_what_is_true(fails, version):
    async def go():
        log = FailingLog()
        office = an_office(log)
        letter = await recorded(office)
        log.fails = fails
        with pytest.raises(LogUnavailable):
            await seal(office, letter)
        log.fails = ""
        assert (await office.get(Letter, letter.id)).version == version

    asyncio.run(go())


def test_whoever_is_cancelled_while_the_log_writes_keeps_the_turn_until_it_is_written():
    async def go():
        log = SlowLog()
        log.released.set()
        office = an_office(log)
        letter = await recorded(office)
        log.released.clear()
        log.started.clear()
        task = asyncio.create_task(seal(office, letter))
        await log.started.wait()
        task.cancel()
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
        log.released.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await office.get(Letter, letter.id)).state == "sealed"

    asyncio.run(go())


def test_what_was_read_while_somebody_recorded_does_not_stay_in_memory():
    class Interrupted(MemoryLog):
        between = None

        def read_stream(self, stream, **limits):
            rows = super().read_stream(stream, **limits)
            if self.between is not None:
                between, self.between = self.between, None
                between()
            return rows

    log = Interrupted()
    office = an_office(log)
    letter = asyncio.run(recorded(office))
    office.forget(letter.id)

    def somebody_seals_and_memory_is_short():
        asyncio.run_coroutine_threadsafe(seal(office, letter), elsewhere).result(5)
        office.forget(letter.id)

    elsewhere = asyncio.new_event_loop()
    thread = threading.Thread(target=elsewhere.run_forever)
    thread.start()
    try:
        log.between = somebody_seals_and_memory_is_short
        asyncio.run(office.get(Letter, letter.id))
        assert asyncio.run(office.get(Letter, letter.id)).state == "sealed"
    finally:
        elsewhere.call_soon_threadsafe(elsewhere.stop)
        thread.join()
        elsewhere.close()


def test_memory_keeps_only_so_many_workflows_and_the_rest_come_from_the_log():
    async def go():
        office = Workflows(log=MemoryLog(), kept=3)
        letters = [await recorded(office, text=f"letter {number}") for number in range(10)]
        assert sum(office._kept.get(letter.id.int) is not None for letter in letters) == 3
        assert [(await office.get(Letter, letter.id)).text for letter in letters] == [
            f"letter {number}" for number in range(10)
        ]

    asyncio.run(go())


def test_a_workflow_of_another_kind_or_sandbox_is_not_there():
    class Other(Letter):
        pass

    async def go():
        office = an_office()
        letter = await recorded(office, "seal")
        for kind, sandbox in ((Attempts, None), (Other, None), (Letter, "lab")):
            with pytest.raises(NotFound):
                await office.get(kind, letter.id, sandbox)
        office.forget(letter.id)
        with pytest.raises(NotFound, match="no attempts"):
            await office.get(Attempts, letter.id)
        with pytest.raises(NotFound):
            await office.get(Letter, a_letter().id)

    asyncio.run(go())


def test_a_workflow_is_loaded_as_it_stood_at_a_version_a_position_or_a_moment():
    clock = FixedClock(NOON)
    context = Context("ann", clock=clock)

    async def go():
        office = an_office()
        letter = a_letter(context=context)
        await office.record(letter)
        await recorded(office)
        for trigger, minutes in (("seal", 10), ("rewrite", -60), ("seal", 30)):
            clock.move(timedelta(minutes=minutes))
            async with office.turn(letter) as turn:
                turn.of(letter).advance(trigger, context, **({"text": "dear ann"} if trigger == "rewrite" else {}))
            letter = turn.of(letter)
        return office, letter

    office, letter = asyncio.run(go())

    def states(**moments):
        return office.load(Letter, letter.id, **moments).version

    assert [states(version=version) for version in (1, 2, 3, 4)] == [1, 2, 3, 4]
    # Position 2 is of another letter.
    assert [states(position=position) for position in (1, 2, 3, 5, 99)] == [1, 1, 2, 4, 4]
    minutes = [NOON + timedelta(minutes=minute) for minute in (0, 9, 10, 30, 60)]
    # The clock went back by an hour after the second step; time within the stream did not.
    assert [states(moment=moment) for moment in minutes] == [1, 1, 4, 4, 4]
    for moments in ({"version": 9}, {"version": 0}, {"position": 0}, {"moment": NOON - timedelta(seconds=1)}):
        with pytest.raises(NotFound):
            office.load(Letter, letter.id, **moments)


def test_a_script_opens_and_changes_a_workflow_without_an_event_loop():
    office = an_office()
    letter = office.open(Letter, ANN, text="hello")
    letter = office.change(letter, "seal", ANN)
    assert (letter.state, office.load(Letter, letter.id).version) == ("sealed", 2)
    with pytest.raises(GuardFailed):
        office.change(letter, "post", ANN, stamps=1, to="bob")
    assert office.log.head().sequence == 2


def test_recording_a_workflow_that_decided_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="nothing was decided"):
        asyncio.run(an_office().record(Letter.blank()))
