import pytest

from engine.aggregate import machine_of
from engine.definition import Definition, Transition
from engine.errors import DefinitionError
from engine.events import WorkflowEvent
from engine.guard import Guard, Passed
from tests.suites.letters import DEFINITION, Delivered, Drafted, Rewritten, Sealed


class WithoutName(WorkflowEvent):
    """An event that nobody gave a stored name."""


def a_guard(name):
    return Guard(name, lambda facts: Passed())


def a_definition(*transitions, **changes):
    facts = {"name": "n", "version": 1, "initial": "drafted", "opening": Drafted, "final": ("sealed",)}
    return Definition(**{**facts, "transitions": transitions, **changes})


SEAL = Transition("seal", ("drafted",), "sealed", Sealed)


@pytest.mark.parametrize(
    ("text", "transitions", "changes"),
    [
        ("unknown state 'nowhere'", (SEAL, Transition("go", ("nowhere",), "sealed", Sealed)), {}),
        ("unknown state 'sealed'", (SEAL,), {"states": ("drafted",), "final": ()}),
        ("unknown state 'drafted'", (SEAL,), {"states": ("sealed",)}),
        ("leaves the final state sealed", (SEAL, Transition("open", ("sealed",), "drafted", Rewritten)), {}),
        ("two rows for seal from drafted", (SEAL, SEAL), {}),
        ("never reached: lost", (SEAL,), {"final": ("sealed", "lost")}),
        ("no way out of sealed", (SEAL,), {"final": ()}),
        ("needs a tuple of states", (Transition("seal", "drafted", "sealed", Sealed),), {}),
        ("needs a tuple of states", (SEAL, Transition("melt", (), "sealed", Sealed)), {}),
        ("has no TOPIC", (Transition("seal", ("drafted",), "sealed", WithoutName),), {}),
        ("has no TOPIC", (SEAL,), {"opening": WithoutName}),
        ("is no name", (SEAL, Transition("seal again", ("drafted",), "sealed", Sealed)), {}),
        ("is no name", (SEAL, Transition("same", ("drafted",), "=", Sealed)), {"final": ("sealed", "=")}),
        ("same name", (Transition("seal", ("drafted",), "sealed", Sealed, (a_guard("g"), a_guard("g"))),), {}),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(text, transitions, changes):
    with pytest.raises(DefinitionError, match=text):
        a_definition(*transitions, **changes)


def test_states_and_triggers_stand_in_the_order_of_the_table():
    assert DEFINITION.states == ("drafted", "sealed", "posted", "delivered", "lost")
    assert DEFINITION.triggers == ("rewrite", "seal", "post", "deliver", "lose")


def test_the_row_of_an_illegal_step_is_none():
    assert DEFINITION.row("drafted", "deliver") is None
    assert DEFINITION.row("posted", "deliver").event is Delivered


def test_the_shortest_way_leads_to_a_goal_and_is_empty_where_there_is_none():
    assert [row.trigger for row in DEFINITION.path("drafted", "lost")] == ["seal", "post", "lose"]
    assert DEFINITION.path("delivered", "lost") == ()
    assert DEFINITION.path("posted", "posted") == ()


def test_each_definition_has_one_machine_even_after_others_are_gone():
    first = a_definition(SEAL)
    machine = machine_of(first)
    assert machine_of(first) is machine
    for turn in range(50):
        other = a_definition(SEAL, Transition(f"melt{turn}", ("drafted",), "sealed", Sealed))
        assert machine_of(other).definition is other
        assert f"melt{turn}" in machine_of(other).allowed("drafted")
        del other
    assert machine_of(first) is machine


def test_equal_tables_are_still_two_definitions():
    assert a_definition(SEAL) != a_definition(SEAL)
