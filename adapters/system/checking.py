"""Checks from outside and inside: probes of destinations, verification of the log, health of the installation."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from adapters.system.explaining import as_id
from adapters.system.keys import key_of
from adapters.system.parsing import LONGEST_NAME, MOST_PROBLEMS
from adapters.system.views import FreshViews
from engine.application import Workflows
from engine.definition import Definition
from engine.errors import EngineError, Invalid, NotFound
from engine.follower import Lag
from engine.log import EventLog, Head, LoggedEvent
from engine.projection import BATCH
from engine.receipts import ReceiptCheck
from engine.storable import escape, presentable
from engine.verification import verify
from workflows.account.service import AccountService
from workflows.connection.aggregate import Connection
from workflows.parameters import refuse_nothing, validate_parameters
from workflows.permissions import Caller, authorise
from workflows.ports import Catalog, Patterns
from workflows.probe import ProbeReport
from workflows.withdrawal import spec_of

_HEAD = re.compile("([0-9]{1,18}):([0-9]{1,18}):([0-9a-fA-F]{64})")


class Probes:
    """Destinations tried on request; nothing is stored."""

    def __init__(self, workflows: Workflows, catalog: Catalog, accounts: AccountService, patterns: Patterns) -> None:
        self._workflows, self._catalog = workflows, catalog
        self._accounts, self._patterns = accounts, patterns

    async def probe(self, caller: Caller, body: Any) -> dict[str, Any]:
        """Try a destination with `{destination, variant?, credential?, fields?}` before anything is stored.

        Raises:
            Invalid: the body, the credential or the fields are malformed.
        """
        authorise(caller, "manage-destinations")
        asked = _probe_body(body)
        spec = self._catalog.get(asked["destination"])
        variant = spec.variant(asked.get("variant"))
        fields = None
        if asked.get("fields") is not None:
            whole = {"name": "probe", "data_kind": spec.data_kinds[0], "fields": asked["fields"]}
            fields = validate_parameters(spec, whole, self._patterns)["fields"]
        if variant.kind != "credential" and asked.get("credential"):
            raise Invalid([("/credential", f"{spec.name} asks for no credential here")], fix="leave it out")
        if variant.kind == "credential":
            tried = await self._accounts.try_credential(
                spec, variant, asked.get("credential") or {}, None, caller.sandbox, fields
            )
            return shown(tried.report)
        return shown(await self._accounts.probe(spec, None, variant.id, fields, caller.sandbox))

    async def probe_connection(self, caller: Caller, connection_id: UUID | str) -> dict[str, Any]:
        """Try a connection as it stands: its account and its parameters, as far as they are chosen."""
        authorise(caller, "manage-destinations")
        connection = await self._connection(caller, connection_id)
        if connection.state == "catalog_selected" or connection.state in connection.definition.final:
            raise Invalid([("", f"there is nothing to try in {connection.state}")], fix="authenticate first")
        spec = spec_of(self._catalog, connection, "probe")
        account = None
        if connection.account_id is not None:
            account = await self._accounts.find(connection.account_id, caller.sandbox)
        fields = connection.fields if connection.name else None
        return shown(await self._accounts.probe(spec, account, connection.variant, fields, caller.sandbox))

    async def judge_parameters(self, caller: Caller, connection_id: UUID | str, body: Any) -> dict[str, Any]:
        """Say whether a body of set_parameters (once saved: of edit_parameters) is in order.

        Nothing is recorded, and the destination is not asked.
        """
        authorise(caller, "manage-destinations")
        connection = await self._connection(caller, connection_id)
        before = connection.parameters if connection.state in ("saved", "disabled") else None
        spec = spec_of(self._catalog, connection, "set_parameters")
        try:
            if before is not None:
                refuse_nothing(body)
            values = validate_parameters(spec, body, self._patterns, before=before)
        except Invalid as invalid:
            errors = [{"pointer": pointer, "message": message} for pointer, message in invalid.errors]
            return {"valid": False, "errors": errors, "values": None}
        return {"valid": True, "errors": [], "values": values}

    async def _connection(self, caller: Caller, connection_id: UUID | str) -> Connection:
        try:
            return await self._workflows.get(Connection, as_id("connection", connection_id), caller.sandbox)
        except NotFound:
            raise NotFound("no connection of that id here", fix="list them: GET /v1/connections") from None


def _probe_body(body: Any) -> Mapping[str, Any]:
    known = {"destination": str, "variant": str, "credential": Mapping, "fields": Mapping}
    if not isinstance(body, Mapping):
        raise Invalid([("", "must be an object")])
    problems = [
        (f"/{escape(presentable(str(name), LONGEST_NAME))}", f"unknown field; known: {', '.join(known)}")
        for name in [name for name in body if name not in known][:MOST_PROBLEMS]
    ]
    problems += [
        (f"/{name}", "must be text" if kind is str else "must be an object")
        for name, kind in known.items()
        if body.get(name) is not None and not isinstance(body[name], kind)
    ]
    if body.get("destination") is None:
        problems.append(("/destination", "is required"))
    if problems:
        raise Invalid(problems)
    return body


def shown(report: ProbeReport) -> dict[str, Any]:
    """Return a probe as answers show it."""
    return {"outcome": report.outcome.value, **report.model_dump(mode="json")}


def verify_log(
    log: EventLog,
    decode: Callable[[LoggedEvent], Any],
    definitions: Sequence[Definition],
    *,
    expected: Head | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Verify a log, whoever owns it: hashes, places, receipts, and every step against its definition.

    Findings come in order; *expected* is a head that was kept elsewhere (see `head_of`).
    """

    def rows() -> Any:
        after = 0
        while page := log.read(after, limit=BATCH):
            yield from page
            after = page[-1].id

    damage = log.check()
    known = {definition.name: definition for definition in definitions}
    receipts = ReceiptCheck(log, key_of)
    result = verify(rows(), decode, known, expected=expected, dense=log.DENSE, receipts=receipts, progress=progress)
    findings = [{**asdict(finding), "stream": str(finding.stream)} for finding in result.findings]
    return {
        "sound": result.sound and not damage,
        "events": result.events,
        "streams": result.streams,
        "position": result.position,
        "sequence": result.sequence,
        "chain": result.chain.hex(),
        "head": f"{result.sequence}:{result.position}:{result.chain.hex()}",
        "findings": findings,
        "store": damage,
    }


