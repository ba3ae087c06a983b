"""Pure reasons for refusing a step of a connection. What the world knows is among the facts; no guard fetches."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from engine.guard import Facts, Guard, Passed, Refused, Verdict
from workflows.nearest import nearest
from workflows.probe import ProbeReport, refusal_of

_NAMED = 5
"""So many unknown choices are told apart; whoever sends more of them has mistaken the list."""


class Taken(NamedTuple):
    """A value that another connection has: where it was sent, and what can be told of who has it."""

    pointer: str
    told: str


def _probe_found_no_fault(facts: Facts) -> Verdict:
    report: ProbeReport = facts["probe"]
    failed = report.failure
    return refusal_of(failed) if failed else Passed(f"the probe says: {report.outcome.value}")


def _account_is_of_this_destination(facts: Facts) -> Verdict:
    account, connection = facts["account"], facts["workflow"]
    if account is None or account.destination == connection.destination:
        return Passed()
    return Refused(
        "account-of-other-destination",
        f"this account is of {account.destination}, the connection is to {connection.destination}",
        f"choose an account of {connection.destination}, or send a new credential",
        "/account_id",
    )


def _account_is_authorised(facts: Facts) -> Verdict:
    account = facts["account"]
    if account is None or account.state == "authorised":
        return Passed()
    return Refused(
        f"account-{account.state}",
        f"the account {account.name!r} is {account.state}",
        "authorise it again, or use another account",
        "/account_id",
        "whoever holds the credential",
    )


def _secret_stays_with_its_host(facts: Facts) -> Verdict:
    account, host = facts["account"], facts["host"]
    if account is None or not host or account.host in (None, host):
        return Passed()
    return Refused(
        "host-altered",
        f"this credential was given for {account.host}; it is not sent to another host",
        "authenticate with a credential given for the new host, in a new account",
        facts.get("host_pointer", "/fields"),
    )


def _alerts_are_on_offer(facts: Facts) -> Verdict:
    offered = facts["offered_alerts"]
    message, pointer = _strangers(
        facts.get("sent", facts["alerts"]), offered, "/alerts", "is not on offer for this destination"
    )
    if not pointer:
        return Passed()
    return Refused("unknown-alert", message, f"choose among: {', '.join(offered) or 'none'}", pointer)


def _actions_are_known(facts: Facts) -> Verdict:
    known, chosen = facts["known_actions"], facts.get("sent", facts["marketing_actions"])
    message, pointer = _strangers(chosen, known, "/marketing_actions", "is no marketing action")
    if not pointer:
        return Passed()
    return Refused("unknown-marketing-action", message, f"choose among: {', '.join(known)}", pointer)


def _strangers(chosen: Sequence[str], known: Sequence[str], where: str, fault: str) -> tuple[str, str]:
    """Say which of the chosen are not known, by their places and never by what they say; and where the first is."""
    places = [place for place, name in enumerate(chosen) if name not in known]
    if not places:
        return "", ""
    told = [f"{where}/{place} {fault}{nearest(chosen[place], known)}" for place in places[:_NAMED]]
    if len(places) > _NAMED:
        told.append(f"and {len(places) - _NAMED} more")
    return "; ".join(told), f"{where}/{places[0]}"


def _locked_actions_stay(facts: Facts) -> Verdict:
    dropped = [action for action in facts["locked_actions"] if action not in facts["marketing_actions"]]
    if not dropped:
        return Passed()
    return Refused(
        "locked-marketing-action",
        f"this destination cannot do without: {', '.join(dropped)}",
        f"add {', '.join(dropped)}",
        "/marketing_actions",
    )


def _what_was_chosen_still_holds(facts: Facts) -> Verdict:
    if facts["spec_digest"] == facts["workflow"].spec_digest:
        return Passed()
    faults: Sequence[tuple[str, str]] = facts["outdated"]
    if not faults:
        return Passed("the catalog's entry changed since the draft began; all that was chosen still holds")
    told = [f"{step}: {why}" for step, why in faults[:_NAMED]]
    if len(faults) > _NAMED:
        told.append(f"and {len(faults) - _NAMED} more")
    return Refused(
        "spec-changed",
        f"the catalog's entry changed since the draft began, and not all still holds: {'; '.join(told)}",
        f"send {', then '.join(dict.fromkeys(step for step, _ in faults))} again, and what comes after",
    )


def _draft_is_old(facts: Facts) -> Verdict:
    age: timedelta = facts["age"]
    if age >= timedelta(days=facts["days"]):
        return Passed()
    return Refused(
        "draft-too-young",
        f"a draft expires after {facts['days']} untouched days",
        "wait, or discard it",
        None,
        "nobody",
    )


def _values_are_free(facts: Facts) -> Verdict:
    taken: Sequence[Taken] = facts.get("taken", ())
    if not taken:
        return Passed()
    return Refused(
        "value-taken",
        "; ".join(f"{one.pointer}: {one.told}" for one in taken),
        "choose another value, or delete the connection that has it",
        taken[0].pointer,
    )


def _there_is_room(facts: Facts) -> Verdict:
    limit, now = facts.get("most"), facts.get("now", 0)
    if limit is None or now < limit:
        return Passed()
    return Refused(
        "limit-reached",
        f"there are {now} {facts['what']} already; at most {limit} are allowed",
        facts["help"],
        None,
        "whoever may delete what is not needed, or the operator of this installation",
    )


def _draft_is_theirs(facts: Facts) -> Verdict:
    if facts["manages"] or facts["actor"] == facts["owner"]:
        return Passed()
    return Refused(
        "not-yours",
        "only its owner, or somebody who manages access, may hand this draft over",
        "ask its owner",
        None,
        "its owner, or somebody who manages access",
    )


def _receiver_can_go_on(facts: Facts) -> Verdict:
    fault: str = facts["receiver_fault"]
    if not fault:
        return Passed()
    return Refused("receiver-unfit", fault, "hand the draft over to somebody who may connect here", "/to")


account_of_destination = Guard("account_of_destination", _account_is_of_this_destination, ("account",))
account_authorised = Guard("account_authorised", _account_is_authorised, ("account",))
probe_passed = Guard("probe_passed", _probe_found_no_fault, ("probe",))
secret_stays_with_host = Guard("secret_stays_with_host", _secret_stays_with_its_host, ("account", "host"))
alerts_on_offer = Guard("alerts_on_offer", _alerts_are_on_offer, ("alerts", "offered_alerts"))
known_actions = Guard("known_actions", _actions_are_known, ("marketing_actions", "known_actions"))
locked_actions = Guard("locked_actions", _locked_actions_stay, ("marketing_actions", "locked_actions"))
spec_unchanged = Guard("spec_unchanged", _what_was_chosen_still_holds, ("spec_digest", "outdated"))
draft_is_old = Guard("draft_is_old", _draft_is_old, ("age", "days"))
values_free = Guard("values_free", _values_are_free)
"""Passes unless the fact `taken` names what another connection has."""
room = Guard("room", _there_is_room)
"""Passes unless the fact `most` is a limit, and `now` has reached it."""
receiver_can_go_on = Guard("receiver_can_go_on", _receiver_can_go_on, ("receiver_fault",))
owns = Guard("owns", _draft_is_theirs, ("actor", "owner", "manages"))
"""Asked of whoever hands a draft over, before the table is."""
