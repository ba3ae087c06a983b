"""A stranger tries anything in any order over connections and accounts, and the product keeps its promises."""

import os
from contextlib import contextmanager
from dataclasses import replace

import pytest
import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.suites.stranger import Stranger
from workflows.connection.aggregate import Connection

SEQUENCES = int(os.environ.get("INTERLOCK_SEQUENCES", "500"))
HALF = settings(
    max_examples=(SEQUENCES + 1) // 2,
    stateful_step_count=50,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.fixture(autouse=True)
def log_lines():
    yield
    structlog.reset_defaults()


# Two halves, so that two processes can share the work; each with a seed of its own, so that a failure comes back.
@pytest.mark.timeout(0 if SEQUENCES > 500 else 600)
@pytest.mark.parametrize("half", [1, 2])
def test_whatever_a_stranger_tries_the_promises_hold(half):
    run_state_machine_as_test(seed(half)(type(f"Stranger{half}", (Stranger,), {})), settings=HALF)


@contextmanager
def shortcut(trigger, source):
    """Plant a way past a step: *trigger* is legal from *source* too."""
    honest = Connection.definition
    rows = [replace(r, sources=(*r.sources, source)) if r.trigger == trigger else r for r in honest.transitions]
    Connection.definition = replace(honest, transitions=tuple(rows))
    try:
        yield
    finally:
        Connection.definition = honest


@pytest.mark.parametrize(
    ("trigger", "source", "found"),
    [
        ("save", "parameters_set", "has not passed every step"),
        ("set_parameters", "catalog_selected", "not passed every step|was accepted|in no order"),
        ("enable", "saved", "was accepted|accepted in no order"),
    ],
)
def test_the_same_stranger_finds_a_planted_shortcut(trigger, source, found):
    looking = settings(HALF, max_examples=250, phases=[Phase.generate], report_multiple_bugs=False)
    with shortcut(trigger, source), pytest.raises(AssertionError, match=found):
        run_state_machine_as_test(seed(3)(type("Misled", (Stranger,), {})), settings=looking)
