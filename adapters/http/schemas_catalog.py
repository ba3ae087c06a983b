"""The answers about the catalog as the API describes them."""

from typing import Any

from pydantic import Field, JsonValue

from adapters.http.schemas import Shape
from adapters.http.schemas_browse import ConnectionPage
from projections.controls import Control


class Monogram(Shape):
    """Two letters and a colour on which white ones can be read, for whoever has no picture."""

    letters: str
    colour: str


class Card(Shape):
    """A destination as the catalog shows it; `explanation` (with `explain`) names the facts behind its control."""

    destination: str
    name: str
    category: str
    category_title: str
    description: str
    type: str
    connection_type: str
    frequency: str
    status: str
    beta: bool
    availability: str
    data_kinds: list[str]
    monogram: Monogram
    documentation: str
    notes: list[str]
    control: Control
    secondary_controls: list[Control]
    connections: int
    drafts: int
    explanation: dict[str, JsonValue] = Field({})


class Category(Shape):
    """A category of the catalog, and how many cards of it match everything else that was asked."""

    id: str
    title: str
    count: int


class CardPage(Shape):
    """A page of the catalog; `total` counts what matches on all pages."""

    items: list[Card]
    next: str | None
    total: int
    categories: list[Category]


class WayToSignIn(Shape):
    """A way to sign in; `credential` is the JSON Schema of what it asks for."""

    id: str
    type: str
    title: str
    kind: str
    reason: str
    credential: dict[str, Any] | None


class Spec(Shape):
    """The version of a catalog entry, and its digest."""

    version: int
    digest: str


class WholeCard(Card):
    """A destination with its ways to sign in and the JSON Schema of its parameters.

    `default_variant` is the way that is meant where none is named.
    """

    configure_new: Control
    variants: list[WayToSignIn]
    default_variant: str | None
    parameters: dict[str, Any] | None
    alerts: list[str]
    locked_marketing_actions: list[str]
    spec: Spec


class ConnectionsOfDestination(ConnectionPage):
    """A page of the connections to one destination, and the control that begins another one."""

    configure_new: Control


class Section(Shape):
    """A part of a page, as Markdown."""

    id: str
    title: str
    text: str


class Documentation(Shape):
    """The page about a destination."""

    destination: str
    title: str
    sections: list[Section]
