"""LoadedCatalog: the specs of all destinations, out of YAML files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path

from adapters.catalog.entry_points import installed, places
from adapters.catalog.faults import Fault, SpecRefused
from adapters.catalog.reading import read_spec
from workflows.catalog import DestinationSpec, find_spec

BUILT_IN = Path(__file__).with_name("data")
Problem = tuple[Path, str]
Found = tuple[Path, DestinationSpec]


class LoadedCatalog:
    """Implements Catalog. `problems` says which files and entry points were set aside, and why.

    Every spec can be looked up, whatever its lifecycle: a connection may rest on one that is no longer published.
    """

    def __init__(self, specs: Iterable[DestinationSpec], problems: Sequence[Problem] = ()) -> None:
        self._by_id = {spec.id: spec for spec in sorted(specs, key=lambda spec: spec.id)}
        self.problems = tuple(problems)

    def get(self, destination: str) -> DestinationSpec:
        """Return the spec of a destination; raises NotFound with the nearest known name."""
        return self._by_id.get(destination) or find_spec(self.all(), destination)

    def all(self) -> tuple[DestinationSpec, ...]:
        """Return every spec, by id."""
        return tuple(self._by_id.values())


def load_catalog(
    extra: Path | None = None, *, built_in: Path = BUILT_IN, points: Sequence[EntryPoint] | None = None
) -> LoadedCatalog:
    """Return the built-in destinations, those of the folder *extra*, and those of the installed *points*.

    What is faulty among the latter two is set aside.

    Raises:
        SpecRefused: a built-in file is faulty, or two of them have one id.
    """
    found = dict(_shipped()) if built_in == BUILT_IN else _built_in(built_in)
    problems: list[Problem] = []
    files = dict.fromkeys(_further(extra, installed() if points is None else points, problems))
    more = _single(_readable(files, problems), found, problems)
    return LoadedCatalog((spec for _, spec in (found | more).values()), problems)


def _built_in(folder: Path) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for file in spec_files(folder):
        spec = read_file(file)
        if spec.id in found:
            raise SpecRefused(file, [Fault(f"and {found[spec.id][0]} both describe {spec.id}")])
        found[spec.id] = file, spec
    return found


@cache
def _shipped() -> dict[str, Found]:
    """Read what belongs to the release once in a process: nobody alters it, and specs are frozen."""
    return _built_in(BUILT_IN)


def spec_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are meant as specs; raises OSError when it cannot be read."""
    return sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml") and file.name[0] != ".")


def _further(extra: Path | None, points: Iterable[EntryPoint], problems: list[Problem]) -> Iterator[Path]:
    if extra is not None:
        yield from _files_of(extra, problems)
    for point in points:
        name = Path(f"entry point {point.name} ({point.value})")
        try:
            folders = places(point)
        except ValueError as error:
            problems.append((name, str(error)))
            continue
        for place in folders:
            yield from [place] if place.is_file() else _files_of(place, problems)


def _files_of(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return spec_files(folder)
    except NotADirectoryError:
        problems.append((folder, "is no folder; name the folder in which the files are"))
    except OSError as error:
        problems.append((folder, f"cannot be read: {error.strerror}"))
    return []


def _readable(files: Iterable[Path], problems: list[Problem]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    for file in files:
        try:
            spec = read_file(file)
        except SpecRefused as refused:
            problems.append((file, "; ".join(map(str, refused.faults))))
        else:
            found.setdefault(spec.id, []).append((file, spec))
    return found


def _single(found: dict[str, list[Found]], built_in: dict[str, Found], problems: list[Problem]) -> dict[str, Found]:
    """Return what is described once. Which of several is meant cannot be known: none counts; a built-in one stays."""
    several = list(rivals_of(found, {spec_id: file for spec_id, (file, _) in built_in.items()}))
    problems += several
    set_aside = {file for file, _ in several}
    return {spec_id: one for spec_id, candidates in found.items() for one in candidates if one[0] not in set_aside}


def rivals_of(found: Mapping[str, Sequence[Found]], built_in: Mapping[str, Path]) -> Iterator[Problem]:
    """Yield every file that describes a destination which another one describes, too, with the names of the others."""
    for spec_id, candidates in found.items():
        rivals = {file: str(file) for file, _ in candidates}
        if spec_id in built_in:
            rivals[built_in[spec_id]] = f"the built-in {built_in[spec_id]}"
        for file, _ in candidates:
            if others := " and ".join(name for rival, name in rivals.items() if rival != file):
                yield file, f"describes {spec_id}, and so does {others}"


def read_file(file: Path) -> DestinationSpec:
    """Return the spec that *file* holds; raises SpecRefused when it cannot be read, or is none."""
    try:
        if not file.is_file():
            astray = "is a link that leads nowhere" if file.is_symlink() else "is not there"
            raise SpecRefused(file, [Fault("is no regular file" if file.exists() else astray)])
        return read_spec(file)
    except OSError as error:
        raise SpecRefused(file, [Fault(f"cannot be read: {error.strerror}")]) from error
