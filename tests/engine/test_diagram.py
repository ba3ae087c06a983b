from engine.diagram import mermaid
from engine.explain import actions
from tests.suites.letters import DEFINITION, a_letter


def test_a_diagram_shows_every_step_from_every_state_it_may_be_taken_from():
    lines = [line.strip() for line in mermaid(DEFINITION).splitlines()]
    assert lines[:2] == ["stateDiagram-v2", "[*] --> drafted"]
    assert "drafted --> drafted: rewrite" in lines
    assert "sealed --> drafted: rewrite" in lines
    assert {"delivered --> [*]", "lost --> [*]"} <= set(lines)
    assert not [line for line in lines if line.startswith("class ")]


def test_a_diagram_marks_where_a_workflow_stands_where_it_was_and_what_is_blocked():
    letter = a_letter("")
    text = mermaid(DEFINITION, "sealed", ["drafted", "sealed", "drafted"], actions(letter))
    assert "class sealed here" in text
    assert text.count("class drafted done") == 1
    assert "class sealed done" not in text
    assert "drafted --> sealed: seal (blocked)" in text
    assert "sealed --> posted: post\n" in text
