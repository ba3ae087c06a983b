import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import LogCorrupt
from engine.evidence import EMPTY, chain_hash, leaf_hash
from engine.log import Head
from engine.mapper import EventMapper
from engine.memory import MemoryLog
from engine.receipts import ReceiptCheck
from engine.verification import verify
from tests.suites.letters import ANN, DEFINITION, Posted, Sealed, a_letter, an_office_with_letters

DECODE = EventMapper().to_domain_event
KNOWN = {"letter": DEFINITION}


@cache
def the_log():
    """Three letters, four steps each, one step at a time for all of them: 12 rows."""
    office, _ = an_office_with_letters(3)
    return tuple(office.log.read(limit=100)), office.log.head()


def rows():
    return list(the_log()[0])


def check(tampered, expected=None, decode=DECODE, known=KNOWN):
    return verify(tampered, decode, known, expected=expected)


def relinked(tampered):
    """Compute leaves and chain anew, as somebody would who knows how: the log looks whole again."""
    chain, leaves, whole = EMPTY, {}, []
    for sequence, row in enumerate(tampered, 1):
        leaf = leaf_hash(
            event_id=row.event_id,
            sandbox=row.sandbox,
            stream=row.originator_id,
            version=row.originator_version,
            topic=row.topic,
            body=row.state,
            previous=leaves.get(row.originator_id, EMPTY),
        )
        chain = chain_hash(chain, sequence, leaf)
        leaves[row.originator_id] = leaf
        whole.append(replace(row, id=sequence, sequence=sequence, leaf=leaf, chain=chain))
    return whole


def rewritten(row, **changes):
    facts = json.loads(row.state)
    facts.update(changes)
    return replace(row, state=json.dumps(facts).encode())


def changed(index, **changes):
    tampered = rows()
    tampered[index] = replace(tampered[index], **changes)
    return tampered


def places(result):
    return [(finding.kind, finding.position) for finding in result.findings]


def test_an_untouched_log_is_sound():
    log, head = the_log()
    result = check(log, head)
    assert result.findings == []
    assert result.sound
    assert (result.events, result.streams, result.head) == (12, 3, head)


def test_an_empty_log_is_sound():
    assert check([]).sound
    assert check([], Head()).sound


@pytest.mark.parametrize("index", range(12))
def test_an_altered_body_is_one_finding_at_its_place(index):
    altered = rewritten(rows()[index], timestamp="2026-01-01T00:00:00Z")
    kinds = places(check(changed(index, state=altered.state)))
    assert kinds[0] == ("altered", index + 1)
    assert {kind for kind, _ in kinds} <= {"altered", "order"}
    assert places(check(changed(index, state=altered.state), decode=None)) == [("altered", index + 1)]


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "letter.lost"},
        {"sandbox": "lab"},
        {"event_id": UUID(int=7)},
        {"leaf": bytes(32)},
        {"state": b"{}"},
    ],
)
def test_an_altered_field_is_found_at_its_place(changes):
    result = check(changed(5, **changes))
    assert places(result)[0] == ("altered", 6)
    assert {finding.position for finding in result.findings} <= {6, 9}


def test_an_altered_chain_is_found_at_its_place():
    assert places(check(changed(5, chain=bytes(32)))) == [("chain", 6), ("chain", 7)]


def test_a_row_whose_hashes_were_made_to_fit_breaks_the_next_link():
    tampered = rows()
    tampered[5] = relinked([*tampered[:5], rewritten(tampered[5], timestamp="2030-01-01T00:00:00Z")])[5]
    found = places(check(tampered, decode=None))
    assert ("chain", 7) in found
    assert min(position for _, position in found) == 7


@pytest.mark.parametrize("index", range(11))
def test_a_deleted_row_is_missed_at_the_row_after_it(index):
    tampered = rows()
    del tampered[index]
    found = check(tampered).findings
    assert (found[0].kind, found[0].position) == ("missing", index + 2)
    assert "1 events are missing" in found[0].message
    assert {finding.kind for finding in found} == {"missing"}


def test_a_deleted_row_is_missed_even_if_the_rest_was_numbered_and_linked_anew():
    tampered = rows()
    del tampered[4]
    result = check(relinked(tampered))
    assert places(result) == [("missing", 7)]
    assert result.findings[0].stream == rows()[4].originator_id


def test_a_log_without_its_tail_is_missed_only_by_whoever_kept_a_head():
    log, head = the_log()
    assert check(log[:-2]).sound
    result = check(log[:-2], head)
    assert places(result) == [("cut", 10)]
    assert "ends at 10 of at least 12 events" in result.findings[0].message
    assert places(check([], head)) == [("cut", 0)]


def test_a_past_that_was_written_anew_is_known_by_a_head_that_was_kept():
    log, head = the_log()
    forged = [rewritten(log[0], text="a forged letter"), *log[1:]]
    forged = relinked(forged)
    assert check(forged).sound
    assert places(check(forged, head)) == [("checkpoint", 12)]
    early = Head(log[2].id, log[2].sequence, log[2].chain)
    assert places(check(forged, early)) == [("checkpoint", 3)]
    assert check(log, early).sound