def head_of(text: str) -> Head:
    """Read a head as a verification tells it: SEQUENCE:POSITION:CHAIN.

    Raises:
        Invalid: it is none.
    """
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise Invalid(
            [("/expect", "is no head: SEQUENCE:POSITION:CHAIN, the chain in 64 hexadecimal digits")],
            fix="send the head that an earlier verification told, as it is",
        )
    return Head(int(found[2]), int(found[1]), bytes.fromhex(found[3]))


class Health:
    """Whether the installation can do its work, and if not, why."""

    def __init__(
        self, workflows: Workflows, views: FreshViews, vault_problem: Callable[[], str | None], catalog: Any
    ) -> None:
        self._workflows, self._views = workflows, views
        self._vault_problem, self._catalog = vault_problem, catalog
        self._unsound = ""

    def report(self) -> dict[str, Any]:
        """Return `{ready, checks}`: log, vault, catalog and each view, with what is wrong and what to do."""
        checks = [self._log(), self._vault(), *self._projections(), self._specs()]
        return {"ready": all(check["ok"] for check in checks if check["name"] != "catalog"), "checks": checks}

    def verified(self, found: Mapping[str, Any]) -> None:
        """Take over what a verification of the log came to; one that found nothing clears what was met before."""
        wrong = [*found["store"], *(finding["message"] for finding in found["findings"])]
        self._unsound = "" if found["sound"] else f"verification found: {wrong[0]}"
        if found["sound"]:
            self._workflows.unreadable = ""

    def _log(self) -> dict[str, Any]:
        try:
            head = self._workflows.log.head()
        except EngineError as error:
            return {"name": "log", "ok": False, "message": str(error), "fix": error.fix}
        if trouble := self._workflows.unreadable or self._unsound:
            return {"name": "log", "ok": False, "message": trouble, "fix": "interlock audit verify names the row"}
        return {"name": "log", "ok": True, "message": f"{head.sequence} events, position {head.position}", "fix": ""}

    def _vault(self) -> dict[str, Any]:
        problem = self._vault_problem()
        fix = "put the key file back that this vault was made with" if problem else ""
        return {"name": "vault", "ok": problem is None, "message": problem or "open", "fix": fix}

    def _projections(self) -> list[dict[str, Any]]:
        try:
            checks = [_told(lag) for lag in self._views.lags()]
        except EngineError as error:
            return [{"name": "views", "ok": False, "message": str(error), "fix": error.fix}]
        if trouble := self._views.supervisor.trouble("log"):
            checks.append({"name": "views", "ok": False, "message": trouble, "fix": "see the check of the log"})
        return checks

    def _specs(self) -> dict[str, Any]:
        problems = getattr(self._catalog, "problems", ())
        message = "; ".join(f"{file}: {why}" for file, why in problems) or f"{len(self._catalog.all())} destinations"
        return {"name": "catalog", "ok": not problems, "message": message, "fix": ""}


def _told(lag: Lag) -> dict[str, Any]:
    message, fixes = f"at position {lag.position}", []
    if lag.behind:
        message += f", {lag.behind} behind (it catches up when asked), the oldest for {lag.seconds:.0f} s"
    failed = [parked.position for parked in lag.parked if not parked.held]
    held = [parked.position for parked in lag.parked if parked.held]
    if failed:
        message += f"; parked: {_some(failed)}"
        fixes.append("interlock audit verify says what is wrong with the parked events; retry takes them in again")
    if held:
        message += f"; left out by an operator: {_some(held)}"
    if lag.trouble:
        message += f"; not followed: {lag.trouble}"
        fixes.append("it is tried again by itself; see the log of the server")
    ok = not (failed or lag.trouble)
    return {"name": f"view {lag.name}", "ok": ok, "message": message, "fix": "; ".join(fixes)}


def _some(positions: Sequence[int]) -> str:
    return ", ".join(map(str, positions[:5])) + (f" and {len(positions) - 5} more" if len(positions) > 5 else "")
