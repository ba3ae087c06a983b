"""Several processes over one log, played by several Workflows: each keeps what it loaded, and none of them is wrong."""

import asyncio

import pytest

from engine.application import Workflows
from engine.errors import Conflict, NotFound
from engine.log import Recall
from engine.memory import MemoryLog
from tests.suites.letters import ANN, Letter, recorded


class SharedLog(MemoryLog):
    """A log in memory to which others may write, and which counts how often it is asked."""

    SHARED = True

    def __init__(self):
        super().__init__()
        self.recalled, self.asked = [], []

    async def ask(self, question, *values):
        self.asked.append(question.__name__)
        return question(*values)

    async def recall(self, stream, key):
        self.recalled.append(stream)
        newest = self.newest(stream) if stream else None
        version = newest.originator_version if newest else 0
        return Recall(version, None if key is None else self.find_receipt(key, stream))


@pytest.fixture
def log():
    return SharedLog()


@pytest.fixture
def offices(log):
    return Workflows(log=log), Workflows(log=log)


def a_letter(office):
    return asyncio.run(recorded(office))


async def seal(office, letter):
    letter = await office.get(Letter, letter.id)
    async with office.turn(letter) as turn:
        turn.of(letter).advance("seal", ANN)


def test_what_another_process_recorded_is_seen_at_the_next_look(offices):
    here, there = offices
    letter = a_letter(here)

    async def scenario():
        assert (await here.get(Letter, letter.id)).state == (await there.get(Letter, letter.id)).state == "drafted"
        await seal(there, letter)
        return await here.get(Letter, letter.id)

    assert asyncio.run(scenario()).state == "sealed"


def test_what_nobody_else_touched_is_not_loaded_again(offices, log):
    here, _ = offices
    letter = a_letter(here)

    async def scenario():
        first = await here.get(Letter, letter.id)
        log.asked.clear()
        return first is await here.get(Letter, letter.id)

    assert asyncio.run(scenario())
    assert log.asked == []


def test_a_command_compares_what_it_looks_at_once(offices, log):
    here, _ = offices
    letter = a_letter(here)

    async def scenario():
        here.looks_once()
        for _ in range(3):
            await here.get(Letter, letter.id)
        during = list(log.recalled)
        here.looks_once(ended=True)
        await here.get(Letter, letter.id)
        return during

    assert asyncio.run(scenario()) == [letter.id]
    assert log.recalled == [letter.id] * 2


def test_what_a_command_looked_at_is_not_what_another_one_looked_at(offices, log):
    here, there = offices
    letter = a_letter(here)

    async def command():
        here.looks_once()
        return (await here.get(Letter, letter.id)).state

    async def scenario():
        before = await asyncio.create_task(command())
        await seal(there, letter)
        return before, await asyncio.create_task(command())

    assert asyncio.run(scenario()) == ("drafted", "sealed")


def test_whoever_decides_on_what_was_true_a_moment_ago_is_told_of_a_conflict(offices):
    here, there = offices
    letter = a_letter(here)

    async def scenario():
        mine = await here.get(Letter, letter.id)
        await seal(there, letter)
        async with here.turn(mine) as turn:
            turn.of(mine).advance("seal", ANN)

    with pytest.raises(Conflict):
        asyncio.run(scenario())
    assert asyncio.run(here.get(Letter, letter.id)).version == 2


def test_a_workflow_that_only_takes_part_is_checked_by_the_log(offices):
    """The other process changed it after this one had looked: nothing here can know, the log refuses."""
    here, there = offices
    one, other = a_letter(here), a_letter(here)

    async def scenario():
        mine, beside = await here.get(Letter, one.id), await here.get(Letter, other.id)
        await seal(there, other)
        async with here.turn(mine, beside) as turn:
            turn.of(mine).advance("seal", ANN)

    with pytest.raises(Conflict) as refused:
        asyncio.run(scenario())
    assert refused.value.stream == other.id
    assert asyncio.run(here.get(Letter, one.id)).version == 1


def test_what_is_not_there_is_not_found_and_loading_goes_where_it_may_block(offices, log):
    here, there = offices
    with pytest.raises(NotFound):
        asyncio.run(here.get(Letter, a_letter(Workflows()).id))
    letter = a_letter(there)
    log.asked.clear()
    assert asyncio.run(here.get(Letter, letter.id)).state == "drafted"
    assert log.asked == ["_load_and_keep"]


def test_a_log_of_ones_own_is_not_asked_again_and_again():
    class Counting(MemoryLog):
        looks = 0

        async def recall(self, stream, key):
            Counting.looks += 1
            return await super().recall(stream, key)

    office = Workflows(log=Counting())
    letter = a_letter(office)
    for _ in range(3):
        asyncio.run(office.get(Letter, letter.id))
    assert Counting.looks == 0
