"""Footprints: folders that probes had to make, taken away again by the last probe that stands in one."""

import errno
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Lock


class Footprints:
    """Which folders the probes of this process stand in, and which of them were not there before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._standing: Counter[Path] = Counter()
        self._made: set[Path] = set()

    def enter(self, folder: Path) -> None:
        """Stand in *folder*, made for its owner only if it was missing; raises OSError when it cannot be a folder."""
        with self._lock:
            try:
                folder.mkdir(mode=0o700)
                self._made.add(folder)
            except FileExistsError:
                if not folder.is_dir():
                    if not os.path.lexists(folder):
                        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder)) from None
                    raise
            self._standing[folder] += 1

    def leave(self, folders: list[Path]) -> None:
        """Leave *folders*, the deepest first; what a probe made is removed unless somebody put something there."""
        with self._lock:
            for folder in reversed(folders):
                self._standing[folder] -= 1
                if self._standing[folder] > 0:
                    continue
                del self._standing[folder]
                if folder in self._made:
                    self._made.remove(folder)
                    with suppress(OSError):
                        folder.rmdir()
