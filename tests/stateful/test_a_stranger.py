"""A stranger tries anything in any order over connections and accounts, and the product keeps its promises."""

import os
from contextlib import contextmanager
from dataclasses import replace

import pytest
import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.suites.expectations import DRAFTS
from tests.suites.stranger import Stranger
from workflows.account.aggregate import Account
from workflows.connection.aggregate import Connection

SEQUENCES = int(os.environ.get("TEST_SEQUENCES", "500"))
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
def planted(kind, trigger, **changes):
    """Plant a fault: alter the row of a step in the table of a workflow."""
    honest = kind.definition
    rows = [replace(row, **changes) if row.trigger == trigger else row for row in honest.transitions]
    kind.definition = replace(honest, transitions=tuple(rows))
    try:
        yield
    finally:
        kind.definition = honest


UNEXPECTED = "was accepted|accepted in no order"


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (planted(Connection, "save", sources=("parameters_set", "governed")), "has not passed every step"),
        (planted(Connection, "govern", sources=DRAFTS[2:]), f"has not passed every step|{UNEXPECTED}"),
        (planted(Connection, "enable", sources=("saved", "disabled")), UNEXPECTED),
        (planted(Connection, "save", guards=()), UNEXPECTED),
        (planted(Connection, "expire", guards=()), UNEXPECTED),
        (planted(Account, "delete", guards=()), f"{UNEXPECTED}|in use was deleted"),
        (planted(Account, "reauthorise", guards=()), UNEXPECTED),
    ],
    ids=[
        "shortcut to saved",
        "alerts left out",
        "enabled twice",
        "expired account",
        "young",
        "in use",
        "somebody else",
    ],
)
def test_the_same_stranger_finds_a_planted_fault(fault, found):
    looking = settings(HALF, max_examples=250, phases=[Phase.generate], report_multiple_bugs=False)
    with fault, pytest.raises(AssertionError, match=found):
        run_state_machine_as_test(seed(3)(type("Misled", (Stranger,), {})), settings=looking)
