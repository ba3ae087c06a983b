import ast
import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from engine.envelope import Context
from engine.errors import GuardFailed, TransitionRefused
from engine.testing import given

EXAMPLES = Path(__file__).parents[2] / "examples"
ANN = Context("ann")


@cache
def the_example():
    spec = importlib.util.spec_from_file_location("parcel_example", EXAMPLES / "parcel.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(name):
    return subprocess.run([sys.executable, EXAMPLES / name], capture_output=True, text=True, check=True, timeout=60)


def imported(name):
    for node in ast.walk(ast.parse((EXAMPLES / name).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


def a_parcel(grams=2_400):
    parcel = the_example().Parcel.blank()
    parcel.begin(ANN, grams=grams)
    return parcel


def label(parcel):
    parcel.advance("label", ANN)


def hand_over(parcel, limit=30_000):
    parcel.advance("hand_over", ANN, knowing={"limit": limit})


def test_the_story_of_a_parcel_is_told_to_its_end():
    told = run("parcel.py").stdout
    for text in (
        "registered; to deliver it: label, hand_over, deliver",
        "deliver: refused; deliver is not possible from registered; possible: label; first: label, hand_over",
        "hand_over: refused; 2400 g are over the carrier's limit of 2000 g (choose another carrier)",
        "  4. handed_over -> delivered",
        "4 events, nothing was altered",
    ):
        assert text in told


def test_ten_lines_define_and_run_a_workflow():
    lines = [line for line in (EXAMPLES / "ten_lines_engine.py").read_text().splitlines() if line.strip()]
    assert len(lines) <= 10
    assert run("ten_lines_engine.py").stdout == "over; before that: lent\n"


@pytest.mark.parametrize("name", ["parcel.py", "ten_lines_engine.py"])
def test_an_example_needs_the_engine_and_nothing_else(name):
    assert set(imported(name)) <= {"engine"} | sys.stdlib_module_names


def test_the_example_fits_on_a_page():
    assert len((EXAMPLES / "parcel.py").read_text().splitlines()) <= 80


def test_a_parcel_can_be_labelled_again_but_not_after_it_was_handed_over():
    given(a_parcel(), label).when(label).then(the_example().Labelled).then_state("labelled")
    given(a_parcel(), label, hand_over).when(label).then_refused(TransitionRefused)


def test_a_parcel_heavier_than_the_limit_is_not_handed_over():
    given(a_parcel(501), label).when(lambda parcel: hand_over(parcel, 500)).then_refused(GuardFailed, "501 g are over")
    given(a_parcel(500), label).when(lambda parcel: hand_over(parcel, 500)).then_state("handed_over")


def test_a_parcel_ends_delivered_or_returned():
    for trigger, state in (("deliver", "delivered"), ("return_to_sender", "returned")):
        scenario = given(a_parcel(), label, hand_over)
        scenario.when(lambda parcel, trigger=trigger: parcel.advance(trigger, ANN)).then_state(state)
