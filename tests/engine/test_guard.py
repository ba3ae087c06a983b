import pytest

from engine.guard import Guard, Passed, Refused, refusals


def test_a_guard_reports_what_broke_how_to_fix_it_and_who_can():
    guard = Guard("limit", lambda facts: Refused("too-much", "it is too much", "take less", "/n", "ann"))
    assert guard.ask({}).as_dict() == {
        "name": "limit",
        "passed": False,
        "code": "too-much",
        "message": "it is too much",
        "fix": "take less",
        "pointer": "/n",
        "who": "ann",
    }


def test_a_guard_is_undecided_while_a_fact_it_needs_is_unknown():
    guard = Guard("limit", lambda facts: Passed() if facts["n"] < 3 else Refused("x", "x"), ("n", "m"))
    report = guard.ask({"n": 1})
    assert (report.passed, report.code, report.message) == (None, "undecided", "decided when m is known")
    assert guard.ask({"n": 1, "m": None}).passed is True


def test_a_guard_that_answers_neither_yes_nor_no_is_a_mistake_of_its_author():
    with pytest.raises(TypeError, match="limit answered neither"):
        Guard("limit", lambda facts: True).ask({})


def test_only_what_forbids_is_a_refusal():
    yes = Guard("yes", lambda facts: Passed())
    no = Guard("no", lambda facts: Refused("n", "n"))
    later = Guard("later", lambda facts: Passed(), ("x",))
    assert [report.name for report in refusals(guard.ask({}) for guard in (yes, no, later))] == ["no"]


@pytest.mark.parametrize("facts", [{}, {"n": 1}, {"n": 5}])
@pytest.mark.parametrize(
    "verdict", [lambda facts: Passed(), lambda facts: Passed("fine"), lambda facts: Refused("n", "n")]
)
def test_a_guard_passes_exactly_when_its_report_says_so(verdict, facts):
    guard = Guard("limit", verdict, ("n",))
    assert guard.passes(facts) is (guard.ask(facts).passed is True)
