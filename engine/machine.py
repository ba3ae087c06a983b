"""A Definition as one `transitions` machine that answers one question: may this step happen now?

The only module that imports `transitions`. One machine per definition, never one per object; it is handed a throw-away
subject and remembers nothing. `transitions` stops at the first false condition, so a row of ours asks all of its guards
once one does not pass, and leaves the report on the subject.
"""

from typing import Any

import transitions

from engine.definition import Definition, Transition
from engine.errors import GuardFailed, TransitionRefused
from engine.guard import Facts, Guard, GuardReport


class Subject:
    """What the machine is asked about: it lives for one decision."""

    __slots__ = ("facts", "reports", "state")

    def __init__(self, state: str, facts: Facts) -> None:
        self.state = state
        self.facts = facts
        self.reports: tuple[GuardReport, ...] = ()


class _Row(transitions.Transition):
    """A row as the library sees it: it may happen if all guards pass, and it moves nobody."""

    def __init__(self, *place: Any, guards: tuple[Guard, ...]) -> None:
        super().__init__(*place)
        self.guards = guards

    def execute(self, event_data: transitions.EventData) -> bool:
        return self.allows(event_data.model)  # type: ignore[arg-type] # the only models of our machines

    def allows(self, subject: Subject) -> bool:
        """Tell whether the guards let the step happen; if not, their reports are on the subject."""
        facts = subject.facts
        for guard in self.guards:
            if not guard.passes(facts):
                break
        else:
            return True
        # Guards are pure: asked again, all of them, they say what is in the way.
        subject.reports = tuple([guard.ask(facts) for guard in self.guards])
        return all(report.passed for report in subject.reports)


class _Trigger(transitions.Event):
    """The rows of one trigger, as the library keeps them: by the state that they lead from.

    The library's own way from here to a row is callbacks that no row has, debug lines about them and an object to hand
    to them: 13 us at each command, for the same answers.
    """

    def trigger(self, model: Any, *args: Any, **kwargs: Any) -> bool:
        rows: Any = self.transitions.get(model.state)
        if not rows:
            raise transitions.MachineError(f"{self.name} leads nowhere from {model.state}")
        # A table has one row for a trigger and a state, or it is refused when it is defined.
        row: _Row = rows[0]
        return row.allows(model)


class _Machine(transitions.Machine):
    event_cls, transition_cls = _Trigger, _Row


class StepMachine:
    """Decides steps of one definition."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        # Without auto_transitions=False any state could jump to any other (to_saved() from the first state on).
        self._machine = _Machine(
            model=None,
            states=list(definition.states),
            initial=definition.initial,
            auto_transitions=False,
            send_event=True,
            queued=False,
        )
        for row in definition.transitions:
            # Where a step leads is said by the row itself: a destination would only cost, nobody is moved.
            self._machine.add_transition(row.trigger, list(row.sources), None, guards=row.guards)
        self._rows = {(source, row.trigger): row for row in definition.transitions for source in row.sources}
        self._ways: dict[tuple[str, str], tuple[str, ...]] = {}

    def allowed(self, state: str) -> tuple[str, ...]:
        """Return the triggers that are legal from *state*, guards aside, in the order of the table."""
        legal = set(self._machine.get_triggers(state))
        return tuple(trigger for trigger in self.definition.triggers if trigger in legal)

    def decide(self, state: str, trigger: str, facts: Facts) -> Transition:
        """Return the row of *trigger*, if it may happen from *state* given *facts*.

        Raises:
            TransitionRefused: the step is illegal from there.
            GuardFailed: it is legal, but a guard refuses (or lacks a fact that it needs).
        """
        subject = Subject(state, facts)
        # A workflow to which nothing has happened yet stands in no state of the table.
        event: Any = self._machine.events.get(trigger) if state in self._machine.states else None
        try:
            accepted = event is not None and event.trigger(subject)
        except transitions.MachineError:
            event = None
            accepted = False
        if event is None:
            raise TransitionRefused(trigger, state, self.allowed(state), self.way_to(state, trigger))
        if not accepted:
            raise GuardFailed(trigger, state, subject.reports, self.allowed(state))
        return self._rows[state, trigger]

    def way_to(self, state: str, trigger: str) -> tuple[str, ...]:
        """Return the shortest sequence of steps from *state* after which *trigger* is legal; empty if none is."""
        if state not in self._machine.states or trigger not in self._machine.events:
            return ()
        way = self._ways.get((state, trigger))
        if way is None:
            way = self._ways[state, trigger] = self._shortest_way(state, trigger)
        return way

    def _shortest_way(self, state: str, trigger: str) -> tuple[str, ...]:
        ways = [
            self.definition.path(state, source)
            for row in self.definition.transitions
            if row.trigger == trigger
            for source in row.sources
        ]
        reached = sorted((way for way in ways if way), key=len)
        return tuple(row.trigger for row in reached[0]) if reached else ()
