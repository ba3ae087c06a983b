import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.aggregate import Workflow
from engine.definition import Definition, Transition
from engine.envelope import Context
from engine.errors import DefinitionError, LogCorrupt, SecretLeak, UnknownTopic, Unstorable
from engine.events import WorkflowEvent, event_class, registered_topics
from engine.mapper import EventMapper
from engine.secret import Secret
from tests.suites.letters import ANN, Rewritten, a_letter

MAPPER = EventMapper()


class Part(BaseModel):
    name: str | None
    size: int | None = 3


class Packed(WorkflowEvent):
    """A thing with facts of every sort."""

    TOPIC = "mapper.packed"
    text: str | None
    missing: str | None = "a default"
    anything: Any = None
    at: datetime | None = None
    day: date | None = None
    span: timedelta | None = None
    parts: tuple[Part, ...] = ()
    ids: frozenset[UUID] = frozenset()


class Renamed(WorkflowEvent):
    """An event whose shape changed twice."""

    TOPIC = "mapper.renamed"
    SCHEMA_VERSION: ClassVar[int] = 3
    full_name: str
    nickname: str

    @staticmethod
    def upcast_v1_v2(facts: dict[str, Any]) -> None:
        facts["full_name"] = facts.pop("name")

    @staticmethod
    def upcast_v2_v3(facts: dict[str, Any]) -> None:
        facts["nickname"] = facts["full_name"].split()[0]


class Parcel(Workflow):
    """Carries the events above."""

    definition = Definition(
        "mapped", 1, "a", Packed, (Transition("pack", ("a",), "a", Packed), Transition("name", ("a",), "a", Renamed))
    )


def packed(**facts):
    parcel = Parcel.blank()
    parcel.begin(Context("ann"), **{"text": "x", **facts})
    return parcel.pending_events[0]


def rewritten(**facts):
    letter = a_letter()
    letter.advance("rewrite", ANN, **facts)
    return letter.pending_events[-1]


def stored_with(event, **changes):
    stored = MAPPER.to_stored_event(event)
    facts = json.loads(stored.state)
    facts.update(changes)
    return replace(stored, state=json.dumps({name: value for name, value in facts.items() if value != "gone"}).encode())


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)
            | st.sampled_from(["_type_", "_data_", "schema_version", "originator_id", "state"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["_type_", "_data_", "a", "envelope"]), json_values))
def test_whatever_may_be_stored_is_read_back_equal(notes):
    event = rewritten(text="x", notes=notes)
    assert MAPPER.to_domain_event(MAPPER.to_stored_event(event)) == event


@pytest.mark.parametrize(
    "facts",
    [
        {"text": None},
        {"missing": None},
        {"anything": {"_type_": "datetime_iso", "_data_": "2026"}},
        {"anything": {"a": None}},
        {"at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))},
        {"day": date(2026, 2, 28), "span": timedelta(days=-1, microseconds=1)},
        {"parts": (Part(name=None), Part(name="x", size=None))},
        {"ids": frozenset({UUID(int=1), UUID(int=2)})},
    ],
)
def test_facts_of_every_sort_are_read_back_equal(facts):
    event = packed(**facts)
    assert MAPPER.to_domain_event(MAPPER.to_stored_event(event)) == event


def test_the_stored_form_is_compact_and_carries_no_place_and_no_import_path():
    stored = MAPPER.to_stored_event(rewritten(text="hello"))
    facts = json.loads(stored.state)
    assert (facts["schema_version"], facts["text"], facts["state"]) == (1, "hello", "drafted")
    assert not {"originator_id", "originator_version"} & set(facts)
    assert not {"key", "traceparent", "on_behalf_of"} & set(facts["envelope"])
    assert b"tests." not in stored.state
    assert b'": ' not in stored.state
    assert (stored.topic, stored.sandbox) == ("letter.rewritten", "prod")


def test_what_the_envelope_says_is_kept():
    event = packed()
    envelope = event.envelope.model_copy(update={"key": "k", "on_behalf_of": "the boss"})
    event = event.model_copy(update={"envelope": envelope})
    assert MAPPER.to_domain_event(MAPPER.to_stored_event(event)).envelope == envelope


def test_an_old_event_is_brought_up_to_date_step_by_step():
    stored = stored_with(rewritten(text="x"), schema_version=1, name="Ann of Ghent", text="gone", notes="gone")
    event = MAPPER.to_domain_event(replace(stored, topic="mapper.renamed"))
    assert (type(event), event.full_name, event.nickname) == (Renamed, "Ann of Ghent", "Ann")


def test_an_event_of_a_newer_release_says_so():
    with pytest.raises(LogCorrupt, match="written by a newer release") as refused:
        MAPPER.to_domain_event(stored_with(rewritten(text="x"), schema_version=2))
    assert "upgrade" in refused.value.fix


def test_a_missing_upcaster_is_refused_when_the_event_is_defined():
    with pytest.raises(DefinitionError, match="no upcaster from schema version 1"):

        class Skipped(WorkflowEvent):
            TOPIC = "mapper.skipped"
            SCHEMA_VERSION = 2


def test_two_events_of_one_name_are_refused():
    with pytest.raises(DefinitionError, match="two events are called"):

        class Other(WorkflowEvent):
            TOPIC = "letter.rewritten"


def test_an_event_that_would_be_stored_under_the_name_of_another_is_refused():
    with pytest.raises(DefinitionError, match="give it a TOPIC of its own"):

        class Special(Rewritten):
            """Forgot its name."""


@pytest.mark.parametrize("topic", ["os:system", "tests.suites.letters:Rewritten", "letter.Rewritten", "", "x" * 500])
def test_an_unknown_topic_is_never_imported(topic):
    stored = replace(MAPPER.to_stored_event(rewritten(text="x")), topic=topic)
    with pytest.raises(UnknownTopic):
        MAPPER.to_domain_event(stored)


def test_registered_names_are_listed():
    assert "letter.rewritten" in registered_topics()
    assert event_class("letter.rewritten") is Rewritten


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b"{}",
        b'{"schema_version":0}',
        b'{"schema_version":"1"}',
        b'{"schema_version":null}',
        b'{"schema_version":1}',
        b"[" * 100_000,
    ],
)
def test_bytes_that_no_release_wrote_are_corrupt(body):
    stored = replace(MAPPER.to_stored_event(rewritten(text="x")), state=body)
    with pytest.raises(LogCorrupt, match=r"letter\.rewritten"):
        MAPPER.to_domain_event(stored)


