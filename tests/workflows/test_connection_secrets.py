"""A secret that somebody sent is nowhere but in the vault: not in the log, views, answers, errors or log lines."""

import io
import json
import traceback

import pytest
import structlog

from adapters.telemetry import configure
from engine.errors import EngineError
from tests.suites import canaries, story
from tests.suites.story import ANN, connect, installation, open_account, send
from workflows.connection.commands import Authenticate
from workflows.permissions import Caller


@pytest.fixture
def lines():
    stream = io.StringIO()
    configure("debug", "json", stream)
    yield stream
    structlog.reset_defaults()


def everything_told(system, *told):
    """Return all that an installation can be made to say, as one text."""
    lists = system.lists
    told = [
        *told,
        system.cards.browse(ANN, explain=True),
        lists.connections(ANN, limit=None),
        lists.accounts(ANN, limit=None),
    ]
    told += [lists.audit_events(ANN, limit=None), lists.audit_attempts(ANN, limit=None), system.health.report()]
    for row in lists.connections(ANN, limit=None)["items"]:
        told += [system.explain.history(ANN, "connection", row["id"])]
        told += [system.wait(system.explain.actions(ANN, "connection", row["id"]))]
        told += [system.wait(system.explain.path(ANN, row["id"], "saved"))]
        told += [system.wait(system.explain.diagram(ANN, "connection", row["id"]))]
    for row in lists.accounts(ANN, limit=None)["items"]:
        told += [system.explain.history(ANN, "account", row["id"])]
    return json.dumps(told)


def outcome_of(system, work):
    """Return what came of a command, with everything that could be printed of it."""
    try:
        outcome = system.wait(work)
    except EngineError as error:
        shown = "".join(traceback.format_exception(error))
        return f"{shown} {error!r} {error.fix} {vars(error)!r} {getattr(error, 'details', '')!r}"
    return json.dumps(outcome.as_dict()) + repr(outcome)


def test_a_planted_secret_shows_nowhere(tmp_path, lines):
    told = []
    with installation(tmp_path) as system:
        for destination in ("sftp", "http-api", "amazon-s3"):
            system.wait(connect(system, destination))
            system.wait(open_account(system, destination))
            connection = system.wait(connect(system, destination, "catalog_selected"))
            bodies = [
                story.new_credential(destination, good=False),
                {**story.new_credential(destination), "credential": story.malformed(destination)},
                {**story.new_credential(destination), "variant": canaries.PASSWORD},
                {"credential": canaries.PASSWORD},
                {"credential": [canaries.PASSWORD]},
                {"credential": {"password": {"deep": [canaries.PASSWORD]}}},
                {"account_id": canaries.PASSWORD},
                canaries.PASSWORD,
                {**story.new_credential(destination), "account_id": "01a21049-137e-7432-8e9b-7e0bb19a5208"},
                story.new_credential(destination),
            ]
            for body in bodies:
                told.append(outcome_of(system, send(system, "authenticate", connection, body, key="k")))
            probed = {"destination": destination, "credential": story.credential(destination, good=False)}
            probed |= {"variant": "bearer"} if destination == "http-api" else {}
            told.append(system.wait(system.probes.probe(ANN, probed)))
        told.append(everything_told(system))
        assert system.verify(ANN)["sound"]
    assert canaries.traces(json.dumps(told)) == []
    assert lines.getvalue().count('"command"') > 40
    assert canaries.traces(lines.getvalue()) == []
    assert canaries.traces_in_files(tmp_path) == {}


def test_the_search_itself_finds_what_was_planted(tmp_path):
    (tmp_path / "leak").write_bytes(b"\x00" + canaries.PASSWORD.encode().hex().encode())
    assert len(canaries.traces_in_files(tmp_path)) == 1


def test_a_command_shows_a_mask_for_its_credential():
    command = Authenticate.model_validate(
        {"connection_id": story.ANN and "01a21049-137e-7432-8e9b-7e0bb19a5208", **story.new_credential("sftp")},
        strict=False,
    )
    assert canaries.traces(repr(command) + str(command)) == []
    assert command.credential["password"].reveal() == canaries.PASSWORD


def test_a_caller_without_permission_is_refused_without_a_word_of_what_was_sent(tmp_path, lines):
    with installation(tmp_path) as system:
        connection = system.wait(connect(system, "sftp", "catalog_selected"))
        viewer = Caller("bob", permissions=frozenset(["view-destinations"]))
        told = outcome_of(
            system, send(system, "authenticate", connection, story.new_credential("sftp"), viewer, key="k")
        )
        assert "lacks manage-destinations" in told
        assert canaries.traces(told + lines.getvalue() + everything_told(system)) == []
