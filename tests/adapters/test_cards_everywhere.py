"""The decision table of the cards, transcribed on its own: the same answer from the API and the command line."""

import asyncio
import json
from itertools import chain, combinations

import httpx2
import pytest
from fastapi import Request
from typer.testing import CliRunner

from adapters.cli.app import build
from adapters.cli.client import Client
from adapters.http import catalog
from adapters.http.app import create_app
from adapters.http.callers import caller
from engine.secret import Secret
from tests.suites.peculiar import connect_plainly, peculiar_installation
from tests.suites.story import ANN, send
from workflows.permissions import Caller

SANDBOXES = {"prod": True, "dev": False}
"""Each with whether something is connected there."""

RELEVANT = (
    "view-destinations",
    "manage-destinations",
    "activate-destinations",
    "activate-segment-without-mapping",
    "manage-and-activate-dataset-destinations",
    "view-profiles",
    "view-segments",
    "view-datasets",
)
EVERYBODY = [frozenset(held) for held in chain.from_iterable(combinations(RELEVANT, n) for n in range(9))]
CARRIES = {
    "just-audiences": {"people"},
    "just-datasets": {"datasets"},
    "just-both": {"people", "accounts", "datasets"},
    "just-accounts": {"accounts"},
    "one-in-a-sandbox": {"people"},
    "one-in-all": {"people"},
    "in-beta": {"people"},
    "only-by-redirect": {"people"},
    "not-to-be-connected": {"people"},
}
NEVER_CONNECTED = {"only-by-redirect", "not-to-be-connected", "in-beta"}
LABELS = {
    "set_up": "Set up",
    "activate": "Activate",
    "activate_audiences": "Activate audiences",
    "export_datasets": "Export datasets",
    "none": "",
}


def rights(held):
    """Return what somebody may: see, activate people, activate accounts, export datasets, connect, connect datasets."""
    see = bool(held & {"view-destinations", "manage-destinations"})
    mapping = bool(held & {"activate-destinations", "activate-segment-without-mapping"})
    return (
        see,
        see and mapping and {"view-profiles", "view-segments"} <= held,
        see and "activate-destinations" in held,
        see and {"view-datasets", "manage-and-activate-dataset-destinations"} <= held,
        "manage-destinations" in held,
        {"manage-destinations", "manage-and-activate-dataset-destinations"} <= held,
    )


def expected(destination, held, connected):
    """Return code and state of a control as the table has it (facts, section 2.2)."""
    _, people, accounts, datasets, connect, connect_datasets = rights(held)
    carries = CARRIES[destination]
    if destination in NEVER_CONNECTED or not connected:
        taken = destination == "one-in-all"  # in the other sandbox
        allowed = connect_datasets if "datasets" in carries else connect
        return "set_up", allowed and not taken and destination != "not-to-be-connected"
    may_activate = ("people" in carries and people) or ("accounts" in carries and accounts)
    may_export = "datasets" in carries and datasets
    match may_activate, may_export:
        case True, True:
            return "activate", True
        case True, False:
            return "activate_audiences", True
        case False, True:
            return "export_datasets", True
    return "none", False


def in_words(held):
    return ",".join(sorted(held))


async def whoever(request: Request):
    """Return a caller that holds what its token says."""
    sent = request.headers["authorization"].removeprefix("Bearer ")
    return Caller("ann", request.headers.get("x-sandbox", "prod"), frozenset(sent.split(",")))


class InProcess:
    """The parts of the command line that these commands need: a client of one application."""

    def __init__(self, app):
        self.app, self.held = app, ""

    def open_client(self, options, *, reading=False):
        return Client(token=Secret(self.held), sandbox=options.sandbox, app=self.app)


@pytest.fixture(scope="module")
def app():
    with peculiar_installation() as system:
        for destination in sorted(CARRIES.keys() - NEVER_CONNECTED):
            made = system.wait(connect_plainly(system, destination))
        system.wait(send(system, "disable", made))
        gone = system.wait(connect_plainly(system, "in-beta"))
        system.wait(send(system, "delete", gone))
        system.wait(connect_plainly(system, "just-both", Caller("ann", "dev"), save=False))
        assert system.cards.show(ANN, "just-both")["connections"] == 1
        app = create_app(system, token=Secret("unused" * 6), routes=catalog.ROUTES)
        app.dependency_overrides[caller] = whoever
        yield app


def test_the_table_holds_for_every_set_of_permissions_through_the_api(app):
    async def ask_for_everybody():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://in-process", trust_env=False) as client:
            for held in EVERYBODY:
                for sandbox, connected in SANDBOXES.items():
                    headers = {"authorization": f"Bearer {in_words(held) or 'nothing'}", "x-sandbox": sandbox}
                    found = await client.get("/v1/catalog", params={"category": "peculiar"}, headers=headers)
                    holds(found.status_code == 200, found.json(), held, connected)

    asyncio.run(ask_for_everybody())


def holds(answered, page, held, connected):
    """Hold a page of cards against the table."""
    assert answered is rights(held)[0], in_words(held)
    if not answered:
        return
    cards = {card["destination"]: card for card in page["items"]}
    assert cards.keys() == CARRIES.keys()
    for destination, card in cards.items():
        control = card["control"]
        code, enabled = expected(destination, held, connected)
        assert (control["code"], control["enabled"]) == (code, enabled), (destination, in_words(held), connected)
        assert control["label"] == LABELS[code]
        assert bool(control["reason"]) is not enabled
        assert bool(control["href"]) is (enabled and code != "set_up"), "what exists is listed first"


def test_the_table_holds_for_every_sort_of_caller_through_the_command_line(app):
    sorts = {rights(held): held for held in EVERYBODY}
    parts = InProcess(app)
    interlock = build(parts)
    for held in sorts.values():
        parts.held = in_words(held) or "nothing"
        for sandbox, connected in SANDBOXES.items():
            said = ["catalog", "list", "--category", "peculiar", "--sandbox", sandbox, "-o", "json"]
            result = CliRunner().invoke(interlock, said)
            assert result.exit_code == (0 if rights(held)[0] else 5), result.stderr
            holds(result.exit_code == 0, json.loads(result.stdout or "{}"), held, connected)
    assert len(sorts) > 15


def test_a_person_reads_in_the_table_what_a_program_reads(app):
    parts = InProcess(app)
    parts.held = in_words(RELEVANT)
    said = CliRunner().invoke(build(parts), ["catalog", "list", "--category", "peculiar"]).stdout
    for destination in CARRIES:
        line = next(line for line in said.splitlines() if line.strip().startswith(f"{destination} "))
        assert LABELS[expected(destination, frozenset(RELEVANT), True)[0]] in line
