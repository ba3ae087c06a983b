"""What must come of a command, written by hand in the product's words; the table of the product is never read here."""

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

DRAFTS = ("catalog_selected", "authenticated", "parameters_set", "alerts_configured", "governed")
SETTING_UP = ("authenticate", "set_parameters", "configure_alerts", "govern")
DRAFT_DAYS = 30
LEADS_TO = {
    "authenticate": "authenticated",
    "set_parameters": "parameters_set",
    "configure_alerts": "alerts_configured",
    "govern": "governed",
    "save": "saved",
    "disable": "disabled",
    "enable": "saved",
    "delete": "deleted",
    "discard": "discarded",
    "expire": "expired",
}
PASSED_BY = (
    "connection.authenticated",
    "connection.parameters_set",
    "connection.alerts_configured",
    "connection.governed",
)


@dataclass(frozen=True)
class Ask:
    """A command to a connection. `sound`: nothing is wrong with it in itself; `account`: the kept one that it names."""

    trigger: str
    body: Any
    sound: bool = True
    account: UUID | None = None
    fresh: bool = False
    host: str = ""


@dataclass
class KnownConnection:
    id: UUID
    destination: str
    sandbox: str
    touched: datetime
    state: str = "catalog_selected"
    version: int = 1
    account: UUID | None = None
    etags: list[str] = field(default_factory=list)


@dataclass
class KnownAccount:
    id: UUID
    destination: str
    sandbox: str
    user: str
    state: str = "authorised"
    host: str | None = None


class Expectations:
    """What a careful person would write down while somebody works with connections and accounts."""

    def __init__(self) -> None:
        self.connections: dict[UUID, KnownConnection] = {}
        self.accounts: dict[UUID, KnownAccount] = {}

    def users(self, account: UUID) -> list[UUID]:
        """Return the connections that use an account now."""
        ended = ("deleted", "discarded", "expired")
        return [c.id for c in self.connections.values() if c.account == account and c.state not in ended]

    def is_old(self, connection: KnownConnection, now: datetime) -> bool:
        """Tell whether a draft lay untouched for so long that it may expire."""
        return connection.state in DRAFTS and now - connection.touched >= timedelta(days=DRAFT_DAYS)

    def accepts(self, connection: KnownConnection, ask: Ask, now: datetime) -> bool:
        """Tell whether a command must be accepted, as things stand."""
        return ask.sound and self._in_order(connection, ask.trigger, now) and self._account_allows(connection, ask)

    def _in_order(self, connection: KnownConnection, trigger: str, now: datetime) -> bool:
        state = connection.state
        if trigger in SETTING_UP:  # the next step, or one that was done already
            return state in DRAFTS and DRAFTS.index(state) >= SETTING_UP.index(trigger)
        match trigger:
            case "save":
                return state == "governed"
            case "discard" | "rename" | "hand_over":
                return state in DRAFTS
            case "set_tags":
                return state in (*DRAFTS, "saved", "disabled")
            case "expire":
                return self.is_old(connection, now)
            case "enable":
                return state == "disabled"
            case "delete" | "apply_labels":
                return state in ("saved", "disabled")
            case "disable" | "edit_parameters" | "edit_alerts" | "edit_marketing_actions":
                return state == "saved"
        raise AssertionError(trigger)

    def _account_allows(self, connection: KnownConnection, ask: Ask) -> bool:
        if ask.trigger == "authenticate":
            if ask.account is None:
                return True
            kept = self.accounts[ask.account]
            ours = kept.sandbox == connection.sandbox and kept.destination == connection.destination
            return ours and kept.state == "authorised"
        if ask.trigger not in ("set_parameters", "save", "enable", "edit_parameters") or connection.account is None:
            return True
        used = self.accounts[connection.account]
        return used.state == "authorised" and (not ask.host or used.host in (None, ask.host))

    def accepted(self, connection: KnownConnection, ask: Ask, shown: dict[str, Any], now: datetime, etag: str) -> None:
        """Write down that a command was accepted, and what it answered about the account."""
        connection.state = LEADS_TO.get(ask.trigger, connection.state)
        connection.version += 1
        connection.touched = now
        connection.etags.append(etag)
        if ask.trigger == "authenticate":
            account = shown["account_id"] and UUID(shown["account_id"])
            if ask.fresh:
                user = ask.body["account_name"].removesuffix("'s")
                self.accounts[account] = KnownAccount(account, connection.destination, connection.sandbox, user)
            connection.account = account
        if ask.host and connection.account is not None:
            self.accounts[connection.account].host = ask.host

    def make_sense(self, connection_id: UUID, order: tuple[tuple[Ask, Any], ...], now: datetime) -> bool:
        """Tell whether these accepted commands, with their outcomes, can have happened in this order."""
        trial = copy.deepcopy(self)
        connection = trial.connections[connection_id]
        for ask, outcome in order:
            if not trial.accepts(connection, ask, now) or outcome.receipt.version != connection.version + 1:
                return False
            trial.accepted(connection, ask, outcome.shown, now, outcome.etag)
        return True


def passed_every_step(topics: list[str]) -> bool:
    """Tell whether a history, if it comes to be saved, passed each step after the last time it went back before it."""
    passed: list[str] = []
    for topic in topics:
        if topic in PASSED_BY:
            step = PASSED_BY.index(topic)
            if len(passed) < step:
                return False
            passed = [*passed[:step], topic]
        elif topic == "connection.saved" and tuple(passed) != PASSED_BY:
            return False
    return True
