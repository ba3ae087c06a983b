from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.application import Workflows
from engine.attempts import AttemptRefused, Attempts, AttemptsCounted
from engine.mapper import EventMapper
from engine.memory import MemoryLog
from engine.remembered import remembered
from engine.snapshots import MemorySnapshots, Shortcuts
from tests.suites.histories import histories, sample
from workflows.account.aggregate import Account
from workflows.account.events import AccountAuthorised
from workflows.connection.aggregate import Connection
from workflows.connection.events import CatalogSelected

KINDS = (Connection, Account, Attempts)


def exactly(value):
    """Return a value with its types, however deep: 1 and True and 1.0 are equal, and not the same."""
    match value:
        case dict():
            return {name: exactly(inner) for name, inner in value.items()}
        case list() | tuple():
            return type(value), [exactly(inner) for inner in value]
        case frozenset():
            return {exactly(inner) for inner in value}
        case datetime():
            return value, value.utcoffset()
        case _:
            return type(value), value


def whole(workflow):
    return exactly((workflow.id, workflow.version, workflow.created_on, workflow.modified_on, workflow.describe()))


def streams(history):
    found = {}
    for entry in history:
        found.setdefault(entry.event.originator_id, []).append(entry.event)
    for stream, events in found.items():
        opening = type(events[0])
        if opening in (CatalogSelected, AccountAuthorised):
            yield Connection if opening is CatalogSelected else Account, stream, events


@settings(deadline=None, max_examples=60)
@given(histories(most=60))
def test_what_is_remembered_after_any_prefix_of_a_history_and_the_rest_of_it_are_the_whole(history):
    for kind, stream, events in streams(history):
        expected = whole(kind.replay(stream, events))
        for cut in range(1, len(events) + 1):
            before = kind.replay(stream, events[:cut])
            taken_up = remembered(kind).read(remembered(kind).write(before), stream, cut)
            assert whole(taken_up) == whole(before)
            for event in events[cut:]:
                event.mutate(taken_up)
            assert whole(taken_up) == expected


@settings(deadline=None, max_examples=40)
@given(histories(most=60), st.integers(1, 6), st.randoms())
def test_loading_by_snapshots_gives_what_a_replay_gives_at_every_moment(history, every, chance):
    log, mapper, office = MemoryLog(), EventMapper(), Workflows()
    shortcuts = Shortcuts(MemorySnapshots(), every=every)
    for kind, stream, events in streams(history):
        for event in events:
            log.insert_events([mapper.to_stored_event(event)])
            if chance.random() < 0.5:
                loaded = shortcuts.load(kind, stream, log.read_stream, office.decode)
                assert whole(loaded) == whole(kind.replay(stream, map(office.decode, log.read_stream(stream))))
                if shortcuts.due(loaded.version):
                    assert shortcuts.take(loaded, log.newest(stream).leaf)
            if chance.random() < 0.1:
                shortcuts.snapshots.drop(stream)


def test_attempts_are_counted_on_from_a_snapshot():
    stream, at = UUID(int=5), datetime(2026, 1, 1, tzinfo=UTC)
    kinds = [AttemptRefused, AttemptRefused, AttemptsCounted, AttemptRefused]
    events = [sample(kind, "noted", stream=stream, version=number, at=at) for number, kind in enumerate(kinds, 1)]
    before = Attempts.replay(stream, events[:2])
    taken_up = remembered(Attempts).read(remembered(Attempts).write(before), stream, 2)
    for event in events[2:]:
        event.mutate(taken_up)
    assert (taken_up.refused, taken_up.version) == (3, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_workflow_has_snapshots(kind):
    assert remembered(kind) is not None
