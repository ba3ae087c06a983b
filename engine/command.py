"""Command: what somebody asks. Faces read routes, forms and options from it."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

from engine.secret import Secret


class Command(BaseModel):
    """A request to do one thing. `TRIGGER` is its step, `PERMISSIONS` what its sender needs, `TARGET` what it is about.

    `OPENS` says that it creates its target. Errors about its fields never repeat what was sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=True)

    TRIGGER: ClassVar[str] = ""
    TARGET: ClassVar[str] = ""
    PERMISSIONS: ClassVar[tuple[str, ...]] = ()
    OPENS: ClassVar[bool] = False

    @property
    def target_id(self) -> UUID | None:
        """The id of what the command is about; None when it creates it."""
        return None


def _hide(value: Any) -> Any:
    match value:
        case str():
            return Secret(value)
        case list():
            return [_hide(inner) for inner in value]
        case dict():
            return {key: _hide(inner) for key, inner in value.items()}
        case _:
            return value


Hidden = Annotated[Any, BeforeValidator(_hide)]
"""A value that may be a secret: text is wrapped at once, however deep it sits and whatever it turns out to be."""
