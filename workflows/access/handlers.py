"""One function for each kind of command about access: fetch, decide, record."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from engine.application import Workflows
from engine.command import Command
from engine.envelope import Context
from engine.errors import Invalid, NotFound
from engine.log import CommandKey, Receipt
from engine.secret import Secret
from workflows.access import commands
from workflows.access.aggregate import Holder, Person, Role, Sandbox, ServiceAccount, Token
from workflows.access.errors import NameTaken
from workflows.access.service import ADMINISTRATOR, ORGANISATION, AccessService, id_of, token_id
from workflows.access.values import address, named, permitting, words

Show = Callable[[UUID, Secret], None]
"""Takes a new token, to be shown once."""

_TOGETHER: dict[type[Command], tuple[type[Any], str]] = {
    commands.SuspendPerson: (Person, "suspend"),
    commands.ReinstatePerson: (Person, "reinstate"),
    commands.SuspendServiceAccount: (ServiceAccount, "suspend"),
    commands.ReinstateServiceAccount: (ServiceAccount, "reinstate"),
    commands.DeleteRole: (Role, "delete"),
    commands.RestoreRole: (Role, "restore"),
    commands.RevokeToken: (Token, "revoke"),
    commands.DeleteSandbox: (Sandbox, "delete"),
    commands.RestoreSandbox: (Sandbox, "restore"),
}
SIMPLE = tuple(command for command, (_, trigger) in _TOGETHER.items() if trigger != "suspend")
SUSPENDING = tuple(command for command, (_, trigger) in _TOGETHER.items() if trigger == "suspend")


async def add_person(
    command: commands.AddPerson, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Add a person, whose id is that of their e-mail address."""
    facts = {"name": named(command.name), "email": address(command.email), "opt_ins": words(command.opt_ins)}
    return await _open(workflows, Person, id_of("person", facts["email"]), "/email", context, key, facts)


