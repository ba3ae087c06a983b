import asyncio

import pytest

from engine.attempts import Attempts
from engine.errors import NotFound
from engine.history import compare, difference, steps
from tests.suites.letters import ANN, Letter, a_letter, an_office, post, recorded


def a_posted_letter():
    async def go():
        office = an_office()
        letter = await recorded(office, "seal", text="hello")
        await recorded(office)
        async with office.turn(letter) as turn:
            turn.of(letter).advance("rewrite", ANN, text="goodbye")
            turn.of(letter).advance("seal", ANN)
            post(turn.of(letter))
        return office, turn.of(letter)

    return asyncio.run(go())


def test_a_history_is_walked_step_by_step_with_before_and_after():
    office, letter = a_posted_letter()
    walked = steps(office, Letter, letter.id)
    assert [(step.state_before, step.event.state, step.logged.originator_version) for step in walked] == [
        ("", "drafted", 1),
        ("drafted", "sealed", 2),
        ("sealed", "drafted", 3),
        ("drafted", "sealed", 4),
        ("sealed", "posted", 5),
    ]
    assert walked[2].changes == {"state": ("sealed", "drafted"), "text": ("hello", "goodbye")}
    assert walked[4].changes == {"state": ("sealed", "posted"), "to": (None, "bob"), "stamps": (0, 2)}
    assert [step.logged.id for step in walked] == [1, 2, 4, 5, 6]


def test_a_walk_can_end_at_a_version():
    office, letter = a_posted_letter()
    assert len(steps(office, Letter, letter.id, upto=3)) == 3


def test_the_last_step_of_a_walk_is_where_loading_arrives():
    office, letter = a_posted_letter()
    for version, step in enumerate(steps(office, Letter, letter.id), 1):
        loaded = office.load(Letter, letter.id, version=version)
        assert loaded.state == step.event.state
        assert loaded.describe() == office.load(Letter, letter.id, position=step.logged.id).describe()


def test_there_is_no_history_of_what_is_not_there():
    office, letter = a_posted_letter()
    for kind, stream in ((Letter, a_letter().id), (Attempts, letter.id)):
        with pytest.raises(NotFound):
            steps(office, kind, stream)


def test_two_moments_are_compared_by_name():
    office, letter = a_posted_letter()
    first, second = (office.load(Letter, letter.id, version=version) for version in (2, 4))
    assert compare(first, second) == {"text": ("hello", "goodbye")}
    assert compare(first, first) == {}


def test_a_name_that_is_only_on_one_side_differs_from_nothing():
    assert difference({"a": 1, "b": 2}, {"b": 2, "c": 3}) == {"a": (1, None), "c": (None, 3)}
