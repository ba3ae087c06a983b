"""Destinations of which only one connection may have something, and several people who save at once."""

import asyncio
from pathlib import Path

from engine.errors import Conflict, EngineError
from tests.suites.story import ANN, send

ENTRIES = """
id: parcels
name: Parcels
category: streaming
description: Sends parcels.
type: streaming-profile
supports: [audiences]
alerts: streaming
advised_per_sandbox: 2
variants:
  - {id: none, type: none, title: Nothing, kind: none, reason: Nobody asks.}
parameters:
  - {name: alias, title: Alias, unique: sandbox}
  - {name: account, title: Account, unique: organisation}
"""
ONLY = """
id: lighthouse
name: Lighthouse
category: streaming
description: Takes one connection in the whole organisation.
type: streaming-profile
supports: [audiences]
alerts: streaming
one_per: organisation
variants:
  - {id: none, type: none, title: Nothing, kind: none, reason: Nobody asks.}
"""


def a_catalog(folder: Path) -> Path:
    """Write both entries into a folder; return it."""
    folder.mkdir(exist_ok=True)
    (folder / "parcels.yaml").write_text(ENTRIES)
    (folder / "lighthouse.yaml").write_text(ONLY)
    return folder


async def ready_to_save(system, destination="parcels", caller=ANN, **fields):
    """Return the id of a connection that only waits for being saved."""
    outcome = await system.submit("connection", "select", {"destination": destination}, caller)
    target = outcome.receipt.stream
    await send(system, "authenticate", target, {}, caller)
    await send(system, "set_parameters", target, {"name": "Daily", "fields": fields}, caller)
    await send(system, "configure_alerts", target, {"alerts": []}, caller)
    await send(system, "govern", target, {"marketing_actions": []}, caller)
    return target


async def tried(work):
    """Return what a command came to, or why it was refused."""
    try:
        return await work
    except (EngineError, Conflict) as error:
        return error


async def at_once(*works):
    """Let commands race in one event loop; return what came of each."""
    return await asyncio.gather(*map(tried, works))


def codes(came):
    """Return why commands were refused: the code of the guard of each."""
    errors = [one for one in came if isinstance(one, EngineError)]
    return [
        next((report.code for report in getattr(one, "guards", ()) if report.passed is False), one.code)
        for one in errors
    ]
