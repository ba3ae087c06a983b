"""Logs: one wide line for each command, whatever came of it; and no secret in any of them."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import structlog

from adapters.telemetry import configure, redacted
from engine.errors import Refusal
from engine.secret import MASK, Secret
from tests.suites import canaries
from tests.suites.story import ScriptedProber, connect, installation, new_credential, open_account, send
from workflows.connection.commands import Authenticate


@pytest.fixture(autouse=True)
def quiet():
    """Leave logging as unconfigured as it was."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def lines():
    """Return a function that gives what was logged since it was last asked."""
    stream = io.StringIO()
    configure("info", "json", stream)

    def told():
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        assert canaries.traces(text) == []
        return [json.loads(line) for line in text.splitlines()]

    return told


def test_an_accepted_command_writes_one_wide_line(lines):
    with installation() as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        lines()
        outcome = system.wait(send(system, "authenticate", draft, new_credential("sftp"), key="k"))
        [line] = lines()
        system.wait(send(system, "authenticate", draft, new_credential("sftp"), key="k"))
        [again] = lines()
    assert (line["event"], line["level"], line["verdict"]) == ("command", "info", "accepted")
    assert (line["command"], line["kind"], line["actor"], line["sandbox"]) == (
        "authenticate",
        "connection",
        "ann",
        "prod",
    )
    assert (line["state_before"], line["state_after"]) == ("catalog_selected", "authenticated")
    assert (line["id"], line["destination"]) == (str(draft), "sftp")
    assert (line["version"], line["position"]) == (2, outcome.receipt.position)
    assert line["ms"] > 0
    UUID(line["command_id"])
    assert datetime.fromisoformat(line["timestamp"]).tzinfo
    assert (again["verdict"], again["version"]) == ("replayed", 2)
    assert again["command_id"] != line["command_id"]


def test_a_creation_names_what_it_created(lines):
    with installation() as system:
        account = system.wait(open_account(system))
    [line] = lines()
    assert (line["command"], line["id"], line["destination"]) == ("authorise", str(account), "sftp")
    assert "state_before" not in line


def test_a_refused_command_writes_one_wide_line_with_guards_and_attempt(lines):
    with installation() as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        lines()
        with pytest.raises(Refusal) as error:
            system.wait(send(system, "authenticate", draft, new_credential("sftp", good=False)))
        [line] = lines()
    assert (line["level"], line["verdict"], line["code"]) == ("warning", "refused", "credential-rejected")
    assert line["attempt"] == str(error.value.attempt)
    assert line["guards"]
    assert line["state_before"] == "catalog_selected"
    assert "state_after" not in line
    assert line["reason"]


def test_a_failed_command_writes_one_wide_line_that_tells_no_text_of_a_foreign_error(lines):
    class Broken(ScriptedProber):
        async def probe(self, spec, variant, credential, parameters, *, sandbox):
            raise RuntimeError(f"it was {canaries.PASSWORD}")

    with installation(prober=Broken()) as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        lines()
        with pytest.raises(RuntimeError):
            system.wait(send(system, "authenticate", draft, new_credential("sftp")))
        [line] = lines()
    assert (line["level"], line["verdict"], line["code"]) == ("error", "failed", "RuntimeError")
    assert (line["id"], line["state_before"]) == (str(draft), "catalog_selected")


def test_a_log_that_cannot_be_written_to_is_told_as_a_failure(lines, tmp_path):
    with installation(tmp_path) as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        system.workflows.log.close()
        lines()
        with pytest.raises(Exception, match="closed"):
            system.wait(send(system, "discard", draft))
        [line] = lines()
    assert (line["verdict"], line["code"]) == ("failed", "log-unavailable")


def test_nothing_is_printed_when_nobody_asked_for_lines(capfd):
    with installation() as system:
        draft = system.wait(connect(system))
        with pytest.raises(Refusal):
            system.wait(send(system, "govern", draft, {"marketing_actions": []}))
    assert capfd.readouterr() == ("", "")


def test_a_terminal_that_went_away_changes_nothing(tmp_path):
    stream = io.StringIO()
    configure("info", "console", stream)
    stream.close()
    with installation() as system:
        assert system.wait(connect(system))


def test_lines_are_for_people_on_a_terminal_and_json_elsewhere():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for stream, format, is_json in (
        (Terminal(), None, False),
        (io.StringIO(), None, True),
        (Terminal(), "json", True),
        (io.StringIO(), "console", False),
    ):
        configure("info", format, stream)
        structlog.get_logger().info("command", id=uuid4(), password=Secret(canaries.PASSWORD))
        text = stream.getvalue()
        assert text.startswith("{") is is_json
        assert canaries.traces(text) == []
        assert MASK in (json.loads(text)["password"] if is_json else text)


def test_the_level_leaves_out_what_is_below_it():
    stream = io.StringIO()
    configure("warning", "json", stream)
    log = structlog.get_logger()
    log.info("quiet")
    log.warning("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_traceback_shows_no_locals(format):
    stream = io.StringIO()
    configure("info", format, stream)

    def fails():
        hidden = canaries.PASSWORD
        raise RuntimeError("it broke" if hidden else "")

    try:
        fails()
    except RuntimeError:
        structlog.get_logger().exception("failed", key=Secret(canaries.TOKEN))
    text = stream.getvalue()
    assert canaries.traces(text) == []
    assert "RuntimeError" in text
    assert "it broke" in text


def test_a_secret_is_masked_at_any_depth():
    identity, secret = uuid4(), Secret(canaries.PASSWORD)
    value = {"a": [secret, {"b": (secret, {"x": 1})}], "id": identity, "raw": b"abc"}
    assert redacted(value) == {"a": [MASK, {"b": [MASK, {"x": 1}]}], "id": str(identity), "raw": "<3 bytes>"}


def test_what_a_line_holds_is_text_of_the_thing_and_not_of_its_class():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert redacted({"at": moment, "where": Path("/srv"), "set": {1}}) == {
        "at": moment.isoformat(),
        "where": "/srv",
        "set": [1],
    }


def test_a_secret_in_an_object_of_another_kind_stays_masked():
    @dataclass
    class Holder:
        inner: Secret

    command = Authenticate(connection_id=uuid4(), credential={"password": canaries.PASSWORD})
    for format in ("json", "console"):
        stream = io.StringIO()
        configure("info", format, stream)
        structlog.get_logger().info("x", a=Holder(Secret(canaries.TOKEN)), b=command, c=[command], d=Secret("x"))
        assert canaries.traces(stream.getvalue()) == []
        assert stream.getvalue()
