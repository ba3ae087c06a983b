"""Live options: what a field may be chosen from, as somebody found it just now, or why it could not be found."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from engine.storable import escape
from workflows.fields import Field

MOST_CHOICES = 1_000


class Choice(BaseModel):
    """One value that may be chosen, and what it is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str | int | float
    title: str


class OptionsAnswer(BaseModel):
    """What came of asking for the choices of a field. A failure is told as such: it is never a list without choices.

    `offered`: these are the choices (`truncated`: there are more than are told; `left_out` items could not be read);
    none at all means that the destination has none. `waiting`: `waiting_for` names the fields that must be filled in
    first. `failed`: `code`, `message` and `fix` say why, `retryable` whether asking again may help. `unsupported`:
    nobody here can ask for such a list; the field takes text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["offered", "waiting", "failed", "unsupported"]
    choices: tuple[Choice, ...] = ()
    truncated: bool = False
    left_out: int = 0
    waiting_for: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    fix: str = ""
    retryable: bool = False

    @classmethod
    def offered(cls, found: Sequence[Choice], *, more: bool = False, left_out: int = 0) -> Self:
        """Return the choices, each value once, and no more than `MOST_CHOICES` of them."""
        first: dict[str | int | float, Choice] = {}
        for choice in found:
            first.setdefault(choice.value, choice)
        once = tuple(first.values())
        told = [] if once else ["there is nothing to choose from: the list is empty"]
        truncated = more or len(once) > MOST_CHOICES
        told += [f"only the first {min(len(once), MOST_CHOICES)} are shown"] if truncated else []
        told += [f"{left_out} of the list could not be read and are left out"] if left_out else []
        return cls(
            status="offered",
            choices=once[:MOST_CHOICES],
            truncated=truncated,
            left_out=left_out,
            message="; ".join(told),
        )

    @classmethod
    def waiting(cls, names: Sequence[str]) -> Self:
        """Say which fields must be filled in first."""
        return cls(status="waiting", waiting_for=tuple(names), message=f"fill in first: {', '.join(names)}")

    @classmethod
    def failed(cls, code: str, message: str, *, fix: str = "", retryable: bool = False) -> Self:
        """Say why there is no list."""
        return cls(status="failed", code=code, message=message, fix=fix, retryable=retryable)

    @classmethod
    def unsupported(cls, message: str) -> Self:
        """Say that nobody here can ask for this list."""
        return cls(status="unsupported", message=message, fix="type the value as the destination spells it")

    def offers(self, value: Any) -> bool:
        """Tell whether *value* is on offer, as far as the list says: one that is not whole refuses nothing."""
        if self.status != "offered" or self.truncated or self.left_out:
            return True
        return any(choice.value == value or str(choice.value) == value for choice in self.choices)


@dataclass(frozen=True, slots=True)
class LiveField:
    """A field with live options in a form that is being filled in: where it stands, what it and its form hold."""

    pointer: str
    field: Field
    value: Any
    around: Mapping[str, Any]

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that it depends on and that are not filled in."""
        depends_on = self.field.options.depends_on if self.field.options else ()
        return tuple(name for name in depends_on if self.around.get(name) in (None, "", [], {}))

    def not_offered(self, answer: OptionsAnswer) -> Iterator[tuple[str, str]]:
        """Yield (JSON Pointer, message) for each chosen value that the list does not hold."""
        several = isinstance(self.value, list | tuple)
        for index, value in enumerate(self.value if several else [self.value]):
            if value not in (None, "") and not answer.offers(value):
                where = f"{self.pointer}/{index}" if several else self.pointer
                yield where, "is not in the list as it stands now; whether it is taken is seen when it is tried"


def live_fields(
    fields: Sequence[Field],
    values: Mapping[str, Any],
    pointer: str = "/fields",
    *,
    asked: Collection[str] | None = None,
    outer: Mapping[str, Any] | None = None,
) -> Iterator[LiveField]:
    """Yield every field with live options that a person is asked for, however deep it stands.

    *asked* holds the pointers of what the form asks for now (None: all of it). A field may depend on those beside it
    and on those around it; of two with one name the nearer counts.
    """
    filled = {field.name: values.get(field.name, field.default) for field in fields}
    around = {**(outer or {}), **filled}
    for field in fields:
        here = f"{pointer}/{escape(field.name)}"
        if field.hidden or field.read_only or (asked is not None and here not in asked):
            continue
        value = values.get(field.name, field.default)
        if field.options is not None:
            yield LiveField(here, field, value, around)
        elif field.type == "object":
            yield from _of_object(field, value, here, asked, around)
        elif field.type == "array" and field.items is not None:
            yield from _of_array(field.items, value, here, asked, around)


def _of_object(
    field: Field, value: Any, here: str, asked: Collection[str] | None, around: Mapping[str, Any]
) -> Iterator[LiveField]:
    inner = value if isinstance(value, Mapping) else {}
    properties = list(field.properties)
    chosen = {**around, **inner}.get(field.by) if field.by else None
    for case in field.cases:
        properties += case.properties if chosen in case.value else ()
    yield from live_fields(properties, inner, here, asked=asked, outer=around)


def _of_array(
    item: Field, value: Any, here: str, asked: Collection[str] | None, around: Mapping[str, Any]
) -> Iterator[LiveField]:
    held = list(value) if isinstance(value, list | tuple) else []
    if item.options is not None:
        yield LiveField(here, item, held, around)
    elif item.type == "object":
        for index, one in enumerate(held):
            yield from _of_object(item, one, f"{here}/{index}", asked, around)
