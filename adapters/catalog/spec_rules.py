"""What a spec must be beyond its form: the rules of a whole destination."""

import re
from collections.abc import Iterable, Iterator, Sequence

from adapters.catalog.faults import Fault, Place, place_of
from adapters.catalog.form_rules import COMMON, Surroundings, form_faults
from adapters.catalog.patterns import Re2Patterns
from workflows.catalog import MARKETING_ACTIONS, DestinationSpec, Variant
from workflows.fields import Field
from workflows.file_offer_rules import faults_of_offer
from workflows.nearest import nearest

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_ID = 64
_RESTATED = {"name", "title", "help", "required", "immutable", "unique", "example"}
_RESTATED |= {"min_length", "max_length", "pattern", "refuses"}
_ALERTS = {
    "streaming-segment": "streaming",
    "streaming-profile": "streaming",
    "edge-personalization": "streaming",
    "file-based": "file-based",
    "dataset-export": "file-based",
    "extension": "none",
}
"""The family of alerts of a type; a destination of any type may have none."""
_FILE_TYPES = ("file-based", "dataset-export", "data-share", "not-stated")
_ASKS_NOTHING = ("none", "provisioned", "allow_listed")


def broken_rules(spec: DestinationSpec) -> Iterator[Fault]:
    """Yield everything that does not make sense in a spec of the right form."""
    yield from (Fault(why, ("id",)) for why in _no_id("id", spec.id))
    yield from (Fault(why, ("category",)) for why in _no_id("category", spec.category))
    yield from _ways_in(spec)
    yield from _kinds(spec)
    yield from _actions(spec)
    yield from _forms(spec)
    yield from _files(spec)
    yield from _mappings(spec)
    for name, bound in (("version", spec.version), ("advised_per_sandbox", spec.advised_per_sandbox)):
        if bound is not None and bound < 1:
            yield Fault("must be at least 1", (name,))


def _no_id(key: str, text: str) -> Iterator[str]:
    if len(text) > _LONGEST_ID:
        yield f"{key} has more than {_LONGEST_ID} characters"
    elif not _ID.fullmatch(text):
        yield f"{key} must be words of lower-case letters and digits, joined by hyphens"


def _ways_in(spec: DestinationSpec) -> Iterator[Fault]:
    if spec.connector and not spec.variants:
        yield Fault("has a connector, but no way to sign in", ("connector",))
    if not spec.variants and not spec.not_connectable.strip():
        yield Fault("has no way to sign in, and not_connectable does not say why")
    if spec.variants and spec.not_connectable:
        yield Fault("has ways to sign in, so it can be connected", ("not_connectable",))
    if spec.type == "extension" and spec.variants:
        yield Fault("an extension is never connected, so it has no way to sign in", ("variants",))
    ids = [variant.id for variant in spec.variants]
    yield from doubled(ids, ("variants",), "id", "two variants are called")
    if spec.default_variant is not None and spec.default_variant not in ids:
        yield Fault(f"names no variant{nearest(spec.default_variant, ids)}", ("default_variant",))
    for index, variant in enumerate(spec.variants):
        yield from (Fault(why, ("variants", index, *key)) for key, why in _variant_faults(variant))


def _variant_faults(variant: Variant) -> Iterator[tuple[Place, str]]:
    yield from ((("id",), why) for why in _no_id("id", variant.id))
    if variant.kind in _ASKS_NOTHING and not variant.reason.strip():
        yield ("kind",), "asks nothing, and reason does not say why"
    if variant.kind != "credential" and variant.fields:
        yield ("fields",), f"a variant of the kind {variant.kind} asks for nothing"
    if variant.kind == "credential" and not variant.fields:
        yield ("kind",), "a credential has fields"
    if variant.token_lifetime_days is not None and variant.token_lifetime_days < 1:
        yield ("token_lifetime_days",), "must be at least 1"


