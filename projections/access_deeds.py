"""What each event about access says, as part of a sentence in the words of the product."""

from projections.deeds import deed
from projections.text import cut, instant, listed
from workflows.access import events

__all__ = ["deed"]


@deed.register
def _(event: events.PersonAdded) -> str:
    return f"added the person “{cut(event.name)}”, {cut(event.email)}"


@deed.register
def _(event: events.PersonEdited) -> str:
    return f"edited the person “{cut(event.name)}”"


@deed.register
def _(event: events.PersonRoleGiven) -> str:
    return f"gave a person the role {cut(event.role)}"


@deed.register
def _(event: events.PersonRoleTaken) -> str:
    return f"took the role {cut(event.role)} from a person"


@deed.register
def _(event: events.PersonSuspended) -> str:
    return "suspended a person: their tokens prove nothing"


@deed.register
def _(event: events.PersonReinstated) -> str:
    return "reinstated a person"


@deed.register
def _(event: events.ServiceAccountAdded) -> str:
    return f"added the service account “{cut(event.name)}”"


@deed.register
def _(event: events.ServiceAccountRoleGiven) -> str:
    return f"gave a service account the role {cut(event.role)}"


@deed.register
def _(event: events.ServiceAccountRoleTaken) -> str:
    return f"took the role {cut(event.role)} from a service account"


@deed.register
def _(event: events.ServiceAccountSuspended) -> str:
    return "suspended a service account: its tokens prove nothing"


@deed.register
def _(event: events.ServiceAccountReinstated) -> str:
    return "reinstated a service account"


@deed.register
def _(event: events.ServiceAccountKeyed) -> str:
    return f"took over the token in the file of the installation, {event.token_id}"


@deed.register
def _(event: events.RoleDefined) -> str:
    return f"defined the role {cut(event.name)}: {_reach(event)}"


@deed.register
def _(event: events.RoleRedefined) -> str:
    return f"redefined a role: {_reach(event)}"


@deed.register
def _(event: events.RoleHeld) -> str:
    return f"noted with a role that the {_kind(event.holder)} {event.holder_id} holds it"


@deed.register
def _(event: events.RoleReleased) -> str:
    return f"noted with a role that the {_kind(event.holder)} {event.holder_id} no longer holds it"


@deed.register
def _(event: events.RoleDeleted) -> str:
    return "deleted a role that nobody held"


@deed.register
def _(event: events.RoleRestored) -> str:
    return "restored a role"


@deed.register
def _(event: events.TokenIssued) -> str:
    name = f" “{cut(event.name)}”" if event.name else ""
    until = f", until {instant(event.expires_at)}" if event.expires_at else ""
    narrowed = ", for fewer permissions or sandboxes" if (event.permissions, event.sandboxes) != (None, None) else ""
    return f"issued a token{name} to the {_kind(event.owner)} {event.owner_id}{narrowed}{until}"


@deed.register
def _(event: events.TokenRevoked) -> str:
    return "revoked a token"


@deed.register
def _(event: events.SandboxCreated) -> str:
    return f"created the sandbox {cut(event.name)}"


@deed.register
def _(event: events.SandboxRetitled) -> str:
    return f"called a sandbox “{cut(event.title)}”"


@deed.register
def _(event: events.SandboxDeleted) -> str:
    return "deleted a sandbox; what it holds stays, unseen"


@deed.register
def _(event: events.SandboxRestored) -> str:
    return "restored a sandbox, with all that it holds"


def _kind(holder: str) -> str:
    return holder.replace("_", " ")


def _reach(event: events.RoleDefined | events.RoleRedefined) -> str:
    where = "every sandbox" if "*" in event.sandboxes else f"the sandboxes {listed(event.sandboxes) or 'none'}"
    what = "everything" if "*" in event.permissions else listed(event.permissions) or "nothing"
    with_labels = f", with the access labels {listed(event.labels)}" if event.labels else ""
    return f"{what} in {where}{with_labels}"