def test_swapped_rows_are_out_of_order():
    tampered = rows()
    tampered[4], tampered[5] = replace(tampered[5], id=5), replace(tampered[4], id=6)
    result = check(tampered)
    assert places(result) == [("missing", 5), ("order", 6)]
    tampered = rows()
    tampered[4], tampered[5] = tampered[5], tampered[4]
    assert places(check(tampered))[:2] == [("missing", 6), ("order", 5)]


def test_swapped_contents_are_found_at_both_places():
    tampered = rows()
    four, five = tampered[3], tampered[4]
    tampered[3], tampered[4] = replace(four, state=five.state), replace(five, state=four.state)
    assert {position for kind, position in places(check(tampered)) if kind == "altered"} == {4, 5}


def test_a_renumbered_version_or_sequence_is_found():
    assert places(check(changed(5, originator_version=3)))[0] == ("missing", 6)
    assert places(check(changed(5, originator_version=1)))[0] == ("order", 6)
    assert places(check(changed(5, sequence=9)))[0] == ("missing", 6)
    assert places(check(changed(5, sequence=2)))[0] == ("order", 6)
    assert places(check(changed(5, id=2))) == [("order", 2)]


@pytest.mark.parametrize(
    "changes", [{"originator_version": -1}, {"sequence": -5}, {"sandbox": None}, {"state": None}, {"topic": 7}]
)
def test_values_that_no_log_writes_are_findings_and_no_crash(changes):
    assert places(check(changed(5, **changes), decode=None))[0][1] == 6


@pytest.mark.parametrize("topic", ["os.system", "parcel.sent"])
def test_a_foreign_topic_is_a_finding_and_is_not_imported(topic):
    tampered = rows()
    tampered[5] = replace(tampered[5], topic=topic)
    found = check(relinked(tampered)).findings
    assert [(finding.kind, finding.position) for finding in found] == [("unreadable", 6)]
    assert topic in found[0].message


def test_a_step_that_the_table_does_not_know_is_illegal_however_well_it_is_linked():
    log = rows()
    letter = a_letter()
    sealed = log[3]
    envelope = json.loads(sealed.state)["envelope"]
    jump = replace(
        sealed,
        topic=Posted.TOPIC,
        state=json.dumps({**json.loads(sealed.state), "state": "posted", "stamps": 1, "to": "bob"}).encode(),
    )
    result = check(relinked([*log[:3], jump]))
    assert places(result) == [("illegal", 4)]
    assert result.findings[0].message == "letter.posted to posted is no step from drafted"
    assert envelope["definition"] == letter.definition.name


def test_a_right_event_that_leads_to_a_wrong_state_is_illegal():
    tampered = rows()[:4]
    tampered[3] = rewritten(tampered[3], state="posted")
    assert tampered[3].topic == Sealed.TOPIC
    assert places(check(relinked(tampered))) == [("illegal", 4)]


def test_a_definition_that_nobody_knows_is_illegal():
    assert {kind for kind, _ in places(check(rows(), known={}))} == {"illegal"}


def test_a_later_version_of_a_definition_than_is_known_is_illegal():
    tampered = rows()[:1]
    envelope = {**json.loads(tampered[0].state)["envelope"], "definition_version": 2}
    tampered[0] = rewritten(tampered[0], envelope=envelope)
    assert places(check(relinked(tampered))) == [("illegal", 1)]


def test_a_cloned_stream_is_found_whether_or_not_it_was_linked_anew():
    log = rows()
    other = UUID(int=99)
    clone = [replace(row, originator_id=other) for row in log if row.originator_id == log[0].originator_id]
    numbered = [replace(row, id=12 + place, sequence=12 + place) for place, row in enumerate(clone, 1)]
    assert ("altered", 13) in places(check([*log, *numbered]))
    linked = check(relinked([*log, *clone]))
    assert places(linked) == [("cloned", position) for position in (13, 14, 15, 16)]


def test_an_event_older_than_the_one_before_it_is_out_of_order():
    tampered = rows()
    moment = DECODE(tampered[3]).timestamp - timedelta(days=1)
    tampered[3] = rewritten(tampered[3], timestamp=moment.isoformat())
    assert places(check(relinked(tampered))) == [("order", 4)]


def test_a_row_and_its_body_must_agree_about_who_they_are():
    tampered = rows()
    tampered[3] = replace(tampered[3], event_id=UUID(int=5))
    assert places(check(relinked(tampered))) == [("altered", 4)]


def test_a_log_that_cannot_be_read_to_its_end_is_a_finding():
    def broken():
        yield from rows()[:4]
        raise LogCorrupt("page 7 is damaged")

    result = check(broken())
    assert places(result) == [("unreadable", 4)]
    assert "page 7 is damaged" in result.findings[0].message


