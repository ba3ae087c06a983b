"""The story of the demo: three connections from the catalog to saved, refusals explained, a history proved."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console

from adapters.composition import compose
from adapters.demo.servers import Endpoint, SftpServer, http_endpoint, sftp_server
from adapters.demo.stage import DemoFailed, Stage, readable
from adapters.demo.tampering import prove_and_tamper
from adapters.settings import Settings
from adapters.store.lock import who_owns
from adapters.system import Outcome, System
from engine.errors import EngineError, GuardFailed, Invalid, TransitionRefused
from engine.secret import Secret
from workflows.connection import commands as ask
from workflows.permissions import Caller

ME = Caller("demo")
MARKER = "interlock-demo"
CSV = {"file_type": "csv", "compression": "gzip", "delimiter": "|"}


def run(home: Path, console: Console | None = None, *, stage: Stage | None = None) -> int:
    """Play the demo in *home*, emptied first; return the exit code: 0 when everything was as it says.

    A folder that was not made by the demo, or that somebody uses now, is left alone, and the exit code is 2.
    """
    stage = stage or Stage(console or Console())
    try:
        against = _against(home)
        if against:
            stage.console.print(f"{against}; name another folder with --home", style="red", markup=False)
            return 2
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True, mode=0o700, exist_ok=True)
        (home / MARKER).write_text("made by `interlock demo`, which empties this folder at each run\n")
    except OSError as error:
        stage.console.print(f"{home} cannot be made: {error.strerror}; name another with --home", style="red")
        return 2
    try:
        _play(home, stage)
    except DemoFailed as failure:
        stage.console.print(f"\nThis is not as it should be: {failure}", style="bold red", markup=False)
        return 1
    except EngineError as error:
        stage.console.print(f"\nThe demo stopped: {error}\nfix: {error.fix}", style="bold red", markup=False)
        return 1
    stage.console.print(f"\n[bold green]{stage.insisted} claims, all of them true.[/] Look around:", highlight=False)
    for command in ("serve", "connections list"):
        stage.console.print(f"  {_program()} --home {home} {command}", markup=False, highlight=False)
    return 0


def _program() -> str:
    """Return what to type to run Interlock: where it is not on the path, the way it was run now."""
    here = Path(sys.argv[0])
    return "interlock" if shutil.which("interlock") or here.name != "interlock" else os.path.relpath(here)


def _against(home: Path) -> str:
    if home.exists() and not home.is_dir():
        return f"{home} is no folder"
    if home.exists() and any(home.iterdir()) and not (home / MARKER).exists():
        return f"{home} holds something that is not a demo"
    owner = who_owns(home / "interlock.db") if home.exists() else None
    return f"{home} is in use by process {owner.get('pid')}" if owner else ""


def _play(home: Path, stage: Stage) -> None:
    with tempfile.TemporaryDirectory(prefix="interlock-demo-") as served:
        password, token = "correct horse battery staple", "demo-endpoint-token"
        with sftp_server(Path(served), username="demo", password=password) as sftp, http_endpoint(token) as endpoint:
            ports = (sftp.port, endpoint.port)
            settings = Settings(home=home, allow_networks=tuple(f"127.0.0.1/32:{port}" for port in ports))
            with compose(settings) as interlock:
                Story(interlock, stage).tell(sftp, Secret(password), endpoint, Secret(token))
            files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
            hidden = not any(secret.encode() in file for secret in (password, token) for file in files)
            stage.insist(hidden, f"neither password nor token stands in any of the {len(files)} files of {home}")
            prove_and_tamper(settings, stage, ME)


_SHOWN = ("cloud-storage", "streaming")
"""The categories of what the demo connects."""


class Story:
    """The chapters, each a few commands and what must come of them."""

    def __init__(self, interlock: System, stage: Stage) -> None:
        self.interlock, self.stage = interlock, stage

    def tell(self, sftp: SftpServer, password: Secret, endpoint: Endpoint, token: Secret) -> None:
        """Play every chapter that needs the installation open."""
        self.stage.chapter("1. The catalog", "Each card offers what can be done with its destination now.")
        before = self._cards("Before")
        self.stage.insist(not any(card["connections"] for card in before), "nothing is connected yet")
        landing = self._landing_zone()
        transfer = self._sftp(sftp, password)
        self._http(endpoint, token)
        self._time_travel(transfer)
        self.stage.chapter("6. The catalog again", "The cards are a projection of the events.")
        cards = {card["destination"]: card for card in self._cards("After")}
        self.stage.insist(cards["sftp"]["control"]["code"] == "activate", "SFTP now offers: Activate")
        self.stage.insist(
            cards["http-api"]["control"]["code"] == "activate_audiences", "HTTP API now offers: Activate audiences"
        )
        self.stage.insist(cards["amazon-s3"]["control"]["code"] == "set_up", "Amazon S3 still says: Set up")
        self._audit(landing)

    def _cards(self, title: str) -> list[dict[str, Any]]:
        everything = self.interlock.cards.browse(ME, limit=1)["total"]
        cards: list[dict[str, Any]] = self.interlock.cards.browse(ME, category=_SHOWN, limit=None)["items"]
        self.stage.cards(f"{title} (storage and streaming, of {everything} destinations)", cards)
        return cards

    def _run(self, command: Any, **options: Any) -> Outcome:
        with self.stage.console.status(f"{command.TRIGGER} ..."):
            return self.interlock.run(command, ME, **options)

    def _select(self, destination: str) -> UUID:
        outcome = self._run(ask.SelectDestination(destination=destination))
        self.stage.insist(outcome.shown["state"] == "catalog_selected", f"{destination} is picked in the catalog")
        return UUID(outcome.shown["id"])

    def _step(self, command: Any, state: str, claim: str, *, checks: bool = False) -> Outcome:
        outcome = self._run(command)
        self.stage.insist(outcome.shown["state"] == state, claim)
        if checks:
            history = self.interlock.explain.history(ME, "connection", outcome.shown["id"])
            self.stage.checks(history[-1]["facts"]["checks"])
        return outcome

    def _finish(self, connection: UUID, alerts: list[str], actions: list[str]) -> Outcome:
        self._step(
            ask.ConfigureAlerts(connection_id=connection, alerts=alerts),
            "alerts_configured",
            f"alerts are chosen: {', '.join(alerts) or 'none, which is a choice and on record'}",
        )
        self._step(
            ask.Govern(connection_id=connection, marketing_actions=actions),
            "governed",
            f"marketing actions are chosen: {', '.join(actions)}",
        )
        return self._step(ask.Save(connection_id=connection, then="exit"), "saved", "the connection is saved")

    def _landing_zone(self) -> UUID:
        self.stage.chapter("2. Data Landing Zone", "The installation provides it: there is nothing to ask.")
        connection = self._select("data-landing-zone")
        self._step(
            ask.Authenticate(connection_id=connection), "authenticated", "nothing to prove, with the reason on record"
        )
        fields = {"folder_path": "exports/%SEGMENT_NAME%"}
        with self.stage.refused(Invalid, "invalid", "a folder that climbs out is refused"):
            outside = {"folder_path": "../../etc"}
            self._run(
                ask.SetParameters(connection_id=connection, name="Landing zone", data_kind="people", fields=outside)
            )
        command = ask.SetParameters(
            connection_id=connection, name="Landing zone", data_kind="people", fields=fields, file_format=CSV
        )
        self._step(command, "parameters_set", "a file was written there, read back and removed", checks=True)
        self._finish(connection, ["flow-run-failure"], ["analytics"])
        return connection

    def _sftp(self, server: SftpServer, password: Secret) -> UUID:
        self.stage.chapter("3. SFTP", f"A real server at {server.host}:{server.port}.")
        connection = self._select("sftp")
        login: dict[str, Any] = {"domain": server.host, "port": server.port, "username": server.username}
        with self.stage.refused(GuardFailed, "host-key-unknown", "no password goes to a server that nobody knows"):
            self._run(ask.Authenticate(connection_id=connection, credential={**login, "password": password}))
        login["host_key"] = server.fingerprint
        with self.stage.refused(GuardFailed, "credential-rejected", "a wrong password is refused by the server itself"):
            self._run(ask.Authenticate(connection_id=connection, credential={**login, "password": "guessed"}))
        self.stage.insist(
            self.interlock.explain.get(ME, "connection", connection)["version"] == 1, "neither refusal changed a thing"
        )
        command = ask.Authenticate(
            connection_id=connection, credential={**login, "password": password}, account_name="Partner drop box"
        )
        self._step(command, "authenticated", "the right password opens an account", checks=True)
        parameters = ask.SetParameters(
            connection_id=connection,
            name="Nightly drop",
            data_kind="datasets",
            fields={"folder_path": "/"},
            file_format={"file_type": "parquet"},
        )
        self._step(parameters, "parameters_set", "a file was written on the server and removed again", checks=True)
        self._finish(connection, [], ["analytics", "dataScience"])
        return connection

    def _http(self, endpoint: Endpoint, token: Secret) -> UUID:
        self.stage.chapter("4. HTTP API", f"An endpoint at {endpoint.url} that wants a bearer token.")
        connection = self._select("http-api")
        with self.stage.refused(TransitionRefused, "transition-refused", "a step out of order is refused") as caught:
            self._run(ask.Govern(connection_id=connection, marketing_actions=["analytics"]))
        self.stage.insist(caught[0].path[0] == "authenticate", f"the way there: {' → '.join(caught[0].path)} → govern")
        actions = self.interlock.wait(self.interlock.explain.actions(ME, "connection", connection))["actions"]
        rows = [(found["command"], "yes" if found["allowed"] else "no", _why(found)) for found in actions[:5]]
        self.stage.table("What may happen now, and why not the rest", ("Command", "Allowed", "Because"), rows)
        bearer = {"bearer_token": "not-the-token"}
        command = ask.Authenticate(connection_id=connection, variant="bearer", credential=bearer, account_name="Wrong")
        self._step(command, "authenticated", "only the parameters name the host: not testable yet", checks=True)
        parameters = ask.SetParameters(
            connection_id=connection, name="Live updates", fields={"http_endpoint": endpoint.url}
        )
        with self.stage.refused(GuardFailed, "credential-rejected", "the endpoint rejects that token"):
            self._run(parameters)
        command = ask.Authenticate(connection_id=connection, variant="bearer", credential={"bearer_token": token})
        self._step(command, "authenticated", "going back is an ordinary move: another token")
        first = self._run(parameters, key="demo-key-1")
        self.stage.insist(first.shown["state"] == "parameters_set", "the endpoint accepts it")
        self.stage.checks(self.interlock.explain.history(ME, "connection", connection)[-1]["facts"]["checks"])
        again = self._run(parameters, key="demo-key-1")
        same = again.receipt == first.receipt and again.as_dict() == first.as_dict()
        self.stage.insist(same and again.replayed, "the same command with the same key: the same receipt, one effect")
        self._finish(connection, ["skip-rate"], ["onsitePersonalization"])
        return connection

    def _time_travel(self, connection: UUID) -> None:
        self.stage.chapter("5. Time travel", "Every read takes as_of; any two moments can be compared.")
        then = self.interlock.explain.get(ME, "connection", connection, as_of="2")
        now = self.interlock.explain.get(ME, "connection", connection)
        self.stage.insist(then["state"] == "authenticated" and not then["name"], "at version 2 it had no name yet")
        self.stage.insist(now["state"] == "saved", f"now it is {now['name']!r}, saved, at version {now['version']}")
        difference = self.interlock.explain.diff(ME, "connection", connection, "2", "3")
        changes = [change for change in difference["changes"] if change["field"] not in ("version", "modified_at")]
        rows = [(change["field"], readable(change["before"]), readable(change["after"])) for change in changes]
        self.stage.table("What changed from version 2 to 3", ("Field", "Before", "After"), rows)

    def _audit(self, connection: UUID) -> None:
        self.stage.chapter("7. The audit", "Who did what, when, in sentences; refusals are on record too.")
        history = self.interlock.replay(ME, "connection", connection)
        rows = [(step["version"], step["sentence"], step["state"], step["digest"][:12]) for step in history]
        self.stage.table("The landing zone, state by state", ("Version", "What happened", "State", "Leaf"), rows)
        refused = self.interlock.lists.audit_attempts(ME, limit=50)["items"]
        reasons = [(row["command"], row["code"], row["reason"]) for row in reversed(refused)]
        self.stage.table("What was refused", ("Command", "Code", "Why"), reasons)
        self.stage.insist(len(refused) == 5, "every refusal is on record, without a secret")


def _why(action: dict[str, Any]) -> str:
    refusing = [guard for guard in action["guards"] if guard["passed"] is False]
    return "; ".join(guard["fix"] or guard["message"] for guard in refusing) or action["guards"][1]["message"]
