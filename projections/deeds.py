"""What each event of a connection or an account says, as part of a sentence in the words of the product."""

from functools import singledispatch

from engine.events import WorkflowEvent
from projections.text import LONGEST, cut, listed
from workflows.account import events as account
from workflows.connection import events as connection
from workflows.probe import CheckStatus, ProbeCheck


@singledispatch
def deed(event: WorkflowEvent) -> str:
    """Return what happened, as the part of a sentence that follows the name of whoever did it."""
    return f"recorded {cut(event.TOPIC)}"


@deed.register
def _(event: connection.CatalogSelected) -> str:
    return f"began a connection to {_destination(event)}"


@deed.register
def _(event: connection.Authenticated) -> str:
    way = f"authenticated the connection to {_destination(event)}"
    if event.account_id is None:
        return f"{way} without a credential" + (f": {cut(event.reason)}" if event.reason else "")
    who = f", as {cut(event.principal)}" if event.principal else ""
    return f"{way} with the account {_named(event.account_name)}{who}{_checked(event.checks)}"


@deed.register
def _(event: connection.ParametersSet) -> str:
    return f"set the parameters of {_parameters(event)}"


@deed.register
def _(event: connection.ParametersEdited) -> str:
    return f"changed the parameters of {_parameters(event)}"


@deed.register
def _(event: connection.AlertsConfigured) -> str:
    return f"chose the alerts of {_chosen(event, event.alerts)}"


@deed.register
def _(event: connection.AlertsEdited) -> str:
    return f"changed the alerts of {_chosen(event, event.alerts)}"


@deed.register
def _(event: connection.Governed) -> str:
    return f"chose the marketing actions of {_chosen(event, event.marketing_actions)}"


@deed.register
def _(event: connection.MarketingActionsEdited) -> str:
    return f"changed the marketing actions of {_chosen(event, event.marketing_actions)}"


@deed.register
def _(event: connection.Saved) -> str:
    onward = ", to go on to activation" if event.then == "activate" else ""
    return f"saved the connection to {_destination(event)}{onward}"


@deed.register
def _(event: connection.Disabled) -> str:
    return f"disabled the connection to {_destination(event)}: its exports are paused"


@deed.register
def _(event: connection.Enabled) -> str:
    return f"enabled the connection to {_destination(event)}: its exports may run again"


@deed.register
def _(event: connection.Deleted) -> str:
    return f"deleted the connection to {_destination(event)}; its account stays"


@deed.register
def _(event: connection.Discarded) -> str:
    return f"discarded the draft of a connection to {_destination(event)}"


@deed.register
def _(event: connection.Expired) -> str:
    return f"ended the draft of a connection to {_destination(event)}, untouched for {event.days} days"


@deed.register
def _(event: connection.Renamed) -> str:
    return f"named the draft of a connection to {_destination(event)} {_named(event.name)}"


@deed.register
def _(event: connection.HandedOver) -> str:
    return f"handed the draft of a connection to {_destination(event)} over to {cut(event.name or event.to)}"


@deed.register
def _(event: connection.TagsSet) -> str:
    return f"set the tags of {_chosen(event, event.tags)}"


@deed.register
def _(event: connection.LabelsApplied) -> str:
    return f"applied the access labels of {_chosen(event, event.labels)}"


@deed.register
def _(event: account.AccountAuthorised) -> str:
    who = f" as {cut(event.principal)}" if event.principal else ""
    return f"authorised the account {_named(event.name)} of {_destination(event)}{who}{_checked(event.checks)}"


@deed.register
def _(event: account.AccountReauthorised) -> str:
    return f"gave the account of {_destination(event)} a new credential{_checked(event.checks)}"


@deed.register
def _(event: account.AccountLinked) -> str:
    return f"let connection {event.connection_id} use the account of {_destination(event)}"


@deed.register
def _(event: account.AccountUnlinked) -> str:
    return f"released connection {event.connection_id} from the account of {_destination(event)}"


@deed.register
def _(event: account.AccountBound) -> str:
    return f"bound the account of {_destination(event)} to the host {cut(event.host)}"


@deed.register
def _(event: account.AccountRenamed) -> str:
    return f"renamed the account of {_destination(event)} to {_named(event.name)}"


@deed.register
def _(event: account.AccountExpired) -> str:
    return f"noted that the authorisation of the account of {_destination(event)} has lapsed"


@deed.register
def _(event: account.AccountDeleted) -> str:
    return f"deleted the account of {_destination(event)}, and what the vault held for it"


def _destination(event: WorkflowEvent) -> str:
    return cut(str(getattr(event, "destination", "")))


def _named(name: str | None) -> str:
    return f"“{cut(name or '')}”"


def _parameters(event: connection.ParametersSet | connection.ParametersEdited) -> str:
    kind = cut(event.data_kind)
    return f"the connection to {_destination(event)}: {_named(event.name)} ({kind}){_checked(event.checks)}"


def _chosen(event: connection.ConnectionEvent, names: tuple[str, ...]) -> str:
    return f"the connection to {_destination(event)}: {listed(names) or 'none'}"


def _checked(checks: tuple[ProbeCheck, ...]) -> str:
    warnings = [check.message or check.code for check in checks if check.status is CheckStatus.WARNING]
    return f", with a warning: {cut('; '.join(warnings), 2 * LONGEST)}" if warnings else ""
