"""LoadedCatalog: the specs of all destinations, out of YAML files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from adapters.catalog.reading import SpecRefused, read_spec
from workflows.catalog import DestinationSpec, find_spec

BUILT_IN = Path(__file__).with_name("data")
Problem = tuple[Path, str]
Found = tuple[Path, DestinationSpec]


class LoadedCatalog:
    """Implements Catalog. `problems` says which files of the extra folder were set aside, and why."""

    def __init__(self, specs: Iterable[DestinationSpec], problems: Sequence[Problem] = ()) -> None:
        self._by_id = {spec.id: spec for spec in sorted(specs, key=lambda spec: spec.id)}
        self.problems = tuple(problems)

    def get(self, destination: str) -> DestinationSpec:
        """Return the spec of a destination; raises NotFound with the nearest known name."""
        return self._by_id.get(destination) or find_spec(self.all(), destination)

    def all(self) -> tuple[DestinationSpec, ...]:
        """Return every spec, by id."""
        return tuple(self._by_id.values())


def load_catalog(extra: Path | None = None, *, built_in: Path = BUILT_IN) -> LoadedCatalog:
    """Return the built-in destinations, and those of the folder *extra*; a faulty file there is set aside.

    Raises:
        SpecRefused: a built-in file is faulty, or two of them have one id.
    """
    found: dict[str, Found] = {}
    for file in _files(built_in):
        spec = _read(file)
        if spec.id in found:
            raise SpecRefused(f"{file} and {found[spec.id][0]} both describe {spec.id}")
        found[spec.id] = file, spec
    more, problems = _extra(extra, found) if extra is not None else ({}, [])
    return LoadedCatalog((spec for _, spec in (found | more).values()), problems)


def _extra(folder: Path, built_in: dict[str, Found]) -> tuple[dict[str, Found], list[Problem]]:
    try:
        files = _files(folder)
    except OSError as error:
        return {}, [(folder, f"cannot be read: {error.strerror}")]
    found: dict[str, list[Found]] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            spec = _read(file)
        except SpecRefused as refused:
            said = str(refused).removeprefix(str(file)).removeprefix(":").strip()
            problems.append((file, said))
        else:
            found.setdefault(spec.id, []).append((file, spec))
    single = {}
    for spec_id, candidates in found.items():
        rivals = {file: str(file) for file, _ in candidates}
        if spec_id in built_in:
            rivals[built_in[spec_id][0]] = f"the built-in {built_in[spec_id][0]}"
        if len(rivals) == 1:
            single[spec_id] = candidates[0]
        else:
            # Which one is meant cannot be known, so none of them counts; a built-in one stays.
            for file, _ in candidates:
                others = " and ".join(name for rival, name in rivals.items() if rival != file)
                problems.append((file, f"describes {spec_id}, and so does {others}"))
    return single, problems


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml") and file.name[0] != ".")


def _read(file: Path) -> DestinationSpec:
    try:
        if not file.is_file():
            raise SpecRefused(f"{file} is no regular file")
        return read_spec(file)
    except OSError as error:
        raise SpecRefused(f"{file} cannot be read: {error.strerror}") from error