async def edit_person(
    command: commands.EditPerson, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Change what is known of a person."""
    person = await workflows.get(Person, command.person_id, ORGANISATION)
    name = person.name if command.name is None else named(command.name)
    opt_ins = person.opt_ins if command.opt_ins is None else words(command.opt_ins)
    async with workflows.turn(person, key=key) as turn:
        turn.of(person).advance("edit", context, name=name, opt_ins=opt_ins)
    return turn.recorded


async def add_service_account(
    command: commands.AddServiceAccount, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Add a service account, whose id is that of its name."""
    name = named(command.name)
    if "@" in name:
        raise Invalid([("/name", "must not contain @, which stands in the addresses of people")])
    return await _open(workflows, ServiceAccount, id_of("service_account", name), "/name", context, key, {"name": name})


async def give_role(
    command: Any, context: Context, key: CommandKey | None, *, workflows: Workflows, access: AccessService
) -> Receipt:
    """Give a role to a person or service account; both remember it."""
    holder: Holder = await workflows.get(_holder_kind(command), command.target_id, ORGANISATION)
    role = await _role(access, command.role)
    async with workflows.turn(holder, role, key=key) as turn:
        turn.of(holder).advance("give_role", context, role=role.name)
        turn.of(role).advance("hold", context, holder=holder.kind, holder_id=holder.id)
    return turn.recorded


async def take_role(
    command: Any, context: Context, key: CommandKey | None, *, workflows: Workflows, access: AccessService
) -> Receipt:
    """Take a role from a person or service account; an administrator remains, whoever else decides at this moment."""
    holder: Holder = await workflows.get(_holder_kind(command), command.target_id, ORGANISATION)
    role = await _role(access, command.role)
    others, known = await _administrators(access, holder, role if role.name == ADMINISTRATOR else None)
    async with workflows.turn(holder, role, *others, key=key) as turn:
        turn.of(holder).advance("take_role", context, knowing=known, role=role.name)
        turn.of(role).advance("release", context, holder=holder.kind, holder_id=holder.id)
    return turn.recorded


async def suspend(
    command: Any, context: Context, key: CommandKey | None, *, workflows: Workflows, access: AccessService
) -> Receipt:
    """Suspend a person or service account; an administrator remains, whoever else decides at this moment."""
    holder: Holder = await workflows.get(_holder_kind(command), command.target_id, ORGANISATION)
    role = await access.role(ADMINISTRATOR) if ADMINISTRATOR in holder.roles else None
    others, known = await _administrators(access, holder, role)
    held = (role, *others) if role else others
    async with workflows.turn(holder, *held, key=key) as turn:
        turn.of(holder).advance("suspend", context, knowing=known)
    return turn.recorded


async def step(command: Any, context: Context, key: CommandKey | None, *, workflows: Workflows) -> Receipt:
    """Take a step that rests on nothing but its own history."""
    kind, trigger = _TOGETHER[type(command)]
    found = await workflows.get(kind, command.target_id, ORGANISATION)
    async with workflows.turn(found, key=key) as turn:
        turn.of(found).advance(trigger, context)
    return turn.recorded


async def define_role(
    command: commands.DefineRole, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Define a role, whose id is that of its name."""
    facts = {"name": command.name, **permitting(command)}
    return await _open(workflows, Role, id_of("role", command.name), "/name", context, key, facts)


async def redefine_role(
    command: commands.RedefineRole, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Let a role permit other things."""
    role = await workflows.get(Role, command.role_id, ORGANISATION)
    now = {name: tuple(sorted(getattr(role, name))) for name in ("permissions", "sandboxes", "labels")}
    async with workflows.turn(role, key=key) as turn:
        turn.of(role).advance("redefine", context, **now | permitting(command))
    return turn.recorded


async def issue_token(
    command: commands.IssueToken,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    access: AccessService,
    show: Show,
) -> Receipt:
    """Issue a token; what is recorded is whose it is and how far it reaches."""
    owner = await access.holder(command.owner)
    if owner is None:
        raise Invalid([("/owner", "nobody has that id, address or name")], fix="list people and service accounts")
    if command.expires_at is not None and (command.expires_at.tzinfo is None or command.expires_at <= context.now()):
        raise Invalid([("/expires_at", "must be a moment to come, with its time zone")])
    scope = permitting(command)
    token = Secret(f"il_{secrets.token_urlsafe(32)}")
    new = Token.blank(token_id(token))
    facts = {"name": named(command.name) if command.name else "", "owner": owner.kind, "owner_id": owner.id}
    async with workflows.turn(new, owner, key=key) as turn:
        turn.of(new).begin(context, **facts, **scope, expires_at=command.expires_at)
    show(new.id, token)
    return turn.recorded


async def create_sandbox(
    command: commands.CreateSandbox, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Begin a sandbox, whose id is that of its name."""
    facts = {"name": command.name, "title": named(command.title) if command.title else command.name}
    return await _open(workflows, Sandbox, id_of("sandbox", command.name), "/name", context, key, facts)


async def retitle_sandbox(
    command: commands.RetitleSandbox, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Call a sandbox something else."""
    sandbox = await workflows.get(Sandbox, command.sandbox_id, ORGANISATION)
    title = named(command.title, "/title")
    async with workflows.turn(sandbox, key=key) as turn:
        turn.of(sandbox).advance("retitle", context, title=title)
    return turn.recorded


async def _open(
    workflows: Workflows,
    kind: type[Any],
    stream: UUID,
    pointer: str,
    context: Context,
    key: CommandKey | None,
    facts: dict[str, Any],
) -> Receipt:
    """Begin what has that id, unless it is there already."""
    try:
        there = await workflows.get(kind, stream)
    except NotFound:
        new = kind.blank(stream)
        async with workflows.turn(new, key=key) as turn:
            turn.of(new).begin(context, **facts)
        return turn.recorded
    deleted = "; it is deleted, and can be restored" if there.state == "deleted" else ""
    raise NameTaken(f"{pointer}: there is one already{deleted}", fix=f"use it (its id is {there.id}), or another name")


async def _role(access: AccessService, name: str) -> Role:
    role = await access.role(name)
    if role is None:
        raise Invalid([("/role", "there is no role of that name")], fix="list the roles, or define it first")
    return role


async def _administrators(access: AccessService, holder: Holder, role: Role | None) -> tuple[Sequence[Holder], Any]:
    """Return the other active administrators, and what the guard must know; nobody if *role* is not at stake."""
    found = await access.administrators(role) if role else ()
    return [one for one in found if one.id != holder.id], {"administrators": frozenset(one.id for one in found)}


def _holder_kind(command: Command) -> type[Holder]:
    return Person if command.TARGET == "person" else ServiceAccount
