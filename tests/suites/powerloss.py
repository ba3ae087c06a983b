"""Images of a disk after a power cut, opened one after the other: is everything there that was acknowledged?"""

import json
import os
import random
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from adapters.store.sqlite import SQLiteLog
from adapters.vault.file import FileVault
from engine.mapper import EventMapper
from tests.suites import canaries, story
from tests.suites.faults_preload import python
from tests.suites.powerloss_disk import KINDS, LEFT_OUT, Disk, read_record

FOLDED = (".views", ".snapshots")
"""In the names of what can be folded anew: it is part of an image, but makes none of interest."""


def folded(path):
    """Tell whether a file is one of those."""
    return any(ending in path for ending in FOLDED)


@dataclass
class Recorded:
    """What a process did to a folder, and what it should hold: every event, and the vault versions that they name."""

    operations: list
    root: Path
    events: list = field(default_factory=list)

    def acknowledged(self):
        """Return, for each operation, the position up to which everything had been acknowledged by then."""
        highest, found = 0, []
        for operation in self.operations:
            if operation.what == "!":
                highest = max(highest, json.loads(operation.data)["position"])
            found.append(highest)
        return found

    def moments(self):
        """Return the numbers of the operations after which a power cut may leave another log or vault than before."""
        opened, found = {}, []
        for number, operation in enumerate(self.operations):
            if operation.what == "o":
                opened[operation.file] = operation.path
            path = operation.path or opened.get(operation.file, "")
            if operation.what not in "co" and not path.endswith(LEFT_OUT) and not folded(path):
                found.append(number)
        return found


def record(library, folder, variant="as shipped"):
    """Let a process work on an installation and record what it does to its files; return all that."""
    folder = Path(folder)
    root, to = folder / "disk", folder / "record"
    root.mkdir()
    code = "from tests.suites.powerloss_worker import main; main()"
    settings = python(code, library, RECORD_FOLDER=str(root), RECORD_TO=str(to), VARIANT=variant, HOME=str(folder))
    done = subprocess.run(**settings, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    recorded = Recorded(read_record(to), root)
    log = SQLiteLog(root / "home" / "interlock.db")
    decode = EventMapper().to_domain_event
    recorded.events = [(row, decode(row)) for row in log.read(limit=1_000_000)]
    log.close()
    return recorded


@dataclass
class Tally:
    """What images were looked at, and what was wrong with them."""

    operations: int = 0
    images: int = 0
    distinct: int = 0
    whole: int = 0
    kinds: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)

    def __str__(self):
        return (
            f"{self.images} images ({self.distinct} different ones) at {self.operations} operations, {self.whole} of "
            f"them opened as a whole installation: {len(self.wrong)} wrong"
        )


def cut_power(recorded, folder, *, most, seed, part=(0, 1), whole_every=400, enough=1):
    """Look at so many images, spread over all moments of the record; stop when *enough* are wrong.

    *part* (number, of how many) takes every so manieth moment only, so that several processes share the work; *most*
    is then the number for each of them.
    """
    disk, tally, seen = Disk(recorded.root), Tally(), set()
    acknowledged = recorded.acknowledged()
    moments = set(recorded.moments()[part[0] :: part[1]])
    images = max(1, round(most / len(moments)))
    look = Look(recorded, Path(folder))
    for moment, operation in enumerate(recorded.operations):
        disk.do(operation)
        if moment not in moments:
            continue
        tally.operations += 1
        for number in range(images if disk.uncertain else 1):
            kind = KINDS[number if number < len(KINDS) else 2 + number % (len(KINDS) - 2)]
            image = disk.image(kind, random.Random(f"{seed} {moment} {number}"))
            same = _told_apart_by(image, acknowledged[moment])
            tally.images += 1
            if same in seen:
                continue
            seen.add(same)
            tally.distinct += 1
            tally.kinds[kind] += 1
            whole = tally.distinct % whole_every == 0
            tally.whole += whole
            wrong = look.at(image, acknowledged[moment], whole=whole)
            if wrong:
                tally.wrong.append(f"power cut after operation {moment}, {kind} of what was not synced: {wrong}")
                if len(tally.wrong) >= enough:
                    return tally
    return tally


def _told_apart_by(image, acknowledged):
    """Return what two images have in common if looking at both would tell nothing new."""
    return acknowledged, *((name, hash(content)) for name, content in image.items() if not folded(name))


class Look:
    """Opens one image after the other in the same folder."""

    def __init__(self, recorded, folder):
        self.recorded, self.folder = recorded, folder
        self.leaves = [(row.id, row.leaf) for row, _ in recorded.events]
        self.bound = [self._bound(count) for count in range(len(recorded.events) + 1)]

    def _bound(self, count):
        """Return the vault versions that must open when so many events are stored: account to version and sandbox."""
        living = {}
        for row, event in self.recorded.events[:count]:
            if hasattr(event, "vault_version"):
                living[row.originator_id] = (event.vault_version, row.sandbox)
            elif event.state == "deleted":
                living.pop(row.originator_id, None)
        return living

    def at(self, image, acknowledged, *, whole=False):
        """Open an image; return what is wrong with it, "" if nothing."""
        home = self.folder / "home"
        self._lay_out(image if whole else {name: data for name, data in image.items() if not folded(name)})
        try:
            if not acknowledged and not (home / "interlock.db").exists():
                return ""
            stored = self._log(home / "interlock.db", acknowledged)
            self._vault(home, stored)
            if whole:
                self._installation(home)
        except Exception as error:  # whatever it is: the image could not be used
            return f"{type(error).__name__}: {error}"
        finally:
            shutil.rmtree(self.folder)
        return ""

    def _lay_out(self, image):
        self.folder.mkdir(parents=True)
        for name, content in image.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(file, content)
            os.close(file)

    def _log(self, path, acknowledged):
        log = SQLiteLog(path)
        try:
            rows = log.read(limit=1_000_000)
            leaves = [(row.id, row.leaf) for row in rows]
            assert leaves == self.leaves[: len(leaves)], "the log holds other events than were written"
            assert len(leaves) >= acknowledged, f"{acknowledged} events were acknowledged, {len(leaves)} are stored"
            problems = log.check()
            assert not problems, problems
        finally:
            log.close()
        return len(leaves)

    def _vault(self, home, stored):
        vault = FileVault(home / "vault", home / "master.key")
        bound = self.bound[stored]
        assert not (bound and vault.sealed), vault.sealed
        for account, (version, sandbox) in bound.items():
            for secret in vault.get(sandbox, account, version).values():
                assert secret.reveal() in canaries.ALL, "the vault gives back another secret than was kept"
        vault.close()

    def _installation(self, home):
        with story.installation(home) as system:
            assert system.verify(story.ANN)["sound"]
            assert story.differing_views(system) == []
            system.wait(story.connect(system))


def without_syncs(recorded, ending):
    """Return the record of a program that forgets to sync certain files or folders: that must be found out."""
    opened, kept = {}, []
    for operation in recorded.operations:
        if operation.what == "o":
            opened[operation.file] = operation.path
        if operation.what == "s" and opened.get(operation.file, "").endswith(ending):
            continue
        kept.append(operation)
    return Recorded(kept, recorded.root, recorded.events)
