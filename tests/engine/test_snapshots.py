import asyncio
import subprocess
import sys
from types import MappingProxyType
from uuid import UUID

import pytest

from engine.aggregate import Workflow
from engine.application import Workflows
from engine.definition import Definition, Transition
from engine.errors import DefinitionError, LogUnavailable, SecretLeak, Unstorable
from engine.memory import MemoryLog
from engine.remembered import Remembered, remembered
from engine.secret import Secret
from engine.snapshots import EVERY, MemorySnapshots, Shortcuts, Snapshot, differing
from tests.suites.letters import ANN, DEFINITION, Letter, Rewritten
from tests.suites.snapshots import SnapshotsSuite


class Kept(Letter):
    """A letter that says what it remembers."""

    remembers = MappingProxyType({"text": str, "to": str | None, "stamps": int, "notes": dict[str, object]})


class TestMemorySnapshots(SnapshotsSuite):
    @pytest.fixture
    def snapshots(self):
        return MemorySnapshots()


class Watched(MemoryLog):
    """Remembers from where its streams were read."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def read_stream(self, stream, *, after=0, upto=None, limit=None):
        self.asked.append(after)
        return super().read_stream(stream, after=after, upto=upto, limit=limit)


class Desk:
    """A letter of so many versions in a log, and a way to load it by snapshots."""

    def __init__(self, versions):
        self.log = Watched()
        self.office = Workflows(log=self.log)
        letter = self.office.open(Kept, ANN, text="dear bob", notes={"a": [1, None, {"b": 2.5}]})
        for number in range(2, versions + 1):
            letter = self.office.change(letter, "rewrite", ANN, text=f"text {number}")
        self.letter = letter
        self.snapshots = MemorySnapshots()
        self.shortcuts = Shortcuts(self.snapshots)
        self.log.asked.clear()

    def load(self, kind=Kept, stream=None):
        return self.shortcuts.load(kind, stream or self.letter.id, self.log.read_stream, self.office.decode)

    def replayed(self):
        """Return the letter as its whole history makes it."""
        rows = self.log.read_stream(self.letter.id)
        self.log.asked.clear()
        return Kept.replay(self.letter.id, map(self.office.decode, rows))

    def take(self, version):
        """Put the letter down as it stood at a version."""
        letter = self.office.load(Kept, self.letter.id, version=version)
        rows = self.log.read_stream(self.letter.id, upto=version)
        assert self.shortcuts.take(letter, rows[-1].leaf)
        self.log.asked.clear()
        return self.snapshots.get(self.letter.id)


def whole(letter):
    return type(letter), letter.id, letter.version, letter.created_on, letter.modified_on, letter.describe()


@pytest.mark.parametrize("version", range(1, 13))
def test_a_snapshot_and_what_came_after_it_are_the_whole_history(version):
    desk = Desk(12)
    desk.take(version)
    expected = whole(desk.replayed())
    assert whole(desk.load()) == expected
    assert desk.log.asked == [version - 1]


def test_a_workflow_loaded_by_a_snapshot_goes_on_like_any_other():
    desk = Desk(12)
    desk.take(12)
    letter = desk.load().fork()
    letter.advance("seal", ANN)
    assert (letter.state, letter.version, letter.sandbox) == ("sealed", 13, "prod")


def test_a_load_that_replayed_much_puts_down_what_it_found():
    desk = Desk(EVERY + 1)
    desk.load()
    assert desk.snapshots.get(desk.letter.id).version == EVERY + 1
    desk.log.asked.clear()
    assert whole(desk.load()) == whole(desk.letter)
    assert desk.log.asked == [EVERY]


def test_a_load_that_replayed_little_puts_nothing_down():
    desk = Desk(EVERY)
    desk.load()
    assert list(desk.snapshots.all()) == []


def test_there_is_nothing_of_an_unknown_id_or_of_another_kind():
    class Other(Workflow):
        definition = Definition("other", 1, "a", Rewritten, (Transition("go", ("a",), "a", Rewritten),))

    desk = Desk(1)
    assert desk.load(stream=UUID(int=5)).version == 0
    assert desk.load(Other).version == 0


def test_a_snapshot_is_due_each_time_that_so_many_events_have_passed():
    shortcuts = Shortcuts(MemorySnapshots(), every=10)
    assert [version for version in range(1, 31) if shortcuts.due(version)] == [10, 20, 30]
    assert shortcuts.due(11, 2)
    assert not shortcuts.due(12, 2)


def of(snapshot, **changes):
    """Return a snapshot with other parts, and a digest that fits them."""
    return Snapshot.of(*snapshot._replace(**changes)[:-1])


SPOILT = {
    "a damaged body": lambda found: found._replace(body=found.body.replace(b"text 10", b"text 66")),
    "a damaged version": lambda found: found._replace(version=found.version - 1),
    "a damaged digest": lambda found: found._replace(digest=bytes(32)),
    "another history": lambda found: of(found, leaf=bytes(32)),
    "a version that the log does not have": lambda found: of(found, version=99),
    "a version that it was not": lambda found: of(found, version=3),
    "another form": lambda found: of(found, form=bytes(32)),
    "another kind": lambda found: of(found, kind="parcel"),
    "another stream": lambda found: of(found, stream=UUID(int=3)),
    "a body that is no JSON": lambda found: of(found, body=b"{"),
    "a body that lacks something": lambda found: of(found, body=b"{}"),
    "a body with something more": lambda found: of(found, body=found.body[:-1] + b',"more":1}'),
    "a body of another type": lambda found: of(found, body=found.body.replace(b'"stamps":0', b'"stamps":"0"')),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("versions", [10, 25])
def test_a_snapshot_that_does_not_fit_changes_nothing_and_does_not_stay(spoil, versions):
    desk = Desk(versions)
    spoilt = spoil(desk.take(10))
    assert spoilt != desk.snapshots.get(desk.letter.id)
    desk.snapshots._kept[desk.letter.id.int] = spoilt
    assert whole(desk.load()) == whole(desk.letter)
    left = desk.snapshots.get(desk.letter.id)
    assert left != spoilt
    assert left is None if versions == 10 else left.version == 25


def test_a_store_that_does_not_answer_costs_a_replay_and_nothing_else():
    class Silent(MemorySnapshots):
        def get(self, stream):
            raise LogUnavailable("silence")

        def put(self, snapshot):
            raise LogUnavailable("silence")

    desk = Desk(25)
    desk.shortcuts = Shortcuts(Silent())
    assert whole(desk.load()) == whole(desk.letter)


def test_a_secret_is_never_put_down():
    letter = Kept.blank()
    letter.notes = {"deep": [Secret("s3cret")]}
    shortcuts = Shortcuts(MemorySnapshots())
    assert not shortcuts.take(letter, bytes(32))
    assert list(shortcuts.snapshots.all()) == []
    with pytest.raises(SecretLeak) as refused:
        remembered(Kept).write(letter)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(("name", "value"), [("text", 5), ("stamps", "5"), ("to", b"x"), ("notes", [])])
def test_what_is_of_another_type_than_declared_is_not_put_down(name, value):
    letter = Kept.blank()
    setattr(letter, name, value)
    assert not Shortcuts(MemorySnapshots()).take(letter, bytes(32))
    with pytest.raises(Unstorable):
        remembered(Kept).write(letter)


def test_a_workflow_that_does_not_say_what_it_remembers_has_no_snapshots():
    assert remembered(Letter) is None
    assert not Shortcuts(MemorySnapshots()).take(Letter.blank(), bytes(32))


def test_a_kind_must_declare_exactly_what_it_remembers():
    class Forgetful(Letter):
        remembers = MappingProxyType({"text": str, "to": str | None, "stamp": int, "notes": dict})

    with pytest.raises(DefinitionError, match="stamp, stamps"):
        Remembered(Forgetful)


def test_the_form_tells_what_decides_what_is_remembered():
    class Same(Letter):
        remembers = Kept.remembers

    class OtherType(Letter):
        remembers = MappingProxyType({**Kept.remembers, "stamps": float})

    class OtherCode(Letter):
        remembers = Kept.remembers

        def evolve(self, event):
            self.text = "!"

    class OtherVersion(Letter):
        definition = Definition("letter", 2, "drafted", DEFINITION.opening, DEFINITION.transitions, DEFINITION.final)
        remembers = Kept.remembers

    forms = [Remembered(kind).form for kind in (Kept, Same, OtherType, OtherCode, OtherVersion)]
    assert forms[0] == forms[1]
    assert len(set(forms)) == 4


def test_the_form_is_the_same_in_every_process():
    told = """
