"""Decisions beside the machine of `transitions` alone, and beside themselves when many connections are known: T."""

import itertools
from collections.abc import Sequence
from typing import Any

from transitions import Machine

from benchmarks.bench import Bench
from benchmarks.load import ACTIONS, lifecycle
from benchmarks.measure import Case, Found, repeated
from engine.guard import Guard
from engine.machine import StepMachine, Subject
from workflows.connection.aggregate import Connection
from workflows.connection.definition import DEFINITION

_FACTS: dict[str, Any] = {"marketing_actions": ACTIONS, "known_actions": ACTIONS, "locked_actions": ()}


def deciding(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure T1 and T2."""
    found = {}
    if "T1" in ids:
        ours, theirs = StepMachine(DEFINITION), _machine_alone().events["govern"].trigger
        rounds = bench.alternate(
            {
                "a decision": repeated(lambda: ours.decide("alerts_configured", "govern", _FACTS), at_once=100),
                "transitions": repeated(lambda: theirs(Subject("alerts_configured", _FACTS)), at_once=100),
            }
        )
        bench.note("decisions", rounds.rates())
        found["T1"] = rounds.over("a decision", "transitions")
    if "T2" in ids:
        first = lifecycle()
        known = [first.fork() for _ in range(bench.scale.known)]
        rounds = bench.alternate(
            {"many known": _asked(known[:: max(len(known) // 64, 1)]), "one known": _asked([first])}
        )
        found["T2"] = rounds.over("many known", "one known")
    return found


def _asked(connections: Sequence[Connection]) -> Case:
    turns = itertools.cycle(connections)
    return repeated(lambda: next(turns).allow("edit_marketing_actions", **_FACTS), at_once=100)


def _machine_alone() -> Machine:
    """Return the library's machine of the same table; its guards are asked as its own conditions."""
    machine = Machine(model=None, states=list(DEFINITION.states), initial=DEFINITION.initial, auto_transitions=False)
    for row in DEFINITION.transitions:
        conditions = [_condition(guard) for guard in row.guards]
        machine.add_transition(row.trigger, list(row.sources), row.target, conditions=conditions)
    machine.send_event = True
    return machine


def _condition(guard: Guard) -> Any:
    return lambda event: guard.ask(event.model.facts).passed
