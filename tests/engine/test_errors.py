import inspect

import pytest

import engine
import engine.errors as errors
from engine.guard import GuardReport

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.EngineError)]


def test_every_error_has_a_code_of_its_own_and_says_in_words_what_it_is():
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(cls.__doc__ for cls in CLASSES)


def test_every_error_is_drawn_in_the_tree_at_the_top_of_its_module():
    drawn = {line.lstrip("│├└─ ").split()[0] for line in errors.__doc__.splitlines() if line.lstrip("│├└─ ")}
    assert {cls.__name__ for cls in CLASSES} <= drawn


def test_a_refusal_says_what_would_be_possible_and_what_comes_first():
    refused = errors.TransitionRefused("post", "drafted", ["rewrite", "seal"], ["seal"])
    assert str(refused) == "post is not possible from drafted; possible: rewrite, seal; first: seal"
    assert refused.fix == "send seal first"
    assert errors.TransitionRefused("post", "lost", []).fix == "it has ended; begin a new one"


def test_a_refusal_names_as_possible_only_what_can_be_asked_for():
    refused = errors.TransitionRefused("post", "drafted", ["rewrite", "bind"])
    assert str(refused.offering(["rewrite"])) == "post is not possible from drafted; possible: rewrite"
    assert (refused.allowed, refused.fix) == (("rewrite",), "send one of: rewrite")
    assert refused.offering([]).fix == "see its actions: they say what is in the way"
    assert errors.TransitionRefused("post", "lost", []).offering([]).fix == "it has ended; begin a new one"
    assert errors.GuardFailed("post", "sealed", [], ["post"]).offering([]).allowed == ()


def test_a_guard_that_refuses_without_words_is_named():
    report = GuardReport("limit", False, "limit")
    assert str(errors.GuardFailed("post", "sealed", [report])) == "limit refuses"


def test_details_are_added_and_kept():
    refused = errors.NotFound("nothing").with_details(a=1).with_details(b=2)
    assert dict(refused.details) == {"a": 1, "b": 2}


def test_only_what_may_succeed_later_is_retryable():
    retryable = {cls.__name__ for cls in CLASSES if cls.retryable}
    assert retryable == {"Conflict", "KeyInFlight", "LogUnavailable", "OutcomeUnknown"}


@pytest.mark.parametrize("name", engine.__all__)
def test_the_package_offers_its_names_from_their_own_modules(name):
    assert getattr(engine, name).__name__ == name


def test_an_unknown_name_is_not_offered():
    with pytest.raises(AttributeError):
        engine.nothing  # noqa: B018
