from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Refusal
from engine.explain import actions, path
from tests.suites.letters import ANN, a_letter, post
from tests.suites.tables import a_workflow, definitions, facts_known


def report_of(workflow, command, **facts):
    return next(report for report in actions(workflow, facts) if report.command == command)


def refusal_of(workflow, command, facts):
    try:
        workflow.allow(command, **facts)
    except Refusal as refused:
        return refused
    return None


def test_every_step_is_listed_with_the_verdict_of_every_guard():
    letter = a_letter("")
    assert [report.command for report in actions(letter)] == ["rewrite", "seal", "post", "deliver", "lose"]
    seal = report_of(letter, "seal")
    assert not seal.allowed
    assert [(guard.name, guard.passed) for guard in seal.guards] == [("order", True), ("has_text", False)]


def test_a_step_out_of_order_says_what_comes_first():
    post_now = report_of(a_letter(), "post")
    assert (post_now.allowed, post_now.target, post_now.first) == (False, None, ("seal",))
    assert post_now.as_dict()["guards"][0]["fix"] == "first: seal"


def test_a_step_whose_guards_wait_for_input_counts_as_allowed():
    letter = a_letter()
    letter.advance("seal", ANN)
    waiting = report_of(letter, "post")
    assert waiting.allowed
    assert [guard.passed for guard in waiting.guards] == [True, None, None]
    assert not report_of(letter, "post", stamps=0, postage=1).allowed


def test_the_path_to_a_goal_is_the_shortest_legal_sequence_of_commands():
    letter = a_letter()
    assert path(letter, "lost") == ("seal", "post", "lose")
    letter.advance("seal", ANN)
    post(letter)
    assert path(letter, "drafted") == ()
    assert path(letter, "nowhere") == ()


def test_explaining_changes_nothing():
    letter = a_letter()
    before, version = letter.describe(), letter.version
    actions(letter, {"stamps": 1})
    path(letter, "lost")
    assert (letter.describe(), letter.version) == (before, version)


@settings(max_examples=300, deadline=None)
@given(definitions(), st.data(), facts_known)
def test_an_explanation_agrees_with_the_decision(definition, data, facts):
    workflow = a_workflow(definition, data.draw(st.sampled_from(definition.states)))
    for report in actions(workflow, facts):
        waiting = any(guard.passed is None for guard in report.guards)
        refused = refusal_of(workflow, report.command, facts)
        if refused is None:
            assert report.allowed
        else:
            assert not report.allowed or waiting
            assert refused.guards in ((), report.guards[1:])


@settings(max_examples=100, deadline=None)
@given(definitions(), st.data())
def test_a_path_leads_to_its_goal_and_no_shorter_one_does(definition, data):
    start, goal = (data.draw(st.sampled_from(definition.states)) for _ in range(2))
    way = path(a_workflow(definition, start), goal)
    here = start
    for trigger in way:
        here = definition.row(here, trigger).target
    assert here == goal or not way
    reached, distance = {start}, 0
    while goal not in reached and distance <= len(definition.states):
        reached |= {row.target for state in reached for row in definition.rows_from(state)}
        distance += 1
    assert len(way) == (distance if goal in reached else 0)
