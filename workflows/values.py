"""Judge: holds what somebody sent against the fields of a form, and keeps everything that is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import Invalid
from engine.secret import Secret
from engine.storable import escape
from workflows.conditions import (
    Surroundings,
    all_hold,
    begins_with,
    compares,
    conditions_of,
    either,
    in_order,
    is_empty,
    same,
    shown,
    why_not_asked,
)
from workflows.fields import Condition, Field
from workflows.ports import Patterns
from workflows.scalars import Scalars, choices, kind_of
from workflows.unknown_names import unknown_names

__all__ = ["Judge", "choices", "kind_of"]

_TEXT = Field(name="text", title="Text")
_ALONE = Surroundings()


class Judge(Scalars):
    """Checks forms; `found` holds every problem, `asked` the pointer of every field that is asked for now.

    Defaults come first: conditions are asked of what is filled in, in the order in which fields depend on each other.
    *kept* are values from before: what is no longer asked or known of them is dropped, and is no problem. So it is with
    those at the pointers in `carried`, which nobody sent.
    """

    def __init__(self, patterns: Patterns, *, kept: bool = False) -> None:
        super().__init__(patterns)
        self.asked: list[str] = []
        self.kept = kept
        self.carried: frozenset[str] = frozenset()

    def refuse_problems(self) -> None:
        """Raise Invalid with everything that was found; return quietly when nothing was."""
        if self.found:
            raise Invalid(self.found)

    def mapping(self, raw: Any, pointer: str) -> Mapping[Any, Any]:
        """Return *raw* if it is an object, else nothing."""
        if isinstance(raw, Mapping):
            return raw
        self.found.append((pointer, f"must be an object, not {kind_of(raw)}"))
        return {}

    def known_names(
        self, raw: Mapping[Any, Any], known: Sequence[str], pointer: str, elsewhere: Mapping[str, str]
    ) -> None:
        """Find every name in *raw* that is not known."""
        self.found += unknown_names(raw, known, pointer, elsewhere)

    def form(
        self,
        fields: Sequence[Field],
        raw: Mapping[Any, Any],
        pointer: str,
        *,
        elsewhere: Mapping[str, str] | None = None,
        around: Surroundings = _ALONE,
    ) -> dict[str, Any]:
        """Return what *raw* says about *fields*, with their defaults; `elsewhere` explains names unknown just here."""
        if not self.kept:
            sent = {name: None for name in raw if f"{pointer}/{name}" not in self.carried} if self.carried else raw
            self.known_names(sent, [field.name for field in fields], pointer, elsewhere or {})
        here = around.inside(fields)
        found, asked = self.found, self.asked
        told: dict[str, tuple[list[tuple[str, str]], list[str]]] = {}
        for field in in_order(fields):
            self.found, self.asked = told[field.name] = [], []
            value = self._field(field, raw, f"{pointer}/{escape(field.name)}", here)
            if value is not None:
                here.values[field.name] = value
            elif field.name in raw and self.found:
                here.undecided.add(field.name)
        self.found, self.asked = found, asked
        for field in fields:
            problems, pointers = told[field.name]
            self.found += problems
            self.asked += pointers
        return {field.name: here.values[field.name] for field in fields if field.name in here.values}

    def value(
        self, field: Field, value: Any, pointer: str, *, free: bool = False, around: Surroundings = _ALONE
    ) -> Any:
        """Return the value in the form in which it is kept, or None; `free` of its pattern."""
        if isinstance(value, Secret) and field.secret:
            value = value.reveal()
        match field.type:
            case "object" if isinstance(value, Mapping):
                return self._object(field, value, pointer, around)
            case "array" if isinstance(value, list | tuple):
                return self._array(field, value, pointer, around)
        return self.scalar(field, value, pointer, free=free)

    def _field(self, field: Field, raw: Mapping[Any, Any], here: str, around: Surroundings) -> Any:
        is_sent, is_kept = field.name in raw, self.kept or here in self.carried
        is_asked = all_hold(conditions_of(field), around)
        if is_asked is False:
            if is_sent and not is_kept:
                self.found.append((here, why_not_asked(field, around)))
            return None
        if field.hidden or field.read_only:
            return self._decided(field, raw, here) if is_asked else None
        if is_asked:
            self.asked.append(here)
        required = field.required or (bool(field.required_when) and all_hold(field.required_when, around) is True)
        if not is_sent:
            return self._left_out(field, here, around, required=required) if is_asked else None
        if required and not field.required:
            field = field.model_copy(update={"required": True})
        return self.value(field, raw[field.name], here, free=_is_free(field, raw, around), around=around)

    def _decided(self, field: Field, raw: Mapping[Any, Any], here: str) -> Any:
        """Return the default of a field that nobody is asked for; whoever sends it must send the same."""
        if field.name in raw and not (self.kept or here in self.carried) and not same(raw[field.name], field.default):
            self.found.append((here, "is decided by the destination and cannot be changed; leave it out"))
        return field.default

    def _left_out(self, field: Field, here: str, around: Surroundings, *, required: bool) -> Any:
        if field.type == "object":
            return self._group(field, here, around, required=required)
        if field.default is not None:
            return Secret(field.default) if field.secret else field.default
        if required:
            self.found.append((here, "is required"))
        return None

    def _group(self, field: Field, here: str, around: Surroundings, *, required: bool) -> dict[str, Any] | None:
        """Return what an object that was not sent begins with; what must be given in it is missing all the same."""
        before = len(self.found)
        parts, _ = _parts(field, around)
        values = self.form(parts, field.default or {}, here, around=around)
        if required and begins_with(field) is None and not values and len(self.found) == before:
            self.found.append((here, "is required"))
        return values or None

    def _object(self, field: Field, raw: Mapping[Any, Any], here: str, around: Surroundings) -> dict[str, Any] | None:
        if field.cases and (around is _ALONE or field.by in around.undecided):
            return None  # what it consists of is told by a field that is not there, or wrong itself
        before = len(self.found)
        parts, elsewhere = _parts(field, around)
        values = self.form(parts, raw, here, elsewhere=elsewhere, around=around)
        if field.required and begins_with(field) is None and not values and len(self.found) == before:
            self.found.append((here, "is required, and empty"))
        return values

    def _array(self, field: Field, raw: Sequence[Any], here: str, around: Surroundings) -> list[Any] | None:
        least = max(field.min_items, 1 if field.required else 0)
        if not least <= len(raw) <= field.max_items:
            few = (
                f"needs at least {least}, and has {len(raw)}" if raw or not field.required else "is required, and empty"
            )
            many = f"takes at most {field.max_items} entries, and has {len(raw)}"
            self.found.append((here, few if len(raw) < least else many))
            return None
        before = len(self.found)
        item = field.items or _TEXT
        kept = [self.value(item, one, f"{here}/{index}", around=around) for index, one in enumerate(raw)]
        self._refuse_duplicates(item, kept, here)
        return kept if len(self.found) == before else None

    def _refuse_duplicates(self, item: Field, kept: Sequence[Any], here: str) -> None:
        if item.type in ("object", "array"):
            return
        first: dict[Any, int] = {}
        for index, value in enumerate(kept):
            place = first.setdefault(value, index)
            if value is not None and place != index:
                self.found.append((f"{here}/{index}", f"is in the list already, as entry {place + 1}"))


def _is_free(field: Field, raw: Mapping[Any, Any], around: Surroundings) -> bool:
    """Tell whether the pattern of a field is not asked, because another field is filled in."""
    other = field.pattern_unless
    if other is None:
        return False
    return not is_empty(around.values.get(other)) or (other in around.undecided and not is_empty(raw.get(other)))


def _parts(field: Field, around: Surroundings) -> tuple[Sequence[Field], dict[str, str]]:
    """Return what an object consists of now, and what belongs to its other cases."""
    if field.by is None:
        return field.properties, {}
    parts: Sequence[Field] = ()
    elsewhere: dict[str, str] = {}
    for case in field.cases:
        if compares(Condition(field=field.by, operator="one_of", value=case.value), around.values.get(field.by)):
            parts = case.properties
            continue
        chosen = either(map(shown, case.value))
        elsewhere |= {one.name: f"is asked only while {field.by} is {chosen}" for one in case.properties}
    return parts, elsewhere
