"""What every store of snapshots must do."""

from uuid import UUID

import pytest

from engine.snapshots import Snapshot

ONE, OTHER = UUID(int=1), UUID(int=2 << 100)


def a_snapshot(stream=ONE, version=10, body=b'{"text":"\xc3\xa4"}'):
    return Snapshot.of("letter", stream, version, b"l" * 32, b"f" * 32, body)


class SnapshotsSuite:
    """Wants a fixture `snapshots`, empty."""

    def test_what_is_put_down_is_found_again_unchanged(self, snapshots):
        snapshots.put(a_snapshot())
        found = snapshots.get(ONE)
        assert found == a_snapshot()
        assert [type(part) for part in found] == [type(part) for part in a_snapshot()]
        assert found.sound

    def test_there_is_none_of_a_stream_that_has_none(self, snapshots):
        snapshots.put(a_snapshot())
        assert snapshots.get(OTHER) is None

    @pytest.mark.parametrize("version", [9, 10, 11])
    def test_one_takes_the_place_of_another_whichever_is_newer(self, snapshots, version):
        snapshots.put(a_snapshot())
        snapshots.put(a_snapshot(version=version, body=b"{}"))
        assert snapshots.get(ONE) == a_snapshot(version=version, body=b"{}")

    def test_dropping_one_leaves_the_others_and_dropping_none_is_no_fault(self, snapshots):
        snapshots.put(a_snapshot())
        snapshots.put(a_snapshot(OTHER))
        snapshots.drop(ONE)
        snapshots.drop(ONE)
        assert list(snapshots.all()) == [a_snapshot(OTHER)]

    def test_all_are_listed_however_many_there_are(self, snapshots):
        for number in range(1, 1102):
            snapshots.put(a_snapshot(UUID(int=number << 64)))
        assert {found.stream.int >> 64 for found in snapshots.all()} == set(range(1, 1102))

    def test_closing_twice_is_no_fault(self, snapshots):
        snapshots.close()
        snapshots.close()
