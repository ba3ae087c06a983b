"""Access where several processes share a log: one first start, one administrator who remains, tokens revoked."""

import asyncio
import threading
from contextlib import ExitStack

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from adapters.store import schema
from adapters.system.proofs import SECONDS
from engine.errors import Conflict, GuardFailed
from engine.secret import Secret
from tests.suites.postgres import the_server
from workflows.access.aggregate import Role
from workflows.access.commands import (
    AddPerson,
    GiveRoleToPerson,
    IssueToken,
    RevokeToken,
    SuspendPerson,
    SuspendServiceAccount,
)
from workflows.access.errors import TokenRefused
from workflows.access.service import ADMIN_ID, id_of, token_id
from workflows.permissions import Caller

pytestmark = pytest.mark.xdist_group("postgres-access")
ADMIN = Caller("admin")


@pytest.fixture
def systems(tmp_path):
    """Two Systems over one database, each with a home of its own."""
    server = the_server()
    database = server.new_database()
    url = server.url(database)
    schema.upgrade(Settings(home=tmp_path, database=url))
    with ExitStack() as opened:
        opened.callback(server.drop, database)
        yield [opened.enter_context(compose(Settings(home=tmp_path / name, database=url))) for name in "ab"]


def at_once(*works):
    """Do several things in threads of their own, as nearly at once as can be; return what came of each."""
    ready, found = threading.Barrier(len(works)), [None] * len(works)

    def do(place, work):
        ready.wait()
        try:
            found[place] = work()
        except (Conflict, GuardFailed) as error:
            found[place] = error

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_processes_share_one_first_start_one_administrator_and_what_a_token_proves(systems):
    one, other = systems
    tokens = [Secret(f"of-the-home-{name}-0123456789") for name in "ab"]
    at_once(*(lambda s=s, t=t: asyncio.run(s.access.begin(t)) for s, t in zip(systems, tokens, strict=True)))
    for system in systems:
        for token in tokens:  # nobody's file makes another server's token useless
            assert system.wait(system.access.caller(token, "prod")).actor == "admin"
    events = one.workflows.log.read(0, limit=1000)
    topics = [event.topic for event in events]
    assert [topics.count(topic) for topic in ("sandbox.created", "service_account.added", "token.issued")] == [1, 1, 2]

    ann = one.run(AddPerson(name="Ann", email="ann@example.com"), ADMIN)
    identity = ann.receipt.stream
    one.run(GiveRoleToPerson(person_id=identity, role="administrator"), ADMIN)
    issued = one.run(IssueToken(owner="ann@example.com"), ADMIN)
    assert other.wait(other.access.caller(issued.secret, "prod")).actor == str(identity)
    one.run(RevokeToken(token_id=token_id(issued.secret)), ADMIN)
    with pytest.raises(TokenRefused):
        one.wait(one.access.caller(issued.secret, "prod"))
    for proof in other.access.prove.__self__._known.values():
        proof.at -= SECONDS + 1  # as if that time had passed
    with pytest.raises(TokenRefused):
        other.wait(other.access.caller(issued.secret, "prod"))

    outcomes = at_once(
        lambda: one.run(SuspendPerson(person_id=identity), ADMIN),
        lambda: other.run(SuspendServiceAccount(service_account_id=ADMIN_ID), ADMIN),
    )
    assert [isinstance(outcome, (Conflict, GuardFailed)) for outcome in outcomes].count(True) == 1
    role = one.workflows.load(Role, id_of("role", "administrator"))
    assert len(one.wait(one.access.service.administrators(role))) == 1
    assert one.verify(ADMIN)["sound"]