from engine.attempts import Attempts
from engine.remembered import remembered
from workflows.connection.aggregate import Connection

class Choosy(Attempts):
    def evolve(self, event):
        self.refused += event.code in {"a", "b", "c", "d"}

print([remembered(kind).form for kind in (Attempts, Connection, Choosy)])
"""
    shown = [
        subprocess.run(
            [sys.executable, "-c", told],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert shown[0] == shown[1] != b""


def test_a_snapshot_that_remembers_something_else_is_named():
    desk = Desk(12)
    found = desk.take(10)
    kinds = {"letter": Kept}

    def told():
        return list(differing(desk.snapshots, kinds, desk.log.read_stream, desk.office.decode))

    assert told() == []
    desk.snapshots.put(of(found, body=found.body.replace(b"text 10", b"text 66")))
    assert told() == [f"the snapshot of letter {desk.letter.id} at version 10 is not its history"]
    desk.snapshots.put(found._replace(body=b"{}"))
    assert told() == [], "one that would be passed over does no harm"
    kinds.clear()
    assert told() == []


def test_an_application_puts_down_what_is_due_and_loads_by_it():
    log, snapshots = Watched(), MemorySnapshots()
    office = Workflows(log=log, snapshots=snapshots)
    letter = office.open(Kept, ANN, text="dear bob")
    for number in range(2, 2 * EVERY + 4):
        letter = office.change(letter, "rewrite", ANN, text=f"text {number}")
        at = snapshots.get(letter.id)
        assert (at.version if at else 0) == number - number % EVERY
    office.forget(letter.id)
    log.asked.clear()
    assert whole(asyncio.run(office.get(Kept, letter.id))) == whole(letter)
    assert log.asked == [2 * EVERY - 1]
