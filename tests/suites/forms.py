"""Small specs made of fields, and short ways to judge a form of them."""

from adapters.catalog.patterns import Re2Patterns
from workflows.catalog import DestinationSpec, Variant
from workflows.parameters import draft_parameters

PATTERNS = Re2Patterns()


def spec_of(*fields, variants=("one", "two"), supports=("audiences", "datasets"), credential=()):
    """Return a spec of these parameters; every way to sign in asks for *credential*."""
    return DestinationSpec(
        id="x",
        name="X",
        category="c",
        description="d",
        type="streaming-segment",
        supports=supports,
        variants=tuple(Variant(id=name, type="t", title=name.title(), fields=credential) for name in variants),
        parameters=fields,
    )


def drafted(spec, fields, *, variant="one", data_kind="people", before=None, **body):
    """Return how a form is judged while it is drafted."""
    whole = {"name": "n", "data_kind": data_kind, "fields": fields, **body}
    return draft_parameters(spec, whole, PATTERNS, variant=variant, before=before)


def kept(spec, fields, **more):
    """Return the fields as they are kept, of a form in which nothing is wrong."""
    found = drafted(spec, fields, **more)
    assert found.problems == ()
    return found.values["fields"]


def told(spec, fields, **more):
    """Return what is wrong with a form, by pointer without /fields."""
    return {pointer.removeprefix("/fields"): message for pointer, message in drafted(spec, fields, **more).problems}


def asks(spec, fields, **more):
    """Return the fields that are asked for, by pointer without /fields."""
    found = drafted(spec, fields, **more).asked
    return [pointer.removeprefix("/fields") for pointer in found if pointer.startswith("/fields/")]
