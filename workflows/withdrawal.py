"""Destinations that left the catalog while connections and accounts of them live on."""

from typing import Protocol

from engine.errors import GuardFailed, NotFound
from engine.guard import Facts, Guard, Passed, Refused, Verdict
from workflows.catalog import DestinationSpec
from workflows.ports import Catalog

CODE = "destination-withdrawn"


class OfDestination(Protocol):
    """A connection or an account: whatever is of one destination."""

    destination: str
    state: str


def _destination_is_in_the_catalog(facts: Facts) -> Verdict:
    if not facts.get("withdrawn"):
        return Passed()
    return Refused(
        CODE,
        f"the catalog no longer has {facts['workflow'].destination}, or its entry cannot be read",
        "put its entry back into the catalog folder and start again; what exists can still be discarded or deleted",
        None,
        "the operator of this installation",
    )


in_catalog = Guard("in_catalog", _destination_is_in_the_catalog)
"""Passes unless the fact `withdrawn` says otherwise."""


def spec_of(catalog: Catalog, workflow: OfDestination, trigger: str) -> DestinationSpec:
    """Return the spec of something that lives; *trigger* is what the spec is needed for.

    Raises:
        GuardFailed: the destination left the catalog.
    """
    spec = spec_if_any(catalog, workflow)
    if spec is None:
        report = in_catalog.ask({"withdrawn": True, "workflow": workflow})
        raise GuardFailed(trigger, workflow.state, [report])
    return spec


def spec_if_any(catalog: Catalog, workflow: OfDestination) -> DestinationSpec | None:
    """Return the spec of something that lives, None when its destination left the catalog."""
    try:
        return catalog.get(workflow.destination)
    except NotFound:
        return None
