"""What a token was found to prove, where other processes write too: believed for a second, and while the log hangs."""

import asyncio
import time

import pytest

from adapters.system.proofs import PATIENCE, SECONDS, Proofs
from engine.attempts import AttemptLog
from engine.errors import LogUnavailable
from engine.memory import MemoryLog
from engine.secret import Secret
from tests.suites.organisations import Organisation
from workflows.access.commands import RevokeToken
from workflows.access.errors import TokenRefused
from workflows.access.service import AccessService, token_id

FILE = Secret("of-the-file-0123456789")


class SlowService(AccessService):
    """Finds nothing while the log hangs, and breaks off after a while."""

    def __init__(self, workflows):
        super().__init__(workflows)
        self.hanging, self.asked = 0.0, 0

    async def find(self, kind, workflow_id):
        self.asked += 1
        if self.hanging:
            await asyncio.sleep(self.hanging)
            raise LogUnavailable("it hangs")
        return await super().find(kind, workflow_id)


class SharedLog(MemoryLog):
    """A log to which, it says, other processes write as well."""

    SHARED = True


@pytest.fixture
def office():
    return Organisation(SharedLog())


@pytest.fixture
def service(office):
    return SlowService(office.workflows)


@pytest.fixture
def proofs(office, service):
    return Proofs(office.workflows, service, AttemptLog(office.workflows), office.clock)


def age(proofs):
    """Let a second pass."""
    for proof in proofs._known.values():
        proof.at -= SECONDS + 1


def test_what_another_process_revoked_is_believed_for_a_second_at_most(office, proofs, service):
    ann = office.person("ann", "viewer")
    token = office.token()

    async def ask():
        return (await proofs.caller(token, "prod")).actor

    assert asyncio.run(ask()) == str(ann)
    office.do(RevokeToken(token_id=token_id(token)))
    asked = service.asked
    assert asyncio.run(ask()) == str(ann)
    assert service.asked == asked, "nobody looks again within the second"
    age(proofs)
    for _ in range(2):
        with pytest.raises(TokenRefused):
            asyncio.run(ask())


def test_a_log_that_hangs_makes_nobody_wait_twice_and_revokes_nothing(office, proofs, service):
    ann = office.person("ann", "viewer")
    token, stranger = office.token(), office.token()

    async def ask():
        await proofs.caller(token, "prod")
        service.hanging = 3 * PATIENCE
        age(proofs)
        began = time.monotonic()
        callers = await asyncio.gather(*(proofs.caller(token, "prod") for _ in range(20)))
        assert {caller.actor for caller in callers} == {str(ann)}
        assert time.monotonic() - began < 2 * PATIENCE
        with pytest.raises(LogUnavailable):
            await proofs.caller(stranger, "prod")
        with pytest.raises(LogUnavailable):
            await proofs.caller(FILE, "prod", ours=True)
        service.hanging = 0.0
        office.workflows.forget(ann)
        async with office.workflows.turn(await office.access.holder_of(ann)) as turn:
            turn.of(await office.access.holder_of(ann)).advance(
                "suspend", office.context(), knowing={"administrators": frozenset()}
            )
        age(proofs)
        with pytest.raises(TokenRefused):
            await proofs.caller(token, "prod")

    asyncio.run(ask())


def test_where_nobody_else_writes_the_file_is_good_whatever_ails_the_log(office):
    alone = Organisation()
    service = SlowService(alone.workflows)
    proofs = Proofs(alone.workflows, service, AttemptLog(alone.workflows), alone.clock)
    service.hanging = 0.001
    assert asyncio.run(proofs.caller(FILE, "prod", ours=True)).roles == ("administrator",)
    with pytest.raises(LogUnavailable):
        asyncio.run(proofs.caller(Secret("of-anybody-else"), "prod"))
    service.hanging = 0.0
    token = alone.token("admin")
    assert asyncio.run(proofs.caller(token, "prod")).actor == "admin"
