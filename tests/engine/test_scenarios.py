import pytest

from engine.errors import GuardFailed, TransitionRefused
from engine.testing import given
from tests.suites.letters import ANN, Letter, Posted, Sealed, a_letter, post


def seal(letter):
    letter.advance("seal", ANN)


def test_a_step_that_happens_is_seen_with_its_facts_and_state():
    given(a_letter(), seal).when(post).then(Posted, stamps=2, to="bob").then_state("posted")


def test_a_refused_step_is_seen_with_its_reason():
    given(a_letter("")).when(seal).then_refused(GuardFailed, "the letter is empty").then_state("drafted")
    given(a_letter()).when(post).then_refused(TransitionRefused, "first: seal")


def test_the_workflow_that_is_given_stays_as_it_is():
    letter = a_letter()
    given(letter, seal).when(post).then(Posted)
    assert (letter.state, letter.version) == ("drafted", 1)


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        (lambda: given(a_letter()).when(seal).then(Posted), "expected one Posted, got"),
        (lambda: given(a_letter()).when(lambda letter: None).then(Sealed), "got \\[\\]"),
        (lambda: given(a_letter(), seal).when(post).then(Posted, stamps=3), "stamps is 2, expected 3"),
        (lambda: given(a_letter("")).when(seal).then(Sealed), "it was refused: the letter is empty"),
        (lambda: given(a_letter()).when(seal).then_refused(GuardFailed), "it was not refused"),
        (lambda: given(a_letter("")).when(seal).then_refused(TransitionRefused), "expected TransitionRefused"),
        (lambda: given(a_letter("")).when(seal).then_refused(GuardFailed, "too heavy"), "'too heavy' is not in"),
        (lambda: given(a_letter()).when(seal).then_state("posted"), "it stands in sealed, expected posted"),
        (lambda: given(a_letter()).when(lambda letter: (seal(letter), post(letter))).then(Posted), "got"),
    ],
)
def test_a_scenario_fails_when_what_it_says_is_not_so(scenario, text):
    with pytest.raises(AssertionError, match=text):
        scenario()


def test_a_refusal_that_left_a_trace_fails_the_scenario():
    def careless(letter):
        letter.text = "changed"
        seal(letter)
        seal(letter)

    with pytest.raises(AssertionError, match="a refusal records nothing"):
        given(a_letter()).when(careless).then_refused(TransitionRefused)


def test_a_fault_is_not_taken_for_a_refusal():
    with pytest.raises(ZeroDivisionError):
        given(a_letter()).when(lambda letter: 1 / 0)


def test_a_blank_workflow_can_be_given():
    given(Letter.blank()).when(seal).then_refused(TransitionRefused)
