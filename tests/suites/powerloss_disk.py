"""A disk as a power cut may leave it, after so many of the operations that a process was recorded to do.

What is certain after a power cut is what was synced before it: the content of a file by a sync of the file, a name in a
folder by a sync of the folder. Everything later is there, or not, or in part: each write, each 512 bytes of it, each
length, each name, for itself and in any order.
"""

import itertools
import os
import struct
from dataclasses import dataclass
from pathlib import Path

_HEAD = struct.Struct("=cBHIiiQ")
SECTOR = 512
KINDS = ("nothing", "everything", "up to a moment", "some writes", "torn writes")
"""What an image holds of all that was never synced."""
LEFT_OUT = (".lock", "-shm")
"""Endings of files that nobody expects to survive."""


@dataclass(frozen=True)
class Operation:
    """One line of the record; *flag* of an opening: 1 made the file, 2 emptied it."""

    what: str
    flag: int
    file: int
    at: int
    path: str
    data: bytes


def read_record(path):
    """Return the operations of a record."""
    raw, found, place = Path(path).read_bytes(), [], 0
    while place < len(raw):
        what, flag, path_size, size, file, _, at = _HEAD.unpack_from(raw, place)
        place += _HEAD.size
        name = os.fsdecode(raw[place : place + path_size])
        place += path_size
        found.append(Operation(what.decode(), flag, file, at, name, raw[place : place + size]))
        place += size
    return found


class Content:
    """A file's bytes: those that are certain, and what was done to them since."""

    def __init__(self):
        self.certain, self.since = b"", []

    def sync(self):
        self.certain, self.since = self._done(self.since), []

    def image(self, kind, chance):
        return self._done(chosen(self.since, kind, chance), chance if kind == "torn writes" else None)

    def _done(self, changes, chance=None):
        if not changes:
            return self.certain
        content = bytearray(self.certain)
        for at, data in changes:
            if data is None:
                del content[at:]
                content.extend(bytes(at - len(content)))
            else:
                content.extend(bytes(max(0, at + len(data) - len(content))))
                for start, stop in _sectors(at, len(data), chance):
                    content[at + start : at + stop] = data[start:stop]
        return bytes(content)


def _sectors(at, size, chance):
    """Return which parts of a write are there: without *chance* the whole, else some of its sectors."""
    if chance is None:
        return [(0, size)]
    cuts = [0, *range(SECTOR - at % SECTOR, size, SECTOR), size]
    return [part for part in itertools.pairwise(cuts) if chance.random() < 0.5]


def chosen(changes, kind, chance):
    """Return those of a list of changes that an image holds."""
    match kind:
        case "nothing":
            return []
        case "everything":
            return changes
        case "up to a moment":
            return changes[: chance.randint(0, len(changes))]
    return [change for change in changes if chance.random() < 0.5]


FOLDER = object()
"""What stands for a folder among the names."""


class Disk:
    """What of the recorded folder is certain, and what is not, after so many operations."""

    def __init__(self, root):
        self.root = str(root)
        self.names = {self.root: FOLDER}
        self.now = {self.root: FOLDER}
        self.since = []
        self.open = {}

    def do(self, operation):
        """Take in one operation."""
        match operation.what:
            case "o":
                self._opened(operation)
            case "c":
                self.open.pop(operation.file, None)
            case "w":
                self._content(operation).since.append((operation.at, operation.data))
            case "t":
                self._content(operation).since.append((operation.at, None))
            case "s":
                self._sync(*self.open[operation.file])
            case "m":
                self._name({operation.path: FOLDER})
            case "u":
                self._name({operation.path: None})
            case "r":
                source = os.fsdecode(operation.data)
                self._name({source: None, operation.path: self.now[source]})
            case "l":
                self._name({operation.path: self.now[os.fsdecode(operation.data)]})

    def _content(self, operation):
        return self.open[operation.file][1]

    def _opened(self, operation):
        if operation.flag & 1:
            self._name({operation.path: Content()})
        what = self.now[operation.path]
        if operation.flag & 2:
            what.since.append((0, None))
        self.open[operation.file] = (operation.path, what)

    def _name(self, changes):
        self.since.append(changes)
        for path, what in changes.items():
            if what is None:
                self.now.pop(path, None)
            else:
                self.now[path] = what

    def _sync(self, path, what):
        if what is not FOLDER:
            what.sync()
            return
        rest = []
        for changes in self.since:
            if any(os.path.dirname(name) == path for name in changes):
                _rename(self.names, changes)
            else:
                rest.append(changes)
        self.since = rest

    @property
    def uncertain(self):
        """Whether a power cut now could leave more than one thing."""
        return bool(self.since) or any(isinstance(what, Content) and what.since for what in self.now.values())

    def image(self, kind, chance):
        """Return one folder that a power cut may leave: names below the root, with their bytes."""
        names = dict(self.names)
        for changes in chosen(self.since, kind, chance):
            _rename(names, changes)
        contents = {}
        found = {}
        for path, what in sorted(names.items(), key=lambda item: item[0]):
            if what is FOLDER or path.endswith(LEFT_OUT) or not self._reachable(path, names):
                continue
            if id(what) not in contents:
                contents[id(what)] = what.image(kind, chance)
            found[path[len(self.root) + 1 :]] = contents[id(what)]
        return found

    def _reachable(self, path, names):
        while (path := os.path.dirname(path)) != self.root:
            if names.get(path) is not FOLDER:
                return False
        return True


def _rename(names, changes):
    for path, what in changes.items():
        if what is None:
            names.pop(path, None)
        else:
            names[path] = what
