"""Members of an organisation: people with roles of exactly some permissions, who ask the API and the command line."""

import json
from uuid import UUID

from typer.testing import CliRunner

from adapters.cli.app import build
from adapters.cli.client import Client
from engine.secret import Secret
from tests.suites.api import Api
from workflows.access.commands import AddPerson, CreateSandbox, DefineRole, GiveRoleToPerson, IssueToken


class Member(Api):
    """Asks, and takes the answers as they are: other tests hold them against the description of the API."""

    def hold(self, method, answer):
        """Take the answer as it is."""


class Members:
    """One System, and an API for each set of permissions, sandboxes and labels that somebody asks with."""

    def __init__(self, system):
        self.system = system
        self.admin = Api(system)
        self._known = {}
        self._open = [self.admin]

    def sandbox(self, name):
        """Let there be another sandbox."""
        self.system.run(CreateSandbox(name=name))

    def person(self, name, *roles):
        """Add a person with roles; return an API in which they ask, and their id."""
        made = self.system.run(AddPerson(name=name, email=f"{name}@example.com"))
        for role in roles:
            self.give(made.shown["id"], role)
        secret = self.system.run(IssueToken(owner=made.shown["id"])).secret
        return self.asking(secret.reveal()), made.shown["id"]

    def asking(self, token):
        """Return an API in which whoever has that token asks."""
        self._open.append(Member(self.system, token=token))
        return self._open[-1]

    def give(self, person, role):
        """Give a person a role."""
        self.system.run(GiveRoleToPerson(person_id=UUID(person), role=role))

    def holding(self, permissions, sandboxes=("*",), labels=()):
        """Return an API in which somebody asks who holds exactly that."""
        key = (frozenset(permissions), tuple(sandboxes), tuple(labels))
        if key not in self._known:
            name = f"member-{len(self._known)}"
            self.system.run(
                DefineRole(name=name, permissions=sorted(permissions), sandboxes=[*sandboxes], labels=[*labels])
            )
            self._known[key], _ = self.person(name, name)
        return self._known[key]

    def close(self):
        for api in self._open:
            api.close()


class Desk:
    """What the command line needs, over an application in memory: whoever sits there sends one token."""

    def __init__(self, api):
        self._api = api

    def open_client(self, options, *, reading=False):
        self._api.app.state.system = self._api.system
        token = Secret(self._api.headers["authorization"].removeprefix("Bearer "))
        return Client(token=token, sandbox=options.sandbox, app=self._api.app)

    def __call__(self, *words, **environ):
        """Run a command line; return what came of it."""
        return CliRunner(env=environ).invoke(build(self), [str(word) for word in words])

    def json(self, *words):
        found = self(*words, "-o", "json")
        assert found.exit_code == 0, found.stderr
        return json.loads(found.stdout)
