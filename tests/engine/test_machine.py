import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transitions import Event, Machine, MachineError

from engine.aggregate import machine_of
from engine.errors import GuardFailed, TransitionRefused
from engine.machine import StepMachine, Subject
from tests.suites.letters import DEFINITION, a_letter
from tests.suites.tables import TRIGGERS, a_workflow, definitions, facts_known

ROUNDS = 200_000
# Written down by hand: a test that reads the table agrees with every mistake in it.
LEGAL = {
    ("drafted", "rewrite", "drafted"),
    ("sealed", "rewrite", "drafted"),
    ("drafted", "seal", "sealed"),
    ("sealed", "post", "posted"),
    ("posted", "deliver", "delivered"),
    ("posted", "lose", "lost"),
}
STATES = ("drafted", "sealed", "posted", "delivered", "lost")


def test_every_guard_is_asked_although_the_first_one_refuses():
    facts = {"stamps": 0, "postage": 1, "to": None, "workflow": a_letter()}
    with pytest.raises(GuardFailed) as refused:
        machine_of(DEFINITION).decide("sealed", "post", facts)
    assert [(report.name, report.passed) for report in refused.value.guards] == [
        ("stamps_suffice", False),
        ("address_known", False),
    ]
    assert str(refused.value) == "1 stamps are needed; nobody to send it to"
    assert refused.value.fix == "buy stamps; write an address"
    assert refused.value.allowed == ("rewrite", "post")


def test_a_guard_that_lacks_a_fact_refuses_and_says_what_is_missing():
    with pytest.raises(GuardFailed, match="decided when postage is known") as refused:
        machine_of(DEFINITION).decide("sealed", "post", {"stamps": 2, "to": "bob"})
    assert [report.passed for report in refused.value.guards] == [None, True]


def test_a_refused_condition_and_an_illegal_step_are_two_answers():
    machine = machine_of(DEFINITION)
    with pytest.raises(GuardFailed):
        machine.decide("drafted", "seal", {"workflow": a_letter("")})
    with pytest.raises(TransitionRefused) as refused:
        machine.decide("drafted", "deliver", {})
    assert refused.value.path == ("seal", "post")
    assert str(refused.value) == "deliver is not possible from drafted; possible: rewrite, seal; first: seal, post"


@pytest.mark.parametrize(("state", "trigger"), [("", "seal"), ("drafted", "explode"), ("", "explode"), ("*", "seal")])
def test_an_unknown_state_or_trigger_is_refused_like_an_illegal_step(state, trigger):
    with pytest.raises(TransitionRefused) as refused:
        machine_of(DEFINITION).decide(state, trigger, {})
    assert refused.value.path == ()


@pytest.mark.parametrize("trigger", ["to_delivered", "to_posted", "may_seal", "trigger", "__class__"])
def test_nothing_that_the_library_names_by_itself_is_a_step(trigger):
    with pytest.raises(TransitionRefused):
        machine_of(DEFINITION).decide("drafted", trigger, {})


def test_the_fault_of_a_broken_guard_is_not_taken_for_a_refusal():
    with pytest.raises(KeyError):
        machine_of(DEFINITION).decide("drafted", "seal", {})


def illegal_moves(decide, rounds):
    """Trigger anything from anywhere, and return the moves that the list above does not know."""
    chance = random.Random(1)
    triggers = [*DEFINITION.triggers, "explode", *(f"to_{state}" for state in STATES)]
    facts = {"stamps": 2, "postage": 1, "to": "bob", "workflow": a_letter()}
    moves = set()
    for _ in range(rounds):
        state, trigger = chance.choice(STATES), chance.choice(triggers)
        target = decide(state, trigger, facts)
        if target is not None:
            moves.add((state, trigger, target))
    return moves - LEGAL


def test_of_hundreds_of_thousands_of_random_triggers_none_makes_an_illegal_move():
    machine = StepMachine(DEFINITION)

    def decide(state, trigger, facts):
        try:
            return machine.decide(state, trigger, facts).target
        except TransitionRefused:
            return None

    assert illegal_moves(decide, ROUNDS) == set()


def test_the_same_trial_catches_a_machine_that_lets_any_state_jump_to_any_other():
    careless = Machine(model=None, states=list(STATES), initial="drafted", auto_transitions=True, send_event=True)
    for row in DEFINITION.transitions:
        careless.add_transition(row.trigger, list(row.sources), row.target)

    class Model:
        state = "drafted"

    def decide(state, trigger, facts):
        model = Model()
        model.state = state
        try:
            return model.state if trigger in careless.events and careless.events[trigger].trigger(model) else None
        except MachineError:
            return None

    assert ("drafted", "to_delivered", "delivered") in illegal_moves(decide, 5_000)


@settings(max_examples=200, deadline=None)
@given(definitions(), st.data(), facts_known)
def test_a_decision_is_the_row_of_the_table_or_a_refusal(definition, data, facts):
    state, trigger = data.draw(st.sampled_from(definition.states)), data.draw(st.sampled_from(TRIGGERS))
    rows = [row for row in definition.transitions if row.trigger == trigger and state in row.sources]
    known = {**facts, "workflow": a_workflow(definition, state)}
    if not rows:
        with pytest.raises(TransitionRefused):
            machine_of(definition).decide(state, trigger, known)
    elif all(guard.ask(known).passed for guard in rows[0].guards):
        assert machine_of(definition).decide(state, trigger, known) is rows[0]
    else:
        with pytest.raises(GuardFailed) as refused:
            machine_of(definition).decide(state, trigger, known)
        assert [report.name for report in refused.value.guards] == [guard.name for guard in rows[0].guards]


@settings(max_examples=100, deadline=None)
@given(definitions(), st.data(), facts_known)
def test_the_short_way_to_a_row_answers_what_the_way_of_the_library_answers(definition, data, facts):
    state = data.draw(st.sampled_from(definition.states))
    known = {**facts, "workflow": a_workflow(definition, state)}

    def answer(event, trigger):
        subject = Subject(state, known)
        try:
            return trigger(event, subject), subject.reports, subject.state
        except MachineError:
            return None

    for event in StepMachine(definition)._machine.events.values():
        assert answer(event, type(event).trigger) == answer(event, Event.trigger)
