"""What a spec may well say, and its author perhaps did not mean: told as a warning, never refused."""

from collections.abc import Iterator

from adapters.catalog.faults import Fault
from workflows.catalog import DestinationSpec
from workflows.nearest import nearest

CATEGORIES = (
    "adobe",
    "advertising",
    "analytics",
    "cloud-storage",
    "crm",
    "data-management",
    "data-partners",
    "ecommerce",
    "email-marketing",
    "marketing-automation",
    "mobile-engagement",
    "personalization",
    "social",
    "streaming",
    "survey",
    "voice",
    "warehouses",
)
"""The shelves of the catalog; a spec may set up another one."""


def advice(spec: DestinationSpec) -> Iterator[Fault]:
    """Yield a warning for everything in a spec that is allowed, but rarely meant."""
    if spec.category not in CATEGORIES:
        near = nearest(spec.category, CATEGORIES) or f"; the others are {', '.join(CATEGORIES)}"
        yield Fault(f"no other destination is in this category{near}", ("category",), warning=True)
