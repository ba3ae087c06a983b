"""An organisation for tests of access: a log in memory, and commands that go straight to their handlers."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from adapters.composition import handlers_of_access
from engine.application import Workflows
from engine.clock import FixedClock
from engine.envelope import Context
from engine.memory import MemoryLog
from engine.secret import Secret
from workflows.access import beginning, commands
from workflows.access.service import ADMIN, ORGANISATION, AccessService

START = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


class Organisation:
    """What one process makes of a log: it has begun, and takes commands."""

    def __init__(self, log=None, clock=None):
        self.clock = clock or FixedClock(START)
        self.workflows = Workflows(log=log or MemoryLog())
        self.access = AccessService(self.workflows)
        self._handlers = handlers_of_access(self.workflows, self.access)
        self.first = asyncio.run(beginning.begin(self.workflows, self.access, self.context("interlock")))

    def context(self, actor=ADMIN):
        return Context(actor=actor, sandbox=ORGANISATION, clock=self.clock)

    async def take(self, command):
        """Decide a command; return its receipt."""
        return await self._handlers[type(command)](command, self.context(), None)

    def do(self, command):
        """Decide a command; return the id of what it was about."""
        return asyncio.run(self.take(command)).stream

    def person(self, name="ann", *roles):
        """Add a person with roles; return their id."""
        identity = self.do(commands.AddPerson(name=name, email=f"{name}@example.com"))
        for role in roles:
            self.do(commands.GiveRoleToPerson(person_id=identity, role=role))
        return identity

    def token(self, owner="ann@example.com", **scope):
        """Issue a token; return it."""
        return self.access.take_unshown(self.do(commands.IssueToken(owner=owner, **scope)))

    def rights(self, token: Secret, sandbox="prod"):
        """Return what a token permits in a sandbox."""

        async def look():
            found, holder = await self.access.prove(token, self.clock.now())
            return await self.access.rights(holder, found, sandbox)

        return asyncio.run(look())

    def get(self, kind, identity: UUID):
        """Return something as it stands in the log."""
        return self.workflows.load(kind, identity)
