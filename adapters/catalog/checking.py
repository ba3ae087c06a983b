"""Checks specs that somebody wrote, before an installation takes them in."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from adapters.catalog.advice import advice
from adapters.catalog.faults import Fault, SpecRefused
from adapters.catalog.loader import BUILT_IN, Found, read_file, rivals_of, spec_files
from adapters.catalog.reading import located

Checked = tuple[Path, tuple[Fault, ...]]


def check_specs(places: Sequence[Path]) -> list[Checked]:
    """Return each file that is named, or lies in a folder that is named, with everything that is wrong with it.

    An id that another of these files or a built-in destination has is a fault, too. Warnings are among the faults.
    """
    found: dict[str, list[Found]] = {}
    checked: dict[Path, tuple[Fault, ...]] = {}
    for place in places:
        for file in _files(place, checked):
            try:
                spec = read_file(file)
            except SpecRefused as refused:
                checked[file] = refused.faults
            else:
                checked[file] = tuple(_located(advice(spec), file))
                found.setdefault(spec.id, []).append((file, spec))
    for file, why in rivals_of(found, _shipped_as(found)):
        if file.resolve().parent != BUILT_IN:
            checked[file] = (*checked[file], *_located([Fault(why, ("id",))], file))
    return list(checked.items())


def _located(faults: Iterable[Fault], file: Path) -> list[Fault]:
    """Return *faults* with their lines; the file is only looked at again if there are any."""
    found = list(faults)
    return located(found, file.read_text()) if found else []


def _files(place: Path, checked: dict[Path, tuple[Fault, ...]]) -> Iterator[Path]:
    if not place.is_dir():
        if place not in checked:
            yield place
        return
    try:
        files = spec_files(place)
    except OSError as error:
        checked[place] = (Fault(f"cannot be read: {error.strerror}"),)
        return
    if not files:
        checked[place] = (Fault("holds no file that ends with .yaml or .yml"),)
    yield from (file for file in files if file not in checked)


def _shipped_as(ids: dict[str, list[Found]]) -> dict[str, Path]:
    """Return the built-in files of these ids: a built-in file is called like its destination."""
    return {name: BUILT_IN / f"{name}.yaml" for name in ids if (BUILT_IN / f"{name}.yaml").is_file()}
