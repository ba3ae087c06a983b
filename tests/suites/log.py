"""What every event log must do; a test class inherits it and gives it a log."""

import asyncio
import threading
from contextlib import closing, suppress
from uuid import uuid4

import pytest

from engine.application import Workflows
from engine.errors import Conflict, LogUnavailable, Unstorable
from engine.evidence import EMPTY, chain_hash, leaf_hash
from engine.log import CommandKey, Head, NewEvent


def an_event(stream, version, *, topic="test.happened", body=b'{"schema_version":1}', sandbox="prod"):
    return NewEvent(
        originator_id=stream,
        originator_version=version,
        topic=topic,
        state=body,
        event_id=uuid4(),
        sandbox=sandbox,
    )


def some_events(stream, count, after=0):
    return [an_event(stream, version) for version in range(after + 1, after + count + 1)]


def append(log, *events, key=None, steady=()):
    return asyncio.run(log.append(list(events), key=key, steady=steady))


def everything(log):
    """Return every event, read in pages."""
    events = []
    while page := log.read(events[-1].id if events else 0):
        events.extend(page)
    return events


def together(*appends):
    """Run appends at the same time in one event loop; return what becomes of each, a receipt or an error."""

    async def all_of_them():
        return await asyncio.gather(*appends, return_exceptions=True)

    return asyncio.run(all_of_them())


def a_key(text="k1", body=b"{}", *, opens=False):
    return CommandKey.of("prod", "ann", text, request=body, opens=opens)


