"""LiveOptions: what the fields of a form may be chosen from, looked up together under one deadline."""

import asyncio
import json
import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from adapters.system.kept_options import KeptOptions
from adapters.system.own_options import OwnOptions
from engine.application import Workflows
from engine.errors import EngineError
from workflows.account.aggregate import Account
from workflows.account.service import AccountService
from workflows.catalog import DestinationSpec
from workflows.connection.aggregate import Connection
from workflows.connection.guards import secret_stays_with_host
from workflows.fields import Field
from workflows.hosts import origin
from workflows.options import LiveField, OptionsAnswer, live_fields
from workflows.permissions import Caller
from workflows.ports import OptionsLister
from workflows.texts import Malformed

MOST_LISTS = 50
AT_ONCE = 8
"""How many lists one form asks a destination for at the same time."""
_TOO_MANY = OptionsAnswer.failed(
    "too-many-lists", f"one form looks up at most {MOST_LISTS} lists at once", fix="type the value"
)
_NAMED = re.compile(r"\{([a-z0-9_]+)\}")


class LiveOptions:
    """Looks up choices for one connection's form. *seconds* bounds everything that a form asks for."""

    def __init__(
        self,
        workflows: Workflows,
        accounts: AccountService,
        lister: OptionsLister,
        own: OwnOptions,
        *,
        seconds: float = 5.0,
        kept: KeptOptions | None = None,
    ) -> None:
        self._workflows, self._accounts = workflows, accounts
        self._lister, self._own, self._seconds = lister, own, seconds
        self._kept = kept or KeptOptions()

    async def suggest(
        self,
        caller: Caller,
        connection: Connection,
        spec: DestinationSpec,
        values: Mapping[str, Any],
        *,
        asked: Collection[str] | None = None,
    ) -> tuple[dict[str, OptionsAnswer], list[tuple[str, str]]]:
        """Return what each live field that is asked may be chosen from, by JSON Pointer, and what is not on offer.

        *values* are the fields as they are judged so far, *asked* the pointers of those that the form asks for now
        (None: all). The choices are suggestions: a value that is not among them is a warning, never an error.
        """
        every = list(live_fields(spec.parameters, values, asked=asked))
        fields, further = every[:MOST_LISTS], every[MOST_LISTS:]
        slots = asyncio.Semaphore(AT_ONCE)

        async def look(one: LiveField) -> OptionsAnswer:
            try:
                async with asyncio.timeout(self._seconds), slots:
                    return await self.of(caller, connection, spec, one, values)
            except TimeoutError:
                what = f"there was no answer within {self._seconds:g} s"
                return OptionsAnswer.failed("timeout", what, fix="try again, or type the value", retryable=True)

        answers = await asyncio.gather(*map(look, fields))
        found = {one.pointer: answer for one, answer in zip(fields, answers, strict=True)}
        found |= {one.pointer: _TOO_MANY for one in further}
        warnings = [told for one in fields for told in one.not_offered(found[one.pointer])]
        return found, warnings

    async def of(
        self, caller: Caller, connection: Connection, spec: DestinationSpec, one: LiveField, values: Mapping[str, Any]
    ) -> OptionsAnswer:
        """Return what one field may be chosen from, or why that cannot be told. Never raises."""
        asked = one.field.options
        own = asked is not None and asked.source == "interlock"
        if asked is None or not (own or self._lister.knows(spec, one.field)):
            return OptionsAnswer.unsupported(f"this release cannot ask {spec.name} for this list")
        if one.missing:
            return OptionsAnswer.waiting(one.missing)
        try:
            if own:
                return await self._workflows.log.ask(self._own.choices, asked.list, caller)
            return await self._at_destination(connection, spec, one, values)
        except EngineError as error:
            return OptionsAnswer.failed(error.code, str(error), fix=error.fix, retryable=error.retryable)

    async def _at_destination(
        self, connection: Connection, spec: DestinationSpec, one: LiveField, values: Mapping[str, Any]
    ) -> OptionsAnswer:
        if connection.state == "catalog_selected" or not connection.variant:
            what = "the destination is asked with the account of the connection, and there is none yet"
            return OptionsAnswer.failed("not-authenticated", what, fix="authenticate first")
        account = None
        if connection.account_id is not None:
            account = await self._accounts.find(connection.account_id, connection.sandbox)
            if account.state != "authorised":
                what = f"the account is {account.state}"
                return OptionsAnswer.failed("account-not-authorised", what, fix="re-authorise the account")
        around = dict(one.around)
        if spec.host_field is not None:
            # Where the credential goes is said by the form itself: a field within a group may have the same name.
            around[spec.host_field.name] = values.get(spec.host_field.name, spec.host_field.default)
            if refusal := _elsewhere(account, around[spec.host_field.name], spec.host_field):
                return refusal

        async def ask() -> OptionsAnswer:
            credential = {} if account is None else self._accounts.values(account)
            return await self._lister.list(
                spec,
                one.field,
                variant=connection.variant,
                credential=credential,
                values=around,
                sandbox=connection.sandbox,
            )

        return await self._kept.get(_key(connection, account, spec, one.field, around), ask)


def _elsewhere(account: Account | None, text: Any, host: Field) -> OptionsAnswer | None:
    """Return the refusal to send an account's secret to another host than the one that it was given for."""
    if account is None or not isinstance(text, str) or not text:
        return None
    try:
        facts = {"account": account, "host": origin(text), "host_pointer": f"/fields/{host.name}"}
    except Malformed:
        return OptionsAnswer.failed("host-malformed", "the host cannot be read", fix=f"correct {host.title}")
    report = secret_stays_with_host.ask(facts)
    if not report.passed:
        return OptionsAnswer.failed(report.code, report.message, fix=report.fix)
    if account.host is None:
        # Setting the parameters is on record; looking up choices is not, and must not be a quiet way to send it away.
        what = f"the account has not proved itself at {facts['host']} yet"
        fix = "type the value; once the destination has taken the parameters there, choices are looked up"
        return OptionsAnswer.failed("host-not-proved", what, fix=fix)
    return None


def _key(
    connection: Connection, account: Account | None, spec: DestinationSpec, field: Field, around: Mapping[str, Any]
) -> str:
    """Return what tells one question from another: who is asked with which credential, and what the answer hangs on."""
    options = field.options
    names = set(options.depends_on if options else ()) | ({spec.host_field.name} if spec.host_field else set())
    if options is not None and options.request is not None:
        names |= {*options.request.query.values(), *_NAMED.findall(options.request.path)}
    asked = [
        connection.sandbox,
        [spec.id, spec.version, connection.variant],
        [account.id, account.vault_version] if account else None,
        field.model_dump(mode="json", include={"type", "max_length", "options"}),
        {name: around.get(name) for name in names},
    ]
    text = json.dumps(asked, sort_keys=True, default=str)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
