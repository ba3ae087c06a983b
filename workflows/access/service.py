"""Who is who, and what they may do where: tokens proved, roles united, without a scan and without recording."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import TypeVar
from uuid import UUID, uuid5

from engine.aggregate import Workflow
from engine.application import Workflows
from engine.errors import NotFound
from engine.secret import Secret
from workflows.access.aggregate import Holder, Person, Role, Sandbox, ServiceAccount, Token
from workflows.access.errors import TokenExpired, TokenRefused
from workflows.access.guards import ADMINISTRATOR, DEFAULT_SANDBOX
from workflows.access.values import EVERY
from workflows.permissions import PERMISSIONS

W = TypeVar("W", bound=Workflow)

ORGANISATION = "_organisation"
"""The reserved sandbox in which all of this lies; no sandbox can be called so."""

ADMIN = "admin"
"""The actor that the built-in service account is, whatever its id."""

ORGANISATION_WIDE = frozenset(("view-access", "manage-access", "view-sandboxes", "manage-sandboxes", "reset-sandboxes"))
"""Permissions over all sandboxes at once: they come of roles (and tokens) for every sandbox only."""

_EVERYTHING = frozenset(PERMISSIONS)
_NAMESPACE = UUID("7b6f2f0e-5f3e-5c9b-9a57-3f1d9c0a4e21")
_UNSHOWN = 100
_KINDS: tuple[type[Holder], ...] = (Person, ServiceAccount)


@lru_cache(maxsize=4096)
def id_of(kind: str, name: str) -> UUID:
    """Return the id of what has that name: names that look alike to a person are the same one."""
    return uuid5(_NAMESPACE, f"{kind}\x1f{unicodedata.normalize('NFKC', name).casefold()}")


ADMIN_ID = id_of("service_account", ADMIN)


def token_id(token: Secret) -> UUID:
    """Return the id of a token's stream, which tells nothing of the token: 122 bits of a hash of it, as a UUID 8."""
    digest = sha256(b"interlock token\x1f" + token.reveal().encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76 | 0x3 << 62)
    return UUID(int=number | 0x8 << 76 | 0x2 << 62)


def actor_of(holder_id: UUID) -> str:
    """Return the actor of everything that a person or service account does."""
    return ADMIN if holder_id == ADMIN_ID else str(holder_id)


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do in one sandbox, by which roles; `inside` tells whether any role covers the sandbox."""

    permissions: frozenset[str]
    labels: frozenset[str]
    roles: tuple[str, ...]
    inside: bool


class AccessService:
    """Finds people, service accounts, roles, tokens and sandboxes."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        self._unshown: dict[UUID, Secret] = {}

    async def find(self, kind: type[W], workflow_id: UUID) -> W | None:
        """Return what has that id, None if there is nothing of that kind."""
        try:
            return await self._workflows.get(kind, workflow_id)
        except NotFound:
            return None

    async def is_new(self, token_id: UUID) -> bool:
        """Tell whether nothing is known of a token, as before the first start."""
        return await self.find(Token, token_id) is None

    def show_once(self, token_id: UUID, token: Secret) -> None:
        """Keep a new token until the answer to whoever asked for it is made."""
        while len(self._unshown) >= _UNSHOWN:
            self._unshown.pop(next(iter(self._unshown)))
        self._unshown[token_id] = token

    def take_unshown(self, token_id: UUID) -> Secret | None:
        """Return a new token that nobody was shown, and forget it."""
        return self._unshown.pop(token_id, None)

    async def has_sandbox(self, name: str) -> bool:
        """Tell whether one can work in that sandbox; the default one is there from the first moment."""
        found = await self.find(Sandbox, id_of("sandbox", name))
        return name == DEFAULT_SANDBOX if found is None else found.state == "active"

    async def role(self, name: str) -> Role | None:
        """Return the role of that name, None if there is none or it is deleted."""
        found = await self.find(Role, id_of("role", name))
        return found if found is not None and found.state == "active" else None

    async def holder(self, named: str) -> Holder | None:
        """Return whom an id, an e-mail address or the name of a service account means."""
        try:
            return await self.holder_of(UUID(named))
        except ValueError:
            kind = Person if "@" in named else ServiceAccount
            return await self.find(kind, id_of(kind.kind, named))

    async def holder_of(self, holder_id: UUID) -> Holder | None:
        """Return the person or service account of that id."""
        for kind in _KINDS:
            found = await self.find(kind, holder_id)
            if found is not None:
                return found
        return None

    async def administrators(self, role: Role) -> tuple[Holder, ...]:
        """Return everybody active who holds *role*."""
        kinds = ((ServiceAccount if one in role.programs else Person, one) for one in sorted(role.holders, key=str))
        found = [await self.find(kind, one) for kind, one in kinds]
        return tuple(holder for holder in found if holder is not None and holder.state == "active")

    async def prove(self, token: Secret, now: datetime) -> tuple[Token, Holder]:
        """Return the token and whom it proves.

        Raises:
            TokenRefused: there is no such token, it is revoked, or its owner is suspended: one text for all.
            TokenExpired: it has expired.
        """
        found = await self.find(Token, token_id(token))
        if found is None or found.state != "active":
            raise TokenRefused
        holder = await self.find(ServiceAccount if found.owner == "service_account" else Person, found.owner_id)
        if holder is None or holder.state != "active":
            raise TokenRefused
        if found.expires_at is not None and found.expires_at <= now:
            raise TokenExpired
        return found, holder

    async def rights(self, holder: Holder, token: Token | None, sandbox: str | None) -> Rights:
        """Return the union of somebody's roles in a sandbox (None: in any), narrowed by their token."""
        held = [role for role in [await self.role(name) for name in holder.roles] if role is not None]
        return unite(held, token, sandbox)


def unite(roles: Iterable[Role], token: Token | None, sandbox: str | None) -> Rights:
    """Return what roles permit together in a sandbox (None: in any of them), narrowed by a token."""
    reach = None if token is None else token.sandboxes
    covering = [role for role in roles if _covers(role.sandboxes, sandbox)]
    if not _covers(reach, sandbox):
        covering = []
    permissions: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    for role in covering:
        permitted = _EVERYTHING if EVERY in role.permissions else role.permissions
        everywhere = EVERY in role.sandboxes and (reach is None or EVERY in reach)
        permissions |= permitted if everywhere else permitted - ORGANISATION_WIDE
        labels |= role.labels
    if token is not None and token.permissions is not None:
        permissions &= token.permissions
    return Rights(permissions, labels, tuple(sorted(role.name for role in covering)), bool(covering))


def _covers(sandboxes: frozenset[str] | None, sandbox: str | None) -> bool:
    return sandboxes is None or sandbox is None or EVERY in sandboxes or sandbox in sandboxes


__all__ = ["ADMIN", "ADMINISTRATOR", "ADMIN_ID", "ORGANISATION", "AccessService", "Rights", "unite"]
