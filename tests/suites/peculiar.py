"""Destinations that the catalog has none of, or few: each one exception, and nothing to sign in with."""

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tests.suites.story import ANN, installation, send
from workflows.catalog import DestinationSpec

_PLAIN = {
    "category": "peculiar",
    "description": "One of its kind.",
    "type": "streaming-segment",
    "supports": ["audiences"],
    "variants": [{"id": "none", "type": "none", "title": "None", "kind": "none", "reason": "nothing is asked"}],
}
PECULIAR = {
    "just-audiences": {},
    "just-datasets": {"supports": ["datasets"], "type": "dataset-export"},
    "just-both": {"type": "file-based", "supports": ["audiences", "datasets"], "audience_types": ["people", "account"]},
    "just-accounts": {"audience_types": ["account"]},
    "one-in-a-sandbox": {"one_per": "sandbox"},
    "one-in-all": {"one_per": "organisation"},
    "only-by-redirect": {
        "variants": [{"id": "oauth", "type": "oauth2-authorization-code", "title": "Log in", "kind": "redirect"}]
    },
    "still-in-test": {"lifecycle": "test"},
    "gone-for-good": {"lifecycle": "deleted"},
    "not-to-be-connected": {"variants": [], "not_connectable": "the partner sends the data itself"},
    "in-beta": {"status": "beta", "availability": "by invitation"},
}


def raw(name, /, **more):
    """Return a spec as its file has it."""
    return {"id": name, "name": name.replace("-", " ").capitalize(), **_PLAIN, **PECULIAR.get(name, {}), **more}


def spec(name, /, **more):
    """Return one of them, changed if need be."""
    return DestinationSpec.model_validate(raw(name, **more))


@contextmanager
def peculiar_installation(**changes):
    """Open an installation that knows them beside the whole catalog; *changes* are those of specs, by id."""
    with TemporaryDirectory() as folder:
        for name in PECULIAR:
            (Path(folder) / f"{name}.yaml").write_text(yaml.safe_dump(raw(name, **changes.get(name, {}))))
        with installation(catalog=folder) as system:
            assert not system.catalog.problems, system.catalog.problems
            yield system


async def connect_plainly(system, destination, caller=ANN, *, save=True, kind=None):
    """Connect a destination that asks for nothing; return the connection's id."""
    outcome = await system.submit("connection", "select", {"destination": destination}, caller)
    kind = kind or system.catalog.get(destination).data_kinds[0]
    steps = {
        "authenticate": {},
        "set_parameters": {"name": f"To {destination}", "data_kind": kind},
        "configure_alerts": {"alerts": []},
        "govern": {"marketing_actions": []},
        **({"save": {}} if save else {}),
    }
    for trigger, body in steps.items():
        outcome = await send(system, trigger, outcome.shown["id"], body, caller)
    return outcome.receipt.stream
