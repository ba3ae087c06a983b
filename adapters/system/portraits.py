"""How a destination looks on its card: what is the same for everybody who sees it, worked out once for each spec."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from projections.cards import CardRow
from projections.controls import control, secondary_controls
from workflows.catalog import DestinationSpec

_TITLES = {
    "crm": "CRM",
    "data-management": "Data management platform (DMP)",
    "ecommerce": "E-commerce",
    "email-marketing": "Email marketing",
    "voice": "Voice of the customer",
}
_COLOURS = (
    "#1d4ed8",
    "#0f766e",
    "#b45309",
    "#be123c",
    "#6d28d9",
    "#15803d",
    "#a21caf",
    "#0369a1",
    "#9a3412",
    "#4338ca",
    "#4d7c0f",
    "#9f1239",
)
"""White letters can be read on each of them."""

_FREQUENCIES = {
    "streaming-segment": "streaming",
    "streaming-profile": "streaming",
    "edge-personalization": "streaming",
    "file-based": "batch",
    "dataset-export": "batch",
}
_CONNECTION_TYPES = (
    ("s3-", "S3"),
    ("sftp-", "SFTP"),
    ("azure-service-principal", "Azure Data Lake Storage"),
    ("azure-", "Azure Blob"),
)
_REMEMBERED = 100
"""Sets of permissions; there are few different ones at a time."""

OAUTH_CLIENT_MISSING = (
    "people sign in at the partner; for that this installation needs an OAuth client of its own, and none is configured"
)


def comparable(text: str) -> str:
    """Return a text as it is searched: without case, accents composed."""
    return unicodedata.normalize("NFC", text.casefold())


def category_title(category: str) -> str:
    """Return what people call a category."""
    return _TITLES.get(category) or category.replace("-", " ").capitalize()


def monogram(spec: DestinationSpec) -> dict[str, str]:
    """Return two letters and a colour: the same ones for as long as name and id stay."""
    words = [word for word in spec.name.replace("-", " ").split() if word[0].isalnum()] or ["?"]
    letters = words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]
    shade = sha256(spec.id.encode()).digest()[0]
    return {"letters": letters.upper(), "colour": _COLOURS[shade % len(_COLOURS)]}


def connection_type(spec: DestinationSpec) -> str:
    """Return how data gets there (facts, section 2.1); "" for what is not connected."""
    if spec.type in ("extension", "not-stated"):
        return ""
    if spec.type != "file-based":
        return "Server-to-server"
    if spec.id == "data-landing-zone":
        return "DLZ"
    ways = {
        next((name for prefix, name in _CONNECTION_TYPES if one.type.startswith(prefix)), "") for one in spec.variants
    }
    return ways.pop() or "Cloud storage" if len(ways) == 1 else "Cloud storage"


def frequency(spec: DestinationSpec) -> str:
    """Return how often data goes there: streaming, batch or live; "" where that is not known."""
    return spec.export_frequency or _FREQUENCIES.get(spec.type, "")


def notes_on(spec: DestinationSpec) -> list[str]:
    """Return what is to be known before setting up: the remarks of the spec, and what this installation lacks."""
    signs_in_there = bool(spec.variants) and all(variant.kind == "redirect" for variant in spec.variants)
    return [*([spec.notes] if spec.notes else []), *([OAUTH_CLIENT_MISSING] if signs_in_there else [])]


@dataclass(frozen=True)
class Portrait:
    """One spec, with what of its card depends on nothing else."""

    spec: DestinationSpec
    _offered: dict[Any, dict[str, Any]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def shown(self) -> dict[str, Any]:
        """What every card of this destination says."""
        spec = self.spec
        return {
            "destination": spec.id,
            "name": spec.name,
            "category": spec.category,
            "category_title": category_title(spec.category),
            "description": spec.description,
            "type": spec.type,
            "connection_type": connection_type(spec),
            "frequency": frequency(spec),
            "status": spec.status,
            "beta": spec.status == "beta",
            "availability": spec.availability,
            "data_kinds": list(spec.data_kinds),
            "monogram": monogram(spec),
            "documentation": spec.documentation,
            "notes": notes_on(spec),
        }

    @cached_property
    def place(self) -> tuple[str, str]:
        """Where it stands in the catalog: by name, then by id."""
        return comparable(self.spec.name), self.spec.id

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What is searched."""
        spec = self.spec
        texts = (spec.name, spec.description, spec.id, spec.category, category_title(spec.category))
        return tuple(map(comparable, texts))

    @property
    def kind(self) -> str:
        """Which of the two sorts of cards this is."""
        return "extensions" if self.spec.type == "extension" else "connections"

    @cached_property
    def digest(self) -> str:
        """The digest of the spec."""
        return self.spec.digest

    def mentions(self, wanted: Collection[str]) -> bool:
        """Tell whether any of the texts holds any of these."""
        return any(text in place for text in wanted for place in self.texts)

    def offers(self, row: CardRow | None, permissions: frozenset[str], elsewhere: bool) -> dict[str, Any]:
        """Return the controls for somebody with these permissions: they depend on nothing else."""
        case = (row is not None and bool(row.saved), permissions, elsewhere)
        found = self._offered.get(case)
        if found is None:
            if len(self._offered) >= _REMEMBERED:
                self._offered.clear()
            found = self._offered[case] = {
                "control": control(self.spec, row, permissions, elsewhere=elsewhere).model_dump(),
                "secondary_controls": [one.model_dump() for one in secondary_controls(self.spec, row)],
            }
        return found
