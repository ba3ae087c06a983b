"""What a workflow remembers, written down and taken up again exactly, and the form in which that is done."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache, singledispatchmethod
from hashlib import sha256
from types import CodeType, FunctionType
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, SchemaSerializer, SchemaValidator
from pydantic_core.core_schema import typed_dict_field, typed_dict_schema

from engine.aggregate import Workflow
from engine.errors import DefinitionError, SecretLeak, Unstorable

W = TypeVar("W", bound=Workflow)

LAYOUT = 1
"""How what is remembered is written down; another number makes every older snapshot useless, which costs a replay."""

_ALWAYS: dict[str, Any] = {"state": str, "sandbox": str}
_TIMES: dict[str, Any] = {"created_on": datetime, "modified_on": datetime}


class Remembered(Generic[W]):
    """How workflows of one kind are written down; `form` is a digest of all that decides what is remembered.

    Raises:
        DefinitionError: `remembers` of that kind is not what `prepare` gives a blank one to remember.
    """

    def __init__(self, kind: type[W]) -> None:
        declared = {**_ALWAYS, **(kind.remembers or {})}
        astray = declared.keys() ^ kind.blank().describe().keys()
        if astray:
            raise DefinitionError(f"{kind.__name__}: prepare and remembers differ in {', '.join(sorted(astray))}")
        self._kind, self._names = kind, tuple(declared)
        # As pydantic would make it of a TypedDict, whose names would have to stand in the code.
        values = {name: TypeAdapter(kept).core_schema for name, kept in {**_TIMES, **declared}.items()}
        shape = typed_dict_schema(
            {name: typed_dict_field(value) for name, value in values.items()}, extra_behavior="forbid"
        )
        self._validator, self._serializer = SchemaValidator(shape), SchemaSerializer(shape)
        self.form = sha256(repr([LAYOUT, *_makings(kind, declared)]).encode()).digest()

    def write(self, workflow: W) -> bytes:
        """Return what *workflow* remembers, as compact JSON.

        Raises:
            Unstorable, SecretLeak: it remembers something of another type than it declares, or a Secret.
        """
        told = {name: getattr(workflow, name) for name in (*_TIMES, *self._names)}
        try:
            return self._serializer.to_json(told, warnings="error")
        except PydanticSerializationError as error:
            if "Unable to serialize unknown type" in str(error):
                raise SecretLeak(f"{self._kind.__name__} remembers something that has no stored form") from None
            raise Unstorable([("", f"{self._kind.__name__} remembers something of another type")]) from None

    def read(self, body: bytes, stream: UUID, version: int) -> W:
        """Return the workflow that was written down.

        Raises:
            ValueError: these bytes are not what `write` wrote.
        """
        told = self._validator.validate_json(body, strict=True)
        workflow = self._kind.blank(stream)
        workflow._version = version
        workflow._created_on, workflow._modified_on = told.pop("created_on"), told.pop("modified_on")
        for name, value in told.items():
            setattr(workflow, name, value)
        return workflow


@lru_cache(maxsize=256)
def remembered(kind: type[W]) -> Remembered[W] | None:
    """Return how workflows of that kind are written down; None if it does not say what it remembers."""
    return None if kind.remembers is None else Remembered(kind)


def _makings(kind: type[Workflow], declared: dict[str, Any]) -> Iterator[Any]:
    """Yield all that decides what is remembered of a history: the types, the events, and the code that folds them."""
    definition = kind.definition
    yield definition.name, definition.version, sorted((name, repr(shape)) for name, shape in declared.items())
    events = {definition.opening, *(row.event for row in definition.transitions)}
    yield sorted((event.TOPIC, event.SCHEMA_VERSION) for event in events)
    yield _code(Workflow.remember.__code__)
    for owner in kind.__mro__[: kind.__mro__.index(Workflow)]:
        for name, member in vars(owner).items():
            if isinstance(member, singledispatchmethod):
                found = sorted(member.dispatcher.registry.items(), key=lambda item: item[0].__qualname__)
                yield from ((name, case.__qualname__, _code(function.__code__)) for case, function in found)
            elif isinstance(member, FunctionType):
                yield name, _code(member.__code__)


def _code(code: CodeType) -> tuple[Any, ...]:
    return code.co_code, code.co_names, tuple(_constant(constant) for constant in code.co_consts)


def _constant(constant: Any) -> Any:
    if isinstance(constant, CodeType):
        return _code(constant)
    # A set of texts is shown in another order by every process.
    return sorted(map(repr, constant)) if isinstance(constant, frozenset) else repr(constant)
