"""The tables of the access workflows."""

from engine.definition import Definition, Transition
from engine.events import WorkflowEvent
from workflows.access import events, guards

_BOTH = ("active", "suspended")


def _holding(
    given: type[WorkflowEvent], taken: type[WorkflowEvent], suspended: type[WorkflowEvent], back: type[WorkflowEvent]
) -> tuple[Transition, ...]:
    """Return the steps of whoever may hold roles."""
    return (
        *(Transition("give_role", (state,), state, given, (guards.new_to_it,)) for state in _BOTH),
        *(
            Transition("take_role", (state,), state, taken, (guards.holds_it, guards.administrator_remains))
            for state in _BOTH
        ),
        Transition("suspend", ("active",), "suspended", suspended, (guards.administrator_remains,)),
        Transition("reinstate", ("suspended",), "active", back),
    )


PERSON = Definition(
    name="person",
    version=1,
    initial="active",
    opening=events.PersonAdded,
    transitions=(
        *(Transition("edit", (state,), state, events.PersonEdited) for state in _BOTH),
        *_holding(events.PersonRoleGiven, events.PersonRoleTaken, events.PersonSuspended, events.PersonReinstated),
    ),
)

SERVICE_ACCOUNT = Definition(
    name="service_account",
    version=1,
    initial="active",
    opening=events.ServiceAccountAdded,
    transitions=(
        *(Transition("key", (state,), state, events.ServiceAccountKeyed) for state in _BOTH),
        *_holding(
            events.ServiceAccountRoleGiven,
            events.ServiceAccountRoleTaken,
            events.ServiceAccountSuspended,
            events.ServiceAccountReinstated,
        ),
    ),
)

ROLE = Definition(
    name="role",
    version=1,
    initial="active",
    opening=events.RoleDefined,
    transitions=(
        Transition("redefine", ("active",), "active", events.RoleRedefined, (guards.not_built_in,)),
        Transition("hold", ("active",), "active", events.RoleHeld),
        Transition("release", ("active",), "active", events.RoleReleased),
        Transition("delete", ("active",), "deleted", events.RoleDeleted, (guards.not_built_in, guards.nobody_holds_it)),
        Transition("restore", ("deleted",), "active", events.RoleRestored),
    ),
)

TOKEN = Definition(
    name="token",
    version=1,
    initial="active",
    opening=events.TokenIssued,
    transitions=(Transition("revoke", ("active",), "revoked", events.TokenRevoked),),
    final=("revoked",),
)

SANDBOX = Definition(
    name="sandbox",
    version=1,
    initial="active",
    opening=events.SandboxCreated,
    transitions=(
        Transition("retitle", ("active",), "active", events.SandboxRetitled),
        Transition("delete", ("active",), "deleted", events.SandboxDeleted, (guards.not_the_default,)),
        Transition("restore", ("deleted",), "active", events.SandboxRestored),
    ),
)

DEFINITIONS = (PERSON, SERVICE_ACCOUNT, ROLE, TOKEN, SANDBOX)
