"""Secret: a value that can be used, never shown, and never stored in an event."""

import hmac
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

MASK = "••••••"


class Secret:
    """A text that proves something. Every way of looking at it shows a mask; `reveal` is the one way out.

    It cannot be pickled, copied, formatted, iterated or serialised; two secrets are compared in constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("a Secret wraps text")
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        """Return the value, for the one call that needs it (the vault, the destination)."""
        return self._value  # type: ignore[attr-defined, no-any-return]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret never changes")

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __len__(self) -> int:
        return len(self.reveal())

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = self.reveal(), other.reveal()
        return hmac.compare_digest(mine.encode("utf-8", "surrogatepass"), theirs.encode("utf-8", "surrogatepass"))

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    def __getstate__(self) -> NoReturn:
        # Python would otherwise hand the slots out.
        raise TypeError("a Secret cannot be pickled or copied")

    def __iter__(self) -> NoReturn:
        raise TypeError("a Secret cannot be iterated")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate from text or a Secret; refuse every serial form."""

        def refuse(value: Any) -> NoReturn:
            raise ValueError("a Secret has no serial form")

        def wrap(value: Any) -> Secret:
            if isinstance(value, Secret):
                return value
            if not isinstance(value, str):
                raise ValueError("a secret must be text")
            return Secret(value)

        return core_schema.no_info_plain_validator_function(
            wrap, serialization=core_schema.plain_serializer_function_ser_schema(refuse)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the text that is taken in."""
        return {"type": "string", "format": "password", "writeOnly": True}
