from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence import EMPTY, chain_hash, leaf_hash

FIRST = {
    "event_id": UUID(int=1),
    "sandbox": "prod",
    "stream": UUID(int=2),
    "version": 1,
    "topic": "letter.drafted",
    "body": b'{"schema_version":1}',
    "previous": EMPTY,
}


def test_a_leaf_is_the_hash_of_its_fields_each_with_its_length():
    by_hand = (
        b"\x00"
        + bytes(15)
        + b"\x01"
        + b"\x00\x00\x00\x04prod"
        + bytes(15)
        + b"\x02"
        + b"\x00\x00\x00\x00\x00\x00\x00\x01"
        + b"\x00\x00\x00\x0eletter.drafted"
        + sha256(b'{"schema_version":1}').digest()
        + bytes(32)
    )
    assert leaf_hash(**FIRST) == sha256(by_hand).digest()


def test_the_published_vectors_hold_for_ever():
    first = leaf_hash(**FIRST)
    assert first.hex() == "148dbcc5cab982b965959ba915096d8803a360f0923a68f7d028856c991c7b13"
    second = leaf_hash(**{**FIRST, "event_id": UUID(int=3), "version": 2, "sandbox": "pröd", "previous": first})
    assert second.hex() == "9b9cfbec8b46b08bab593007febc33358bd04743df4dc9a87c5e403eccad1372"
    chain = chain_hash(EMPTY, 1, first)
    assert chain.hex() == "c1c6d125811b1827dd786dc1c3168a57e69c612f9a581bd83e833fb9689677fb"
    assert chain_hash(chain, 2, second).hex() == "27190ca67f26455c872feac8c08499aedbe3121a013056b63c59aee98d58a7e4"


@pytest.mark.parametrize(
    "change",
    [
        {"event_id": UUID(int=4)},
        {"sandbox": "prod2"},
        {"stream": UUID(int=5)},
        {"version": 2},
        {"topic": "letter.sealed"},
        {"body": b"{}"},
        {"previous": bytes(31) + b"\x01"},
    ],
)
def test_every_field_changes_the_leaf(change):
    assert leaf_hash(**{**FIRST, **change}) != leaf_hash(**FIRST)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(texts, texts, texts, texts)
def test_no_two_events_share_a_leaf_by_shifting_a_boundary(sandbox, topic, other_sandbox, other_topic):
    one = leaf_hash(**{**FIRST, "sandbox": sandbox, "topic": topic})
    other = leaf_hash(**{**FIRST, "sandbox": other_sandbox, "topic": other_topic})
    assert (one == other) is ((sandbox, topic) == (other_sandbox, other_topic))


def test_the_chain_depends_on_the_past_the_place_and_the_leaf():
    leaf, other = leaf_hash(**FIRST), leaf_hash(**{**FIRST, "version": 2})
    assert len({chain_hash(EMPTY, 1, leaf), chain_hash(EMPTY, 2, leaf), chain_hash(EMPTY, 1, other)}) == 3
    assert chain_hash(leaf, 1, leaf) != chain_hash(EMPTY, 1, leaf)