def _kinds(spec: DestinationSpec) -> Iterator[Fault]:
    if not spec.supports:
        yield Fault("supports must name what it takes", ("supports",))
    for name, values in (("supports", spec.supports), ("audience_types", spec.audience_types)):
        yield from doubled(values, (name,), None, "is named twice:")
    if ("events" in spec.supports) != (spec.type == "extension"):
        yield Fault("events go to extensions, and nothing else does", ("supports",))
    elif spec.variants and not spec.data_kinds:
        yield Fault("can be connected, but carries no kind of data", ("audience_types",))
    if spec.type.startswith("streaming") and "datasets" in spec.supports:
        yield Fault(f"a destination of the type {spec.type} takes no datasets", ("supports",))
    family = _ALERTS.get(spec.type, spec.alerts)
    if spec.alerts not in ("none", family):
        yield Fault(f"a destination of the type {spec.type} has alerts of the family {family}, or none", ("alerts",))


def _actions(spec: DestinationSpec) -> Iterator[Fault]:
    for name, actions in (("locked_actions", spec.locked_actions), ("preset_actions", spec.preset_actions)):
        for index, action in enumerate(actions):
            if action not in MARKETING_ACTIONS:
                near = nearest(action, MARKETING_ACTIONS)
                yield Fault(f"is no standard marketing action: {action[:40]}{near}", (name, index))
        yield from doubled(actions, (name,), None, "is named twice:")


def _forms(spec: DestinationSpec) -> Iterator[Fault]:
    kinds, ids = spec.data_kinds, tuple(variant.id for variant in spec.variants)
    for index, variant in enumerate(spec.variants):
        place = ("variants", index, "fields")
        yield from form_faults(variant.fields, place, Surroundings("credential", (variant.id,), ()))
        yield from _one_host(variant.fields, place)
    for name, fields in (("parameters", spec.parameters), ("per_audience_fields", spec.per_audience_fields)):
        yield from form_faults(fields, (name,), Surroundings(name, ids, kinds))
    yield from _one_host(spec.parameters, ("parameters",))
    for index, field in enumerate(spec.parameters):
        if field.name in COMMON and (more := field.model_fields_set - _RESTATED):
            what = f"every connection has a {field.name}; only its text, its form and how fixed it is can be said again"
            yield from (Fault(what, ("parameters", index, key)) for key in sorted(more))
        if field.name == "name" and not field.required:
            yield Fault("the name of a connection is required", ("parameters", index))


def _one_host(fields: Sequence[Field], place: Place) -> Iterator[Fault]:
    hosts = [index for index, field in enumerate(fields) if field.host]
    yield from (Fault("a form names one host, and another field does already", (*place, i, "host")) for i in hosts[1:])


def _files(spec: DestinationSpec) -> Iterator[Fault]:
    offer = spec.file_format
    if offer is None:
        return
    if spec.type not in _FILE_TYPES:
        yield Fault(f"a destination of the type {spec.type} takes no files", ("file_format",))
    for kind, key, types in (
        ("audiences", "file_types", offer.file_types),
        ("datasets", "dataset_file_types", offer.dataset_file_types),
    ):
        if kind in spec.supports and not types:
            yield Fault(f"{kind} need a file type", ("file_format", key))
    yield from (Fault(message, place_of(pointer)) for pointer, message in faults_of_offer(spec, Re2Patterns()))


def _mappings(spec: DestinationSpec) -> Iterator[Fault]:
    for index, mapping in enumerate(spec.mappings):
        if mapping.read_only and not (mapping.preset and mapping.source):
            yield Fault("read_only, but nothing is preset", ("mappings", index, "read_only"))
        if mapping.preset and not mapping.source:
            yield Fault("preset, but source does not say to what", ("mappings", index, "preset"))


def doubled(names: Iterable[str], place: Place, key: str | None, what: str) -> Iterator[Fault]:
    """Yield a fault for every name that stood there before."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Fault(f"{what} {name}", (*place, index) if key is None else (*place, index, key))
        seen.add(name)
