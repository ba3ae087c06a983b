"""The table of the account workflow."""

from engine.definition import Definition, Transition
from workflows.account import events, guards
from workflows.withdrawal import in_catalog

LIVE = ("authorised", "expired")

DEFINITION = Definition(
    name="account",
    version=1,
    initial="authorised",
    opening=events.AccountAuthorised,
    transitions=(
        Transition("link", ("authorised",), "authorised", events.AccountLinked),
        Transition("unlink", ("authorised",), "authorised", events.AccountUnlinked),
        Transition("unlink", ("expired",), "expired", events.AccountUnlinked),
        Transition("bind", ("authorised",), "authorised", events.AccountBound),
        Transition("rename", ("authorised",), "authorised", events.AccountRenamed),
        Transition("rename", ("expired",), "expired", events.AccountRenamed),
        Transition("expire", ("authorised",), "expired", events.AccountExpired),
        Transition(
            "reauthorise",
            LIVE,
            "authorised",
            events.AccountReauthorised,
            (in_catalog, guards.probe_passed, guards.same_identity),
        ),
        Transition("delete", LIVE, "deleted", events.AccountDeleted, (guards.unused,)),
    ),
    final=("deleted",),
)