@pytest.mark.parametrize("changes", [{"unknown": "hunter2"}, {"text": ["hunter2"]}, {"envelope": {"actor": "hunter2"}}])
def test_a_body_that_does_not_fit_is_corrupt_and_its_values_are_not_repeated(changes):
    with pytest.raises(LogCorrupt) as refused:
        MAPPER.to_domain_event(stored_with(rewritten(text="x"), **changes))
    assert "hunter2" not in str(refused.value)


def test_a_secret_that_was_smuggled_into_an_event_is_not_stored():
    event = packed().model_copy(update={"anything": Secret("s3cret")})
    with pytest.raises(SecretLeak) as refused:
        MAPPER.to_stored_event(event)
    assert "s3cret" not in str(refused.value)


def test_half_a_surrogate_pair_in_an_envelope_is_not_stored():
    event = packed()
    event = event.model_copy(update={"envelope": event.envelope.model_copy(update={"actor": "\ud800"})})
    with pytest.raises(Unstorable):
        MAPPER.to_stored_event(event)


def test_a_replayed_event_equals_the_live_one_to_the_microsecond():
    event = packed(at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC))
    assert MAPPER.to_domain_event(MAPPER.to_stored_event(event)).timestamp == event.timestamp


@pytest.mark.parametrize(
    "place", [{"originator_version": 7}, {"originator_id": "00000000-0000-0000-0000-000000000007"}]
)
@pytest.mark.parametrize("schema", [0, 1])
def test_the_place_of_an_event_is_where_it_was_stored_and_not_what_its_body_says(place, schema):
    event = rewritten(text="x")
    stored = stored_with(event, **place) if schema else MAPPER.to_stored_event(event)
    if not schema:
        stored = replace(stored, state=stored.state[:-1] + b"," + json.dumps(place).encode()[1:])
    assert MAPPER.to_domain_event(stored) == event


def test_a_body_with_its_parts_in_another_order_or_with_blanks_is_read_all_the_same():
    event = rewritten(text="x", notes={"a": 1})
    stored = MAPPER.to_stored_event(event)
    told = dict(reversed(json.loads(stored.state).items()))
    assert MAPPER.to_domain_event(replace(stored, state=json.dumps(told, indent=1).encode())) == event


@pytest.mark.parametrize("tail", [b"}", b",}", b'"state":1}', b"null}", b'}{"a":1}', b'"x":1}}'])
def test_a_body_that_only_begins_like_one_is_corrupt(tail):
    stored = replace(MAPPER.to_stored_event(rewritten(text="x")), state=Rewritten.SCHEMA_MARK + tail)
    with pytest.raises(LogCorrupt, match=r"letter\.rewritten"):
        MAPPER.to_domain_event(stored)
