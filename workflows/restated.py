"""Name and description of a connection, about which a spec may say more among its parameters."""

from workflows.catalog import DestinationSpec
from workflows.fields import Field

NAME = Field(name="name", title="Name", required=True, min_length=1, max_length=255, help="What people call it.")
DESCRIPTION = Field(name="description", title="Description", max_length=1024, help="What it is for.")
RESTATED = (NAME.name, DESCRIPTION.name)
"""Parameters of these names are no fields of their own."""


def name_field(spec: DestinationSpec) -> Field:
    """Return the name of a connection, as the destination wants it."""
    return _restated(NAME, spec)


def description_field(spec: DestinationSpec) -> Field:
    """Return the description of a connection, as the destination wants it."""
    return _restated(DESCRIPTION, spec)


def own_parameters(spec: DestinationSpec) -> tuple[Field, ...]:
    """Return what is asked besides name and description."""
    if all(field.name not in RESTATED for field in spec.parameters):
        return spec.parameters
    return tuple(field for field in spec.parameters if field.name not in RESTATED)


def _restated(common: Field, spec: DestinationSpec) -> Field:
    said = next((field for field in spec.parameters if field.name == common.name), None)
    if said is None:
        return common
    bounds = {
        "required": common.required or said.required,
        "min_length": max(common.min_length, said.min_length),
        "max_length": min(common.max_length, said.max_length),
        "title": said.title,
        "help": said.help or common.help,
    }
    return said.model_copy(update=bounds)
