"""What a spec says about files, judged when it is loaded: it must make sense, and be something that we can write."""

from collections.abc import Iterator
from typing import Any

from workflows.catalog import DestinationSpec, FileFormatSpec
from workflows.fields import Field
from workflows.file_format import fault_of_character, judge_file_format
from workflows.file_name_rules import judge_file_name
from workflows.file_offers import is_offered, options
from workflows.file_options import CHARACTERS, CODECS, OPTIONS
from workflows.nearest import nearest
from workflows.ports import Patterns
from workflows.values import Judge

_CHOSEN_ELSEWHERE = {
    "file_type": "file_types and dataset_file_types",
    "compression": "compressions",
    "file_name": "file_name",
    "include_manifest": "manifest",
    "export_arrays": "export_arrays",
}


def faults_of_offer(spec: DestinationSpec, patterns: Patterns) -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer into the spec, message) for everything about files that makes no sense."""
    offer = spec.file_format
    if offer is None:
        return
    found = [*_about_names(offer), *_about_types(offer), *_about_values(offer, patterns), *_about_name(offer)]
    yield from found
    if not found:  # only what is right in its parts can be judged as a whole
        yield from _about_whole(spec, offer, patterns)


def _about_names(offer: FileFormatSpec) -> Iterator[tuple[str, str]]:
    named: dict[str, Any] = {
        "options": offer.options,
        "fixed": offer.fixed,
        "required": offer.required,
        "narrowed": offer.narrowed,
        "defaults": offer.defaults,
    }
    for place, names in named.items():
        for index, name in enumerate(names):
            pointer = f"/file_format/{place}/{name if isinstance(names, dict) else index}"
            if name not in OPTIONS:
                yield pointer, f"no file has such an option{nearest(name, OPTIONS)}; known: {', '.join(OPTIONS)}"
            elif place == "options" and name in _CHOSEN_ELSEWHERE:
                yield pointer, f"{name} is offered by what {_CHOSEN_ELSEWHERE[name]} says"
            elif place == "narrowed" and name in _CHOSEN_ELSEWHERE:
                yield pointer, f"{name} is narrowed by what {_CHOSEN_ELSEWHERE[name]} says"
            elif place == "options" and name in offer.fixed:
                yield pointer, f"{name} is fixed too; it is one or the other"
            elif place in ("required", "narrowed", "defaults") and (name in offer.fixed or not is_offered(offer, name)):
                yield pointer, f"{name} is not among the options that a person may choose"
            elif place == "defaults" and name in offer.required:
                yield pointer, f"{name} is required, so that somebody chooses; it has no default"


def _about_types(offer: FileFormatSpec) -> Iterator[tuple[str, str]]:
    for place, types in (("file_types", offer.file_types), ("dataset_file_types", offer.dataset_file_types)):
        for index, file_type in enumerate(types):
            pointer = f"/file_format/{place}/{index}"
            if file_type not in CODECS:
                yield pointer, f"is no file type; known: {', '.join(CODECS)}"
            elif place == "dataset_file_types" and file_type == "csv":
                yield pointer, "datasets are never exported as CSV"
            else:
                needed = CODECS[file_type][1 if place == "dataset_file_types" and file_type == "json" else 0 :]
                if not set(needed) & set(offer.compressions):
                    yield pointer, f"none of the compressions fits {file_type}; one of: {', '.join(needed)}"
    known = dict.fromkeys(name for names in CODECS.values() for name in names)
    for index, compression in enumerate(offer.compressions):
        if compression not in known:
            yield f"/file_format/compressions/{index}", f"cannot be written; known: {', '.join(known)}"


def _about_values(offer: FileFormatSpec, patterns: Patterns) -> Iterator[tuple[str, str]]:
    for name, choices in offer.narrowed.items():
        field = OPTIONS.get(name)
        if field is None:
            continue
        if not choices:
            yield f"/file_format/narrowed/{name}", "leaves no choice"
        elif not field.enum or not set(choices) <= set(field.enum):
            yield f"/file_format/narrowed/{name}", f"has choices that {name} does not have"
    for place, values in (("fixed", offer.fixed), ("defaults", offer.defaults)):
        for name, value in values.items():
            if name in OPTIONS and (fault := _fault_of_value(OPTIONS[name], value, place == "fixed", patterns)):
                yield f"/file_format/{place}/{name}", fault
            elif place == "defaults" and value not in offer.narrowed.get(name, (value,)):
                yield f"/file_format/{place}/{name}", "is not among the choices that are left"
    if offer.most_rows < 1:
        yield "/file_format/most_rows", "must be at least 1"


def _fault_of_value(field: Field, value: Any, is_fixed: bool, patterns: Patterns) -> str:
    if field.name == "file_name":
        return "stands in file_name, with fixed"
    if field.name in CHARACTERS and (is_fixed or not field.enum):
        # A destination may have decided on a character that nobody else may choose; the null character stays empty.
        least = 0 if field.name in ("quote_character", "char_to_escape_quote_escaping") else 1
        allowed = field.model_copy(update={"min_length": least})
        return "" if value in field.enum else fault_of_character(allowed, value)
    judge = Judge(patterns)
    judge.value(field.model_copy(update={"when": ()}), value, "")
    return judge.found[0][1] if judge.found else ""


def _about_name(offer: FileFormatSpec) -> Iterator[tuple[str, str]]:
    if offer.file_name is not None:
        judgement = judge_file_name(offer.file_name.default, offer.file_name, custom_text=False)
        yield from (("/file_format/file_name/default", problem) for problem in judgement.problems)


def _about_whole(spec: DestinationSpec, offer: FileFormatSpec, patterns: Patterns) -> Iterator[tuple[str, str]]:
    """Judge what comes out when nobody chooses anything beyond what must be chosen."""
    for kind in spec.data_kinds:
        judge = Judge(patterns)
        types = options(offer, kind, None)[0]
        file_type = types.default or types.enum[0]
        required = {field.name: _any(field) for field in options(offer, kind, file_type) if field.required}
        judge_file_format(judge, spec, required, kind)
        for pointer, message in judge.found:
            yield pointer, f"{message} (with the defaults, for {kind})"


def _any(field: Field) -> Any:
    return field.enum[0] if field.enum else field.example or OPTIONS[field.name].default
