"""From one YAML file to one spec, trusting nothing in the file, and telling everything that is wrong with it."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.catalog.documents import NoDocument, lines, load
from adapters.catalog.faults import Fault, Place, SpecRefused, place_of
from adapters.catalog.shown_texts import shown_text_faults
from adapters.catalog.spec_rules import broken_rules
from adapters.catalog.wording import in_words, not_text
from engine.storable import problems
from workflows.catalog import DestinationSpec, FileFormatSpec, FileNameSpec, MappingSpec, ScheduleSpec, Variant
from workflows.fields import Case, Condition, Field, Options, OptionsRequest, Refusing
from workflows.nearest import nearest

MAX_BYTES = 256 * 1024
_MOST_FAULTS = 100
"""So many are told: a file with more of them has one reason for many, and to look for all takes long."""
_MOST_ROUNDS = 4
_FORMS = ("fields", "parameters", "properties", "per_audience_fields")
_MODELS: dict[str, type[BaseModel]] = {
    **dict.fromkeys((*_FORMS, "items"), Field),
    "variants": Variant,
    "cases": Case,
    "when": Condition,
    "required_when": Condition,
    "request": OptionsRequest,
    "refuses": Refusing,
    "file_format": FileFormatSpec,
    "file_name": FileNameSpec,
    "mappings": MappingSpec,
    "schedule": ScheduleSpec,
}
"""What stands under a key, wherever the key stands; `options` is something else in a file format."""

_LEAST: dict[str, Any] = {
    "supports": ["audiences"],
    "type": "not-stated",
    "value": [""],
    "source": "interlock",
    "pattern": "",
    "default": "",
}
"""What stands in for a missing key while the rest is looked at; a word for all others."""


def read_spec(file: Path) -> DestinationSpec:
    """Return the spec that *file* holds.

    Raises:
        SpecRefused: it is too large, no YAML, uses aliases or tags, or is no spec that makes sense; all faults at once.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SpecRefused(file, [Fault(f"is larger than {MAX_BYTES} bytes")])
    try:
        text = content.decode()
        raw = load(text)
    except UnicodeDecodeError as error:
        raise SpecRefused(file, [not_text(content, error)]) from None
    except NoDocument as unread:
        raise SpecRefused(file, unread.faults) from None
    spec, faults = judge(raw)
    if spec is None:
        raise SpecRefused(file, located(faults, text))
    return spec


def judge(raw: Any) -> tuple[DestinationSpec | None, list[Fault]]:
    """Return the spec that *raw* is, or everything that is wrong with it."""
    unfit = islice(problems(raw), _MOST_FAULTS)
    if unstorable := [Fault(message, place_of(pointer)) for pointer, message in unfit]:
        return None, unstorable
    try:
        spec = DestinationSpec.model_validate(raw)
    except ValidationError as error:
        return None, _all_faults(raw, error)
    faults = list(islice(chain(shown_text_faults(raw), broken_rules(spec)), _MOST_FAULTS))
    return (None if faults else spec), faults


def located(faults: Iterable[Fault], text: str) -> list[Fault]:
    """Return *faults* with the lines on which they stand in *text*, in the order of the lines."""
    known = lines(text)

    def line(place: Place) -> int:
        while place and place not in known:
            place = place[:-1]
        return known.get(place, 1)

    return sorted((replace(one, line=line(one.path)) for one in faults), key=lambda fault: fault.line)


def _all_faults(raw: Any, error: ValidationError) -> list[Fault]:
    """Return the faults of form, and those of sense that can be seen once the faulty places are mended."""
    mended, places = deepcopy(raw), list[Place]()
    faults: list[Fault] = []
    for _ in range(_MOST_ROUNDS):
        errors = error.errors(include_url=False)
        faults += [_told(one) for one in errors if not _within(one["loc"], places)]
        if not isinstance(mended, dict) or len(faults) >= _MOST_FAULTS:
            return faults[:_MOST_FAULTS]
        places += [_mend(mended, one["loc"], missing=one["type"] == "missing") for one in errors]
        try:
            spec = DestinationSpec.model_validate(mended)
        except ValidationError as another:
            error = another
        else:
            found = chain(shown_text_faults(mended), broken_rules(spec))
            others = (one for one in found if not _within(one.path, places, parents=True))
            if ("variants",) in places:
                others = (one for one in others if "variant" not in one.reason)
            return faults + list(islice(others, _MOST_FAULTS - len(faults)))
    return faults


def _told(error: Any) -> Fault:
    place, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        return Fault(f"unknown key{nearest(str(place[-1]), _known_keys(place[:-1]))}", place)
    if kind == "missing":
        return Fault(f"{place[-1]} is missing", place[:-1])
    return Fault(in_words(kind, error["msg"], error.get("ctx") or {}, error["input"]), place)


def _known_keys(place: Sequence[str | int]) -> list[str]:
    names = [step for step in place if isinstance(step, str)]
    if not names:
        return list(DestinationSpec.model_fields)
    model = Options if names[-1] == "options" else _MODELS.get(names[-1])
    known = list(model.model_fields) if model else []
    return [*known, "named_enum"] if model is Field else known


def _mend(raw: Any, place: Place, *, missing: bool) -> Place:
    """Replace or drop what stands at *place*, and return the place of what was altered."""
    path: list[tuple[Any, str | int]] = []
    inner = raw
    for step in place:
        path.append((inner, step))
        try:
            inner = inner[step]
        except (KeyError, IndexError, TypeError):
            break
    holder, key = path[-1]
    if missing and len(path) == len(place) and isinstance(holder, dict):
        holder[key] = _LEAST.get(str(key), "unknown")
        return place
    while path and not isinstance(path[-1][0], dict):
        holder, key = path.pop()
        if isinstance(holder, list) and path and path[-1][1] in _FORMS:
            # The others of a form must keep their places.
            holder[int(key)] = {"name": "unknown", "title": "unknown"}
            return place[: len(path) + 1]
    if path:
        path[-1][0].pop(path[-1][1], None)
    return place[: len(path)]


def _within(place: Place, mended: Sequence[Place], *, parents: bool = False) -> bool:
    return any(place[: len(one)] == one or (parents and place == one[:-1]) for one in mended)
