"""Destinations that installed packages bring along: the entry points of the group `interlock.destinations`."""

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

GROUP = "interlock.destinations"


def installed() -> tuple[EntryPoint, ...]:
    """Return the entry points of every installed package, by name."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)))


def places(point: EntryPoint) -> tuple[Path, ...]:
    """Return the folders and files to which an entry point leads.

    It may name a package with YAML files, a path, or something to call that returns a path or several.

    Raises:
        ValueError: it cannot be followed; the text says why.
    """
    try:
        return tuple(_paths(point.load()))
    except ValueError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's code, which must never stop the start
        raise ValueError(f"cannot be followed: {type(error).__name__}: {str(error)[:200]}") from error


def _paths(found: Any) -> Iterator[Path]:
    if callable(found) and not isinstance(found, Path | ModuleType):
        found = found()
    match found:
        case ModuleType():
            folder = files(found)
            if not isinstance(folder, Path):
                raise ValueError("its package is no folder of this machine")
            yield folder
        case str():
            yield Path(found)
        case Path():
            yield found
        case _ if isinstance(found, Iterable):
            for one in found:
                if not isinstance(one, str | Path):
                    raise ValueError("leads to something that is no path")
                yield Path(one)
        case _:
            raise ValueError("leads to something that is no package, no path and nothing that returns paths")
