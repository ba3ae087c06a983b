"""Checks of destinations and of the log: what is tried on request, and whether what is stored is sound."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from adapters.system.authorising import find
from adapters.system.keys import key_of
from adapters.system.options import LiveOptions
from adapters.system.parsing import LONGEST_NAME, MOST_PROBLEMS
from engine.application import Workflows
from engine.definition import Definition
from engine.errors import Invalid
from engine.log import EventLog, Head, LoggedEvent
from engine.projection import BATCH
from engine.receipts import ReceiptCheck
from engine.storable import escape, presentable
from engine.verification import verify
from workflows.account.service import AccountService
from workflows.connection.aggregate import Connection
from workflows.file_format import warnings as format_warnings
from workflows.parameters import draft_parameters, refuse_nothing
from workflows.permissions import Caller, authorise
from workflows.ports import Catalog, Patterns
from workflows.probe import ProbeReport
from workflows.withdrawal import spec_of

_HEAD = re.compile("([0-9]{1,18}):([0-9]{1,18}):([0-9a-fA-F]{64})")


class Probes:
    """Destinations tried on request; nothing is stored."""

    def __init__(
        self,
        workflows: Workflows,
        catalog: Catalog,
        accounts: AccountService,
        patterns: Patterns,
        options: LiveOptions,
    ) -> None:
        self._workflows, self._catalog = workflows, catalog
        self._accounts, self._patterns, self._options = accounts, patterns, options

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
            drafted = draft_parameters(spec, whole, self._patterns, variant=variant.id)
            if problems := [one for one in drafted.problems if one[0].startswith("/fields")]:
                raise Invalid(problems)
            fields = drafted.values["fields"]
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
        """Say whether a body of set_parameters (once saved: of edit_parameters) is in order, and what may be chosen.

        Nothing is recorded. `values` are those in order so far, with their defaults. The destination is asked only
        for the choices of live options: a value that it does not offer is a warning, and whether it is taken is seen
        when the parameters are set.
        """
        authorise(caller, "manage-destinations")
        connection = await self._connection(caller, connection_id)
        before = connection.parameters if connection.state in ("saved", "disabled") else None
        spec = spec_of(self._catalog, connection, "set_parameters")
        problems: Sequence[tuple[str, str]] = ()
        if before is not None:
            try:
                refuse_nothing(body)
            except Invalid as invalid:
                problems = invalid.errors
        drafted = draft_parameters(spec, body, self._patterns, variant=connection.variant or None, before=before)
        problems = (*problems, *drafted.problems)
        values = drafted.values
        options, warnings = await self._options.suggest(caller, connection, spec, values["fields"], asked=drafted.asked)
        warnings = [*warnings, *format_warnings(spec, values["file_format"])]
        return {
            "valid": not problems,
            "errors": [{"pointer": pointer, "message": message} for pointer, message in problems],
            "values": values,
            "asked": list(drafted.asked),
            "options": {pointer: answer.model_dump(mode="json") for pointer, answer in options.items()},
            "warnings": [{"pointer": pointer, "message": message} for pointer, message in warnings],
        }

    async def _connection(self, caller: Caller, connection_id: UUID | str) -> Connection:
        return cast(Connection, await find(self._workflows, "connection", connection_id, caller))


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
