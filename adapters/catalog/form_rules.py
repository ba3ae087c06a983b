"""What a form must be: names that are unique, and conditions that speak of something and can hold."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.catalog.cycles import cycles
from adapters.catalog.faults import Fault, Place
from adapters.catalog.field_rules import field_faults, misfit
from workflows.fields import Condition, Field
from workflows.nearest import nearest

COMMON = ("name", "description")
"""What every connection has beside its fields: a spec may say it again, and nothing can depend on it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of what a form is part, what a condition in it may ask about, and the fields around it, by name."""

    form: str
    variants: tuple[str, ...]
    data_kinds: tuple[str, ...]
    around: Mapping[str, Field] = dataclasses.field(default_factory=dict)
    enclosing: frozenset[str] = frozenset()

    def inside(self, parent: Field, known: Mapping[str, Field]) -> "Surroundings":
        """Return the surroundings of what *parent* consists of."""
        around = {name: field for name, field in known.items() if field is not parent}
        return replace(self, around=around, enclosing=self.enclosing | {parent.name})


def form_faults(fields: Sequence[Field], place: Place, surroundings: Surroundings) -> Iterator[Fault]:
    """Yield everything that is wrong with a form, whatever is nested in it included."""
    siblings: dict[str, Field] = {}
    for index, field in enumerate(fields):
        if field.name in siblings:
            yield Fault(f"two fields are called {field.name}", (*place, index, "name"))
        siblings.setdefault(field.name, field)
    if surroundings.form == "parameters" and not surroundings.enclosing:
        siblings = {name: field for name, field in siblings.items() if name not in COMMON}
    known = {**surroundings.around, **siblings}
    for index, field in enumerate(fields):
        yield from _field(field, (*place, index), known, surroundings)
    for index, names in cycles(fields):
        yield Fault(f"a cycle of conditions: {' needs '.join(names)}", (*place, index))


def _field(field: Field, place: Place, known: Mapping[str, Field], around: Surroundings) -> Iterator[Fault]:
    yield from (Fault(why, (*place, *where)) for where, why in field_faults(field))
    if field.secret and around.form != "credential":
        yield Fault("a secret belongs to the credential", (*place, "secret"))
    for key in ("when", "required_when"):
        for index, condition in enumerate(getattr(field, key)):
            at = (*place, key, index)
            yield from (Fault(why, at) for why in _condition(condition, field, known, around))
    if field.pattern_unless is not None:
        yield from _named(field.pattern_unless, field, known, around, (*place, "pattern_unless"))
    for index, name in enumerate(field.options.depends_on if field.options else ()):
        yield from _named(name, field, known, around, (*place, "options", "depends_on", index))
    if field.by is not None:
        yield from _decider(field, field.by, known, around, (*place, "by"))
    if field.properties or field.cases or field.items:
        yield from _nested(field, place, known, around.inside(field, known))


def _decider(
    field: Field, name: str, known: Mapping[str, Field], around: Surroundings, place: Place
) -> Iterator[Fault]:
    missing = list(_named(name, field, known, around, place))
    yield from missing
    if not missing and known[name].type != "enum":
        yield Fault(f"by names {name}, which is no enum", place)


def _nested(field: Field, place: Place, known: Mapping[str, Field], inner: Surroundings) -> Iterator[Fault]:
    yield from form_faults(field.properties, (*place, "properties"), inner)
    if field.items is not None:
        yield from _field(field.items, (*place, "items"), inner.around, inner)
    decider = known.get(field.by or "")
    choices = decider.enum if decider else ()
    taken: set[str] = set()
    for index, case in enumerate(field.cases):
        at = (*place, "cases", index)
        if not case.value:
            yield Fault("a case has values", (*at, "value"))
        for number, value in enumerate(case.value):
            if value in taken:
                yield Fault(f"two cases hold for {value}", (*at, "value", number))
            elif choices and value not in choices:
                near = nearest(value, choices)
                yield Fault(f"is no choice of {field.by}: {value[:40]}{near}", (*at, "value", number))
            taken.add(value)
        yield from form_faults(case.properties, (*at, "properties"), inner)


def _condition(condition: Condition, field: Field, known: Mapping[str, Field], around: Surroundings) -> Iterator[str]:
    if condition.data_kind and around.form == "credential":
        yield "the credential is asked for before the kind of data is known"
    elif unknown := [kind for kind in condition.data_kind if kind not in around.data_kinds]:
        yield f"the destination carries no {' and no '.join(unknown)}"
    for name in condition.variant:
        if name not in around.variants:
            yield f"there is no variant {name[:40]} here{nearest(name, around.variants)}"
    if condition.field is None:
        return
    if faults := list(_named(condition.field, field, known, around, ())):
        yield from (fault.reason for fault in faults)
    elif why := misfit(known[condition.field], condition):
        yield f"can never hold: {condition.field} {why}"


def _named(name: str, field: Field, known: Mapping[str, Field], around: Surroundings, place: Place) -> Iterator[Fault]:
    if name == field.name:
        yield Fault(f"{name} names itself", place)
    elif name in around.enclosing and name not in known:
        yield Fault(f"names {name}, of which it is a part", place)
    elif name not in known and name in COMMON and around.form == "parameters":
        yield Fault(f"can never hold: {name} belongs to the connection and is no field of this form", place)
    elif name not in known:
        others = [other for other in known if other != field.name]
        yield Fault(f"names no field of this form: {name[:40]}{nearest(name, others)}", place)
