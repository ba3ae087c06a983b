from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from engine.aggregate import shared
from engine.clock import FixedClock
from engine.envelope import Context
from engine.errors import GuardFailed, LogCorrupt, NotFound, SecretLeak, TransitionRefused, Unstorable
from engine.secret import Secret
from tests.suites.letters import ANN, BOB, Letter, Posted, Rewritten, Sealed, a_letter, post

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def a_sealed_letter():
    letter = a_letter()
    letter.advance("seal", ANN)
    return letter


def test_a_blank_workflow_stands_nowhere_and_can_only_begin():
    letter = Letter.blank()
    assert (letter.version, letter.state, letter.text) == (0, "", "")
    with pytest.raises(TransitionRefused, match="it has not begun"):
        letter.advance("seal", ANN)
    with pytest.raises(TransitionRefused, match="it has not begun"):
        letter.expect("seal")


def test_a_workflow_begins_once():
    letter = a_letter()
    with pytest.raises(TransitionRefused, match="begin is not possible from drafted"):
        letter.begin(ANN, text="again")
    assert letter.version == 1


def test_a_step_records_one_event_and_moves_the_state():
    letter = a_sealed_letter()
    post(letter, BOB, stamps=3)
    *_, posted = letter.pending_events
    assert type(posted) is Posted
    assert (posted.state, posted.stamps, posted.to) == ("posted", 3, "bob")
    assert posted.envelope.actor == "bob"
    assert (posted.envelope.definition, posted.envelope.definition_version) == ("letter", 1)
    assert (letter.state, letter.version, letter.stamps) == ("posted", 3, 3)


def test_what_the_world_answered_reaches_the_guards_and_is_not_recorded():
    letter = a_sealed_letter()
    with pytest.raises(GuardFailed, match="9 stamps are needed"):
        post(letter, postage=9)
    post(letter, postage=1)
    assert "postage" not in letter.pending_events[-1].facts


def test_guards_judge_what_is_recorded_where_a_name_comes_twice():
    letter = a_sealed_letter()
    with pytest.raises(GuardFailed, match="stamps are needed"):
        letter.advance("post", ANN, knowing={"stamps": 99, "postage": 5}, stamps=1, to="bob")


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (TransitionRefused, lambda letter: letter.advance("deliver", ANN)),
        (GuardFailed, lambda letter: post(letter, to=None)),
        (Unstorable, lambda letter: post(letter, to="\ud800")),
        (Unstorable, lambda letter: letter.advance("rewrite", ANN, text="x", notes={"n": float("nan")})),
        (SecretLeak, lambda letter: letter.advance("rewrite", ANN, text="x", notes={"deep": [Secret("s3cret")]})),
        (ValidationError, lambda letter: letter.advance("rewrite", ANN, text="x", unheard_of=1)),
        (NotFound, lambda letter: letter.advance("rewrite", Context("ann", sandbox="other"), text="x")),
    ],
)
def test_a_refused_step_leaves_no_trace(error, step):
    letter = a_sealed_letter()
    before, version, pending = letter.describe(), letter.version, list(letter.pending_events)
    with pytest.raises(error):
        step(letter)
    assert (letter.describe(), letter.version, list(letter.pending_events)) == (before, version, pending)


def test_a_wrong_fact_is_refused_without_repeating_it():
    with pytest.raises(ValidationError) as refused:
        a_letter().advance("rewrite", ANN, text={"token": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_expecting_asks_for_order_and_for_what_is_already_known():
    letter = a_sealed_letter()
    letter.expect("post")
    letter.expect("post", stamps=1, postage=1)
    with pytest.raises(GuardFailed, match="9 stamps are needed"):
        letter.expect("post", stamps=1, postage=9)
    with pytest.raises(TransitionRefused, match="first: post"):
        letter.expect("deliver")


def test_allowing_asks_like_a_decision_and_records_nothing():
    letter = a_sealed_letter()
    letter.allow("post", stamps=1, postage=1, to="bob")
    with pytest.raises(GuardFailed, match="decided when to is known"):
        letter.allow("post", stamps=1, postage=1)
    assert letter.version == 2


def test_replaying_the_events_gives_the_workflow_that_made_them():
    letter = a_sealed_letter()
    letter.advance("rewrite", ANN, text="dear ann", notes={"a": [1, None, {"b": "c"}]})
    again = Letter.replay(letter.id, letter.pending_events)
    assert again.describe() == letter.describe()
    assert (again.version, again.created_on, again.modified_on) == (3, letter.created_on, letter.modified_on)


def test_guards_do_not_run_on_replay():
    first, sealed = a_sealed_letter().pending_events
    empty = first.model_copy(update={"text": ""})
    assert Letter.replay(first.originator_id, [empty, sealed]).state == "sealed"


def test_a_history_with_a_gap_or_of_another_workflow_is_not_replayed():
    first, sealed = a_sealed_letter().pending_events
    with pytest.raises(LogCorrupt, match="does not follow version 0"):
        Letter.replay(first.originator_id, [sealed])
    with pytest.raises(LogCorrupt):
        Letter.replay(a_letter().id, [first])


def test_time_never_runs_back_within_a_workflow():
    clock = FixedClock(NOON)
    context = Context("ann", clock=clock)
    letter = a_letter(context=context)
    clock.move(timedelta(hours=-3))
    letter.advance("seal", context)
    clock.move(timedelta(hours=5))
    letter.advance("rewrite", context, text="later")
    assert [event.timestamp - NOON for event in letter.pending_events] == [
        timedelta(0),
        timedelta(0),
        timedelta(hours=2),
    ]


def test_a_fork_decides_alone():
    letter = a_letter()
    letter.collect_events()
    twin = letter.fork()
    twin.advance("seal", ANN)
    assert (letter.state, letter.version, list(letter.pending_events)) == ("drafted", 1, [])
    assert [type(event) for event in twin.pending_events] == [Sealed]


def test_a_description_names_what_is_remembered_and_nothing_internal():
    letter = a_letter("hello")
    assert letter.describe() == {
        "state": "drafted",
        "sandbox": "prod",
        "text": "hello",
        "to": None,
        "stamps": 0,
        "notes": {},
    }


def test_the_context_fills_the_envelope():
    context = Context("ann", "lab", "the boss", traceparent="00-aa-bb-01", key="k", occurred_at=NOON)
    envelope = a_letter(context=context).pending_events[0].envelope
    assert (envelope.actor, envelope.sandbox, envelope.on_behalf_of) == ("ann", "lab", "the boss")
    assert (envelope.traceparent, envelope.key, envelope.occurred_at) == ("00-aa-bb-01", "k", NOON)
    assert envelope.command_id == envelope.correlation_id == envelope.causation_id == context.command_id


def test_every_event_has_an_id_of_its_own():
    letter = a_letter()
    letter.advance("rewrite", ANN, text="x")
    assert type(letter.pending_events[1]) is Rewritten
    assert len({event.envelope.event_id for event in letter.pending_events}) == 2


def test_what_many_remember_alike_is_kept_once():
    one, other = "".join(["a", "b" * 100]), "".join(["a", "b" * 100])
    assert one is not other
    assert shared(one) is shared(other)
    assert shared((one, "c")) is shared((other, "c"))