def test_progress_is_told_now_and_then():
    office, _ = an_office_with_letters(1)
    letter = a_letter()
    asyncio.run(office.record(letter))

    async def write():
        async with office.turn(letter) as turn:
            for _ in range(1100):
                turn.of(letter).advance("rewrite", ANN, text="again")

    asyncio.run(write())
    told = []
    assert verify(office.log.read(limit=2000), None, {}, progress=told.append).sound
    assert told == [1000]


def other_bytes(value):
    return st.binary(min_size=len(value), max_size=len(value)).filter(lambda drawn: drawn != value)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_tampering_with_any_row_is_found_at_that_row_or_the_next(data):
    log, head = the_log()
    tampered = list(log)
    index = data.draw(st.integers(0, len(log) - 1))
    row = log[index]
    field = data.draw(
        st.sampled_from(["state", "leaf", "chain", "topic", "sandbox", "event_id", "originator_version", "sequence"])
        | st.sampled_from(["originator_id", "delete", "double", "swap", "append"])
    )
    match field:
        case "state":
            at = data.draw(st.integers(0, len(row.state) - 1))
            flipped = bytes([row.state[at] ^ data.draw(st.integers(1, 255))])
            tampered[index] = replace(row, state=row.state[:at] + flipped + row.state[at + 1 :])
        case "leaf" | "chain":
            tampered[index] = replace(row, **{field: data.draw(other_bytes(getattr(row, field)))})
        case "topic" | "sandbox":
            text = data.draw(
                st.text(st.characters(exclude_categories=["Cs"])).filter(lambda t: t != getattr(row, field))
            )
            tampered[index] = replace(row, **{field: text})
        case "event_id" | "originator_id":
            tampered[index] = replace(row, **{field: data.draw(st.uuids().filter(lambda i: i != getattr(row, field)))})
        case "originator_version" | "sequence":
            number = data.draw(st.integers(-3, 20).filter(lambda n: n != getattr(row, field)))
            tampered[index] = replace(row, **{field: number})
        case "delete":
            del tampered[index]
        case "double":
            tampered.insert(index, row)
        case "swap":
            other = data.draw(st.integers(0, len(log) - 1).filter(lambda n: n != index))
            tampered[index], tampered[other] = tampered[other], tampered[index]
            index = min(index, other)
        case "append":
            tampered.append(replace(row, id=13, sequence=13))
            index = len(log)
    result = check(tampered, head)
    assert not result.sound
    first = result.findings[0].position
    near = {row.id for row in tampered[index : index + 2]} | {index + 1, index + 2}
    assert first in near or result.findings[0].kind == "cut"


def test_a_stream_does_not_move_to_another_sandbox():
    tampered = rows()
    envelope = {**json.loads(tampered[3].state)["envelope"], "sandbox": "lab"}
    tampered[3] = replace(rewritten(tampered[3], envelope=envelope), sandbox="lab")
    assert places(check(relinked(tampered))) == [("altered", 4)]


class FiledLog(MemoryLog):
    """A log whose keys stand beside its rows, where somebody can alter them."""

    def __init__(self, filed):
        super().__init__()
        self.filed = filed

    def filings(self, after, *, limit):
        return [(*filing, None) for filing in self.filed if filing[0] > after][:limit]


def test_a_dense_log_has_one_number_for_position_and_sequence():
    moved = [replace(row, id=row.id + 5) if row.id > 3 else row for row in rows()]
    assert verify(moved, DECODE, KNOWN).sound
    result = verify(moved, DECODE, KNOWN, dense=True)
    assert places(result) == [("order", 9)]
    assert result.findings[0].message == "event 4 of the log stands at position 9"
    assert verify(rows(), DECODE, KNOWN, dense=True).sound


def test_what_stands_beside_the_rows_is_compared_with_what_the_bodies_say():
    log, key = rows(), b"k" * 32
    whole = [(row.id, key, 1, row.originator_id.bytes if row.originator_version == 1 else None) for row in log]

    def key_of(event):
        return key, event.originator_version == 1

    def found(filed):
        told = verify(log, DECODE, KNOWN, receipts=ReceiptCheck(FiledLog(filed), key_of))
        assert {finding.kind for finding in told.findings} <= {"receipt"}
        return [finding.position for finding in told.findings]

    # All of these letters were written under one context: nothing but the key tells the commands apart.
    assert set(found(whole)) == set(range(2, 13))
    assert found([(position, None, 1, None) for position, *_ in whole]) == list(range(1, 13))
    assert verify(log, DECODE, KNOWN, receipts=ReceiptCheck(FiledLog([]), key_of)).sound, "it keeps none"


def test_a_row_that_was_altered_is_not_told_a_second_time_for_its_key():
    filed = [(row.id, b"k" * 32, 1, None) for row in rows()]
    tampered = changed(5, state=b"{}")
    result = verify(tampered, DECODE, KNOWN, receipts=ReceiptCheck(FiledLog(filed), lambda event: None))
    assert ("receipt", 6) not in places(result)
    assert ("receipt", 5) in places(result)