class LogSuite:
    """A subclass gives the fixture `log`: an empty one, closed afterwards; and `again`, to open it once more."""

    @pytest.fixture
    def again(self):
        """Return what opens the same log again, None where it ends with the process."""
        return

    def test_a_new_log_is_empty(self, log):
        assert log.head() == Head(0, 0, EMPTY)
        assert list(log.read()) == []
        assert list(log.read_stream(uuid4())) == []
        assert log.newest(uuid4()) is None
        assert log.find_event(uuid4()) is None
        assert log.max_notification_id() is None
        assert log.check() == []

    def test_what_is_appended_comes_back_as_it_was(self, log):
        event = an_event(uuid4(), 1, topic="test.ünïcode", body=bytes(range(256)), sandbox="débug")
        receipt = append(log, event)
        (logged,) = log.read()
        for name in ("originator_id", "originator_version", "topic", "state", "event_id", "sandbox"):
            assert getattr(logged, name) == getattr(event, name)
        assert (receipt.stream, receipt.version, receipt.events) == (event.originator_id, 1, (event.event_id,))
        assert (receipt.position, receipt.digest) == (logged.id, logged.leaf)

    def test_a_version_that_is_taken_is_a_conflict_and_nothing_is_stored(self, log):
        stream = uuid4()
        append(log, *some_events(stream, 2))
        before = log.head()
        with pytest.raises(Conflict) as refused:
            append(log, an_event(stream, 2))
        assert (refused.value.stream, refused.value.version) == (stream, 2)
        assert log.head() == before
        assert len(log.read()) == 2

    @pytest.mark.parametrize("version", [0, -1, 2, 2**40])
    def test_a_stream_begins_with_version_one(self, log, version):
        with pytest.raises(Conflict):
            append(log, an_event(uuid4(), version))
        assert list(log.read()) == []

    def test_a_version_is_never_skipped(self, log):
        stream = uuid4()
        append(log, *some_events(stream, 1))
        with pytest.raises(Conflict):
            append(log, an_event(stream, 3))
        append(log, an_event(stream, 2))
        assert [event.originator_version for event in log.read_stream(stream)] == [1, 2]

    def test_several_streams_are_stored_together_or_not_at_all(self, log):
        account, connection = uuid4(), uuid4()
        receipt = append(log, *some_events(account, 2), *some_events(connection, 1))
        assert (receipt.stream, receipt.version, len(receipt.events)) == (connection, 1, 3)
        before = log.head()
        with pytest.raises(Conflict):
            append(log, an_event(account, 3), an_event(connection, 5))
        with pytest.raises(Conflict):
            append(log, an_event(connection, 5), an_event(account, 3))
        assert log.head() == before
        assert len(log.read_stream(account)) == 2
        append(log, an_event(account, 3), an_event(connection, 2))
        assert [event.originator_version for event in log.read_stream(account)] == [1, 2, 3]

    def test_an_append_without_events_is_refused(self, log):
        with pytest.raises(ValueError, match="at least one event"):
            append(log)
        assert log.insert_events([]) == []

    def test_what_is_no_event_of_a_stream_is_refused(self, log):
        from eventsourcing.persistence import StoredEvent

        with pytest.raises(TypeError, match="NewEvents"):
            log.insert_events([StoredEvent(uuid4(), 1, "test.happened", b"{}")])
        with pytest.raises(TypeError, match="UUID"):
            append(log, an_event("no uuid", 1))
        assert log.head() == Head()

    def test_a_text_without_a_stored_form_is_refused_and_the_log_goes_on(self, log):
        stream = uuid4()
        with pytest.raises(Unstorable):
            append(log, an_event(stream, 1, topic="half a \ud800"))
        with pytest.raises(Unstorable):
            append(log, an_event(stream, 1, sandbox="\udfff"))
        append(log, an_event(stream, 1))
        assert log.head().sequence == 1

    def test_the_evidence_can_be_computed_from_the_rows_alone(self, log):
        one, other = uuid4(), uuid4()
        append(log, *some_events(one, 3), *some_events(other, 2))
        append(log, an_event(one, 4), an_event(other, 3))
        leaves, chain = {}, EMPTY
        for number, row in enumerate(log.read(), 1):
            leaf = leaf_hash(
                event_id=row.event_id,
                sandbox=row.sandbox,
                stream=row.originator_id,
                version=row.originator_version,
                topic=row.topic,
                body=row.state,
                previous=leaves.get(row.originator_id, EMPTY),
            )
            chain = chain_hash(chain, number, leaf)
            assert (row.sequence, row.leaf, row.chain) == (number, leaf, chain)
            leaves[row.originator_id] = leaf
        assert log.head() == Head(row.id, 7, chain)

    def test_a_failed_append_leaves_no_hole_and_gives_no_position_twice(self, log):
        stream, seen = uuid4(), set()
        for version in range(1, 30):
            with pytest.raises(Conflict):
                append(log, an_event(stream, version), an_event(stream, version))
            seen.add(append(log, an_event(stream, version)).position)
        rows = log.read()
        assert len(seen) == 29
        assert [row.sequence for row in rows] == list(range(1, 30))
        assert [row.id for row in rows] == sorted(seen)

    def test_a_receipt_is_found_by_its_key(self, log):
        stream, key = uuid4(), a_key(body=b'{"a":1}')
        append(log, an_event(stream, 1))
        receipt = append(log, an_event(uuid4(), 1), *some_events(stream, 2, after=1), key=key)
        append(log, an_event(stream, 4))
        assert log.find_receipt(key, stream) == (receipt, key.request)
        assert len(receipt.events) == 3
        other = CommandKey(key.scope, b"another body")
        assert log.find_receipt(other, stream) == (receipt, key.request), "the caller compares the bodies"
        assert log.find_receipt(key, uuid4()) is None
        assert log.find_receipt(a_key("k2"), stream) is None
        assert log.find_receipt(key, None) is None, "it opened nothing"

    def test_the_key_of_a_creation_is_found_without_the_stream(self, log):
        stream, key = uuid4(), a_key(opens=True)
        receipt = append(log, an_event(stream, 1), key=key)
        assert log.find_receipt(key, None) == (receipt, key.request)
        assert log.find_receipt(key, stream) == (receipt, key.request)

    def test_the_key_of_a_creation_creates_once(self, log):
        key, late = a_key(opens=True), uuid4()
        receipt = append(log, an_event(uuid4(), 1), key=key)
        before = log.head()
        with pytest.raises(Conflict):
            append(log, an_event(late, 1), key=key)
        assert log.head() == before
        assert log.newest(late) is None
        assert log.find_receipt(key, None) == (receipt, key.request)
        append(log, an_event(late, 1), key=a_key("k2", opens=True))

    def test_a_refused_append_leaves_no_receipt(self, log):
        stream, key = uuid4(), a_key(opens=True)
        with pytest.raises(Conflict):
            append(log, an_event(stream, 2), key=key)
        assert log.find_receipt(key, None) is None
        assert log.find_receipt(key, stream) is None

    def test_a_key_used_twice_on_a_stream_answers_with_its_first_receipt(self, log):
        stream, key = uuid4(), a_key()
        receipt = append(log, an_event(stream, 1), key=key)
        append(log, an_event(stream, 2), key=key)
        assert log.find_receipt(key, stream) == (receipt, key.request)

    def test_a_stream_is_read_between_versions(self, log):
        stream = uuid4()
        append(log, *some_events(stream, 6))

        def versions(**bounds):
            return [event.originator_version for event in log.read_stream(stream, **bounds)]

        assert versions() == [1, 2, 3, 4, 5, 6]
        assert versions(after=2) == [3, 4, 5, 6]
        assert versions(after=2, upto=4) == [3, 4]
        assert versions(upto=4, limit=1) == [1]
        assert versions(after=2, limit=2) == [3, 4]
        assert versions(after=6) == versions(upto=0) == versions(limit=0) == []
        assert versions(after=-5, upto=2) == [1, 2]
        assert versions(upto=10**30) == [1, 2, 3, 4, 5, 6]
        assert versions(after=10**30) == versions(upto=-3) == []

    def test_the_log_is_read_between_positions(self, log):
        append(log, *some_events(uuid4(), 3), *some_events(uuid4(), 3))
        ids = [event.id for event in log.read()]
        assert [event.id for event in log.read(ids[1])] == ids[2:]
        assert [event.id for event in log.read(ids[1], upto=ids[3])] == ids[2:4]
        assert [event.id for event in log.read(limit=2)] == ids[:2]
        assert [event.id for event in log.read(ids[1], limit=2)] == ids[2:4]
        assert list(log.read(ids[-1])) == list(log.read(limit=0)) == list(log.read(upto=0)) == []

    def test_an_event_is_found_by_its_id(self, log):
        stream = uuid4()
        events = some_events(stream, 3)
        append(log, *events)
        assert log.find_event(events[1].event_id) == log.read()[1]
        assert log.newest(stream).event_id == events[-1].event_id

    def test_the_librarys_tools_read_the_same(self, log):
        one, other = uuid4(), uuid4()
        assert list(log.insert_events([an_event(one, 1), an_event(other, 1, topic="test.other")])) == [1, 2]
        log.insert_events([an_event(one, 2), an_event(one, 3)])
        assert log.max_notification_id() == 4

        def versions(**bounds):
            return [event.originator_version for event in log.select_events(one, **bounds)]

        assert versions() == [1, 2, 3]
        assert versions(gt=1) == [2, 3]
        assert versions(lte=2, desc=True) == [2, 1]
        assert versions(desc=True, limit=1) == [3]

        def ids(*place, **how):
            return [notification.id for notification in log.select_notifications(*place, **how)]

        assert ids(None, 10) == ids(1, 10) == [1, 2, 3, 4]
        assert ids(2, 2) == [2, 3]
        assert ids(2, 10, inclusive_of_start=False) == [3, 4]
        assert ids(1, 10, 3) == [1, 2, 3]
        assert ids(1, 10, topics=["test.other"]) == [2]

    def test_many_write_while_one_reads_and_nothing_is_missed(self, log):
        writers, each, failures, read = 8, 40, [], []

        def write():
            try:
                stream = uuid4()
                for version in range(1, each + 1):
                    append(log, an_event(stream, version))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=write) for _ in range(writers)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            read.extend(log.read(read[-1].id if read else 0, limit=17))
        for thread in threads:
            thread.join()
        while page := log.read(read[-1].id if read else 0):
            read.extend(page)
        assert failures == []
        assert [row.sequence for row in read] == list(range(1, writers * each + 1))
        assert len({row.event_id for row in read}) == writers * each

    def test_of_many_writers_to_one_stream_one_wins_each_version(self, log):
        stream, won, lost = uuid4(), [], []
        start = threading.Barrier(6)

        def write():
            start.wait()
            for version in range(1, 21):
                try:
                    append(log, an_event(stream, version))
                    won.append(version)
                except Conflict:
                    lost.append(version)

        threads = [threading.Thread(target=write) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        versions = [row.originator_version for row in log.read_stream(stream)]
        assert versions == list(range(1, len(won) + 1))
        assert len(won) + len(lost) == 120

    def test_a_stream_is_read_while_many_write_and_never_with_a_gap(self, log):
        stream, stop, failures = uuid4(), threading.Event(), []

        def write_elsewhere():
            other, version = uuid4(), 0
            while not stop.is_set():
                version += 1
                append(log, an_event(other, version))

        def read():
            while not stop.is_set():
                versions = [event.originator_version for event in log.read_stream(stream)]
                if versions != list(range(1, len(versions) + 1)):
                    failures.append(versions)

        threads = [threading.Thread(target=work) for work in (write_elsewhere, write_elsewhere, read)]
        for thread in threads:
            thread.start()
        try:
            for version in range(1, 41):
                append(log, an_event(stream, version))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert failures == []
        assert len(log.read_stream(stream)) == 40

    def test_a_decision_holds_only_while_the_streams_that_it_rests_on_stand_still(self, log):
        account, connection = uuid4(), uuid4()
        append(log, *some_events(account, 2))
        append(log, an_event(connection, 1), steady=[(account, 2)])
        append(log, an_event(account, 3))
        before = log.head()
        with pytest.raises(Conflict) as refused:
            append(log, an_event(connection, 2), steady=[(account, 2)])
        assert (refused.value.stream, refused.value.version) == (account, 2)
        for wrong in (0, 1, 4, 2**70, -1):
            with pytest.raises(Conflict):
                append(log, an_event(connection, 2), steady=[(account, wrong)])
        assert log.head() == before
        append(log, an_event(connection, 2), steady=[(account, 3), (uuid4(), 0)])

    def test_a_name_is_reserved_once_whoever_asks_first(self, log):
        reservation = uuid4()
        owner, late = uuid4(), uuid4()
        append(log, an_event(reservation, 1), an_event(owner, 1))
        with pytest.raises(Conflict):
            append(log, an_event(reservation, 1), an_event(late, 1))
        assert log.newest(late) is None
        append(log, an_event(reservation, 2), an_event(owner, 2))
        append(log, an_event(reservation, 3), an_event(late, 1))
        assert [event.originator_version for event in log.read_stream(reservation)] == [1, 2, 3]

    def test_of_many_who_reserve_one_name_at_the_same_time_one_has_it(self, log):
        reservation = uuid4()
        owners = [uuid4() for _ in range(20)]
        told = together(*(log.append([an_event(reservation, 1), an_event(owner, 1)]) for owner in owners))
        assert sum(isinstance(answer, Conflict) for answer in told) == 19
        winners = [owner for owner, answer in zip(owners, told, strict=True) if not isinstance(answer, Exception)]
        assert [owner for owner in owners if log.newest(owner) is not None] == winners
        assert log.head().sequence == 2

    def test_appends_of_the_same_moment_fail_or_succeed_alone(self, log):
        streams = [uuid4() for _ in range(40)]
        for stream in streams[:5]:
            append(log, an_event(stream, 1))
        told = together(
            *(log.append([an_event(stream, 1)], key=a_key(str(n))) for n, stream in enumerate(streams)),
            log.append([an_event(uuid4(), 1, topic="half a \ud800")]),
            log.append([]),
        )
        assert [type(answer) for answer in told[:5]] == [Conflict] * 5
        assert [type(answer) for answer in told[-2:]] == [Unstorable, ValueError]
        receipts = told[5:40]
        assert [receipt.stream for receipt in receipts] == streams[5:]
        stored = {event.originator_id: event for event in log.read(limit=100)}
        assert [(receipt.position, receipt.digest) for receipt in receipts] == [
            (stored[stream].id, stored[stream].leaf) for stream in streams[5:]
        ]
        assert log.head().sequence == 40
        for number, (stream, receipt) in enumerate(zip(streams[5:], receipts, strict=True), 5):
            assert log.find_receipt(a_key(str(number)), stream)[0] == receipt

    def test_appends_of_the_same_moment_to_one_stream_keep_their_order(self, log):
        stream, other = uuid4(), uuid4()
        told = together(
            log.append([an_event(stream, 1)]),
            log.append([an_event(stream, 2), an_event(other, 1)]),
            log.append([an_event(stream, 2)]),
            log.append([an_event(other, 2)], steady=[(stream, 2)]),
            log.append([an_event(other, 3)], steady=[(stream, 1)]),
            log.append([an_event(stream, 3), an_event(stream, 4)]),
        )
        assert [type(answer).__name__ for answer in told] == [
            *("Receipt", "Receipt", "Conflict", "Receipt", "Conflict", "Receipt")
        ]
        assert [event.originator_version for event in log.read_stream(stream)] == [1, 2, 3, 4]
        assert [event.originator_version for event in log.read_stream(other)] == [1, 2]

    def test_what_follows_a_refused_append_of_the_same_moment_is_refused_too(self, log):
        stream = uuid4()
        append(log, *some_events(stream, 2))
        told = together(
            *(log.append([an_event(uuid4(), 1)]) for _ in range(3)),
            log.append([an_event(stream, 2)]),
            log.append([an_event(stream, 4)]),
        )
        assert [type(answer).__name__ for answer in told] == ["Receipt"] * 3 + ["Conflict"] * 2

    def test_a_creation_of_the_same_moment_with_the_same_key_happens_once(self, log):
        key, streams = a_key(opens=True), [uuid4() for _ in range(8)]
        told = together(*(log.append([an_event(stream, 1)], key=key) for stream in streams))
        receipts = [answer for answer in told if not isinstance(answer, Exception)]
        assert (len(receipts), log.head().sequence) == (1, 1)
        assert all(isinstance(answer, Conflict) for answer in told if isinstance(answer, Exception))
        assert log.find_receipt(key, None) == (receipts[0], key.request)

    def test_it_recalls_what_is_to_be_known_before_a_command_is_decided(self, log):
        stream, key, opening = uuid4(), a_key("k2"), a_key(opens=True)
        created = append(log, an_event(stream, 1), key=opening)
        changed = append(log, an_event(stream, 2), key=key)

        async def recalled():
            return await asyncio.gather(
                log.recall(stream, key),
                log.recall(stream, a_key("k3")),
                log.recall(None, opening),
                log.recall(None, a_key("k3", opens=True)),
                log.recall(stream, None),
                log.recall(uuid4(), key),
            )

        found = asyncio.run(recalled())
        assert [recall.receipt for recall in found] == [
            *((changed, key.request), None, (created, opening.request), None, None, None)
        ]
        newest = [2, 2, None, None, 2, 0] if log.SHARED else [None] * 6
        assert [recall.version for recall in found] == newest

    def test_a_question_is_answered_without_holding_up_the_event_loop(self, log):
        stream = uuid4()
        append(log, *some_events(stream, 2))

        async def asked():
            return await log.ask(log.newest, stream), await log.ask(log.read, 0)

        newest, events = asyncio.run(asked())
        assert newest == log.newest(stream) == events[-1]

    def test_a_commit_wakes_whoever_waits_for_it(self, log):
        stream, woken = uuid4(), []

        def wait():
            woken.append(log.bell.wait(0, 30))

        waiting = threading.Thread(target=wait)
        waiting.start()

        async def listen_and_append():
            listening = asyncio.create_task(log.bell.listen(0, 30))
            await asyncio.sleep(0)
            receipt = await log.append([an_event(stream, 1)])
            return await listening, receipt

        heard, receipt = asyncio.run(listen_and_append())
        waiting.join(30)
        assert (heard, woken) == (True, [True])
        assert log.bell.position >= receipt.position
        assert log.bell.wait(receipt.position, 0.01) is False

    def test_closing_in_the_middle_answers_everybody_and_what_was_acknowledged_is_stored(self, log, again):
        answers, read = [], []

        def write():
            stream = uuid4()
            for version in range(1, 100_000):
                try:
                    answers.append(append(log, an_event(stream, version)))
                except LogUnavailable as error:
                    answers.append(error)
                    return

        def follow():
            with suppress(LogUnavailable):
                while True:
                    read.extend(log.read(read[-1].id if read else 0))

        threads = [threading.Thread(target=work) for work in (*[write] * 6, follow)]
        for thread in threads:
            thread.start()
        while len(answers) < 50:
            assert any(thread.is_alive() for thread in threads[:6])
        log.close()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        assert sum(isinstance(answer, LogUnavailable) for answer in answers) == 6
        if again is not None:
            with closing(again()) as log:
                events = {(event.originator_id, event.originator_version): event.id for event in everything(log)}
            for receipt in answers:
                if not isinstance(receipt, Exception):
                    assert events[receipt.stream, receipt.version] == receipt.position

    def test_a_closed_log_says_so(self, log):
        append(log, an_event(uuid4(), 1))
        log.close()
        log.close()
        for attempt in (
            lambda: append(log, an_event(uuid4(), 1)),
            lambda: log.find_receipt(a_key(), uuid4()),
            log.read,
            log.head,
            lambda: log.newest(uuid4()),
            lambda: log.find_event(uuid4()),
            lambda: log.read_stream(uuid4()),
            lambda: log.select_notifications(1, 1),
        ):
            with pytest.raises(LogUnavailable):
                attempt()

    def test_nobody_subscribes_to_it(self, log):
        with pytest.raises(NotImplementedError):
            log.subscribe()

    def test_an_application_runs_on_it(self, log):
        workflows = Workflows(log=log)
        assert workflows.log is log
        assert workflows.notification_log.select(start=1, limit=10) == []
