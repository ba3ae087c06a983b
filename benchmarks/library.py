"""`eventsourcing` as it comes: an aggregate with six steps, and one `transitions` machine shared by all of them."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from transitions import Machine

from benchmarks.measure import Case, in_threads, repeated

STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "authenticate",
        "authenticated",
        {"variant": "none", "reason": "nothing to ask", "account_id": None, "principal": None},
    ),
    (
        "set_parameters",
        "parameters_set",
        {
            "name": "Nightly export",
            "description": "",
            "data_kind": "audiences",
            "fields": {"folder": "/exports", "host": "sftp.example.com"},
            "file_format": None,
        },
    ),
    ("configure_alerts", "alerts_configured", {"alerts": ["activation-failure", "delay"]}),
    ("govern", "governed", {"marketing_actions": ["email-targeting", "analytics"]}),
    ("save", "saved", {"then": "exit"}),
)
"""What five of the steps are called, where they lead, and what they bring: the facts of our own events."""

ENVELOPE = {"actor": "ann", "sandbox": "prod", "command_id": "0" * 32, "correlation_id": "0" * 32, "key": "key-1"}
_STATES = ("catalog_selected", *(state for _, state, _ in STEPS))


class Subject:
    """What the machine is asked about."""

    def __init__(self, state: str) -> None:
        self.state = state


MACHINE = Machine(model=None, states=list(_STATES), initial=_STATES[0], auto_transitions=False)
for _place, (_trigger, _state, _) in enumerate(STEPS):
    MACHINE.add_transition(_trigger, list(_STATES[_place : len(STEPS)]), _state)


class Setup(Aggregate):
    """A connection, written as the library's tutorial would have it; it keeps what its events brought."""

    @event("Selected")
    def __init__(self, destination: str, spec_version: int, spec_digest: str, envelope: dict[str, Any]) -> None:
        self.destination, self.spec_version, self.spec_digest = destination, spec_version, spec_digest
        self.state = _STATES[0]
        self.details: dict[str, Any] = {"select": envelope}

    def advance(self, trigger: str, facts: Mapping[str, Any]) -> None:
        """Ask the machine, and record."""
        subject = Subject(self.state)
        MACHINE.events[trigger].trigger(subject)
        self.step(trigger, subject.state, dict(facts), ENVELOPE)

    @event("Stepped")
    def step(self, trigger: str, state: str, facts: dict[str, Any], envelope: dict[str, Any]) -> None:
        self.state = state
        self.details[trigger] = {**facts, **envelope}


class Library:
    """An application of the library on one of its own recorders; *env* says which."""

    def __init__(self, env: Mapping[str, str]) -> None:
        # Never with POSTGRES_ENABLE_DB_FUNCTIONS: readers lose events then, which is no speed to compare with.
        self._app: Application[UUID] = Application(env=dict(env))

    def commands(self, threads: int = 1) -> Case:
        """Return a case of commands, each a `get`, a decision and a `save`: lifecycle after lifecycle."""
        pieces: list[Callable[[], object]] = [self._lifecycles() for _ in range(threads)]
        return repeated(pieces[0]) if threads == 1 else in_threads(pieces)

    def replays(self) -> Case:
        """Return a case that loads one aggregate of six events again and again."""
        [setup_id] = self.lifecycles(1)
        return repeated(lambda: self._app.repository.get(setup_id))

    def load(self, setup_id: UUID) -> Setup:
        """Return an aggregate, replayed."""
        return self._app.repository.get(setup_id)

    def lifecycles(self, count: int) -> list[UUID]:
        """Record all six steps of so many new aggregates; return their ids."""
        setups = [Setup("sftp", 1, "0" * 64, ENVELOPE) for _ in range(count)]
        for setup in setups:
            for trigger, _, facts in STEPS:
                setup.advance(trigger, facts)
        self._app.save(*setups)
        return [setup.id for setup in setups]

    def close(self) -> None:
        self._app.close()

    def _lifecycles(self) -> Callable[[], None]:
        numbers = itertools.cycle(range(len(STEPS) + 1))
        current: list[UUID] = []

        def command() -> None:
            number = next(numbers)
            if not number:
                setup = Setup("sftp", 1, "0" * 64, ENVELOPE)
                current[:] = [setup.id]
            else:
                setup = self._app.repository.get(current[0])
                trigger, _, facts = STEPS[number - 1]
                setup.advance(trigger, facts)
            self._app.save(setup)

        return command
