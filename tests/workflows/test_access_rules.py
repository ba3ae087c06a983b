"""Access decided: roles united, tokens narrowed, an administrator who remains, and what nobody may be called."""

import asyncio
import re
from datetime import timedelta
from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Conflict, GuardFailed, Invalid, TransitionRefused
from engine.memory import MemoryLog
from engine.remembered import remembered
from engine.secret import Secret
from tests.suites.organisations import START, Organisation
from workflows.access import commands as ask
from workflows.access.aggregate import Person, Role, Sandbox, ServiceAccount, Token
from workflows.access.beginning import ROLES, adopt, begin
from workflows.access.errors import NameTaken, TokenExpired, TokenRefused
from workflows.access.service import ADMIN_ID, ORGANISATION, ORGANISATION_WIDE, id_of, token_id, unite
from workflows.permissions import PERMISSIONS, is_sandbox

SANDBOXES = ("a", "b", "prod")


@pytest.fixture
def organisation():
    return Organisation()


def a_role(name, permissions=(), sandboxes=("*",), labels=()):
    role = Role.blank()
    role.name, role.permissions = name, frozenset(permissions)
    role.sandboxes, role.labels = frozenset(sandboxes), frozenset(labels)
    return role


def a_scope(permissions=None, sandboxes=None):
    token = Token.blank()
    token.permissions = None if permissions is None else frozenset(permissions)
    token.sandboxes = None if sandboxes is None else frozenset(sandboxes)
    return token


names = st.sets(st.sampled_from(PERMISSIONS), max_size=6)
wheres = st.sets(st.sampled_from((*SANDBOXES, "*")), max_size=3)
roles = st.builds(a_role, st.sampled_from("xyz"), names, wheres, st.sets(st.sampled_from("lmn")))


@settings(max_examples=50)
@given(
    st.lists(roles, max_size=4),
    st.none() | st.builds(a_scope, st.none() | names, st.none() | wheres),
    st.sampled_from(SANDBOXES),
)
def test_rights_are_the_union_of_the_roles_of_a_sandbox_and_a_token_only_narrows_them(held, token, sandbox):
    found = unite(held, token, sandbox)
    here = [role for role in held if role.sandboxes & {sandbox, "*"}]
    reaches = token is None or token.sandboxes is None or bool(token.sandboxes & {sandbox, "*"})
    everywhere = [role for role in here if "*" in role.sandboxes]
    unbound = token is None or token.sandboxes is None or "*" in token.sandboxes
    for name in PERMISSIONS:
        giving = everywhere if name in ORGANISATION_WIDE else here
        expected = reaches and any(name in role.permissions for role in giving)
        expected &= name not in ORGANISATION_WIDE or unbound
        expected &= token is None or token.permissions is None or name in token.permissions
        assert (name in found.permissions) is expected, name
    assert found.labels == (frozenset().union(*(role.labels for role in here)) if reaches else frozenset())
    assert found.inside is bool(here and reaches)


def test_a_star_is_every_permission():
    assert unite([a_role("all", ["*"])], None, "prod").permissions == set(PERMISSIONS)


def test_what_somebody_may_is_the_union_of_their_roles_and_ends_with_them(organisation):
    ann = organisation.person("ann", "viewer", "auditor")
    token = organisation.token()
    assert organisation.rights(token).permissions == {*ROLES["viewer"], *ROLES["auditor"]}
    organisation.do(ask.TakeRoleFromPerson(person_id=ann, role="auditor"))
    assert organisation.rights(token).permissions == set(ROLES["viewer"])


def test_a_role_that_is_redefined_permits_other_things_at_once(organisation):
    role = organisation.do(ask.DefineRole(name="few", permissions=["view-profiles"], sandboxes=["a"], labels=["c1"]))
    organisation.person("ann", "few")
    token = organisation.token()
    assert organisation.rights(token, "a").permissions == {"view-profiles"}
    assert not organisation.rights(token, "prod").inside
    organisation.do(ask.RedefineRole(role_id=role, sandboxes=["prod"]))
    assert organisation.rights(token, "prod").labels == {"c1"}
    assert not organisation.rights(token, "a").inside


@pytest.mark.parametrize("kind", ["person", "service_account"])
def test_the_last_active_administrator_is_neither_suspended_nor_stripped(organisation, kind):
    if kind == "person":
        identity = organisation.person("ann", "administrator")
        suspend, strip = ask.SuspendPerson(person_id=identity), ask.TakeRoleFromPerson
        stripping = strip(person_id=identity, role="administrator")
        organisation.do(ask.SuspendServiceAccount(service_account_id=ADMIN_ID))
    else:
        suspend = ask.SuspendServiceAccount(service_account_id=ADMIN_ID)
        stripping = ask.TakeRoleFromServiceAccount(service_account_id=ADMIN_ID, role="administrator")
    for command in (suspend, stripping):
        with pytest.raises(GuardFailed) as refused:
            organisation.do(command)
        assert [report.code for report in refused.value.guards if report.passed is False] == ["last-administrator"]
    organisation.person("bob", "administrator")
    organisation.do(suspend)


def test_a_suspended_administrator_does_not_count_but_may_be_stripped(organisation):
    ann = organisation.person("ann", "administrator")
    organisation.do(ask.SuspendPerson(person_id=ann))
    with pytest.raises(GuardFailed, match="only active administrator"):
        organisation.do(ask.SuspendServiceAccount(service_account_id=ADMIN_ID))
    organisation.do(ask.TakeRoleFromPerson(person_id=ann, role="administrator"))
    assert organisation.get(Person, ann).roles == ()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("stripping", [False, True])
def test_of_two_processes_that_remove_each_one_of_two_administrators_only_one_does(turned, stripping):
    log = MemoryLog()
    one, other = Organisation(log), Organisation(log)
    ann = one.person("ann", "administrator")
    take = ask.TakeRoleFromPerson(person_id=ann, role="administrator")
    removals = [
        (one, take if stripping else ask.SuspendPerson(person_id=ann)),
        (other, ask.SuspendServiceAccount(service_account_id=ADMIN_ID)),
    ]

    async def both():
        # Both look at the administrators before either has decided.
        for office in (one, other):
            await office.access.administrators(await office.access.role("administrator"))
            await office.access.holder_of(ann)
            await office.access.holder_of(ADMIN_ID)
        racing = (office.take(command) for office, command in (removals[::-1] if turned else removals))
        return await asyncio.gather(*racing, return_exceptions=True)

    outcomes = asyncio.run(both())
    assert [isinstance(outcome, (Conflict, GuardFailed)) for outcome in outcomes].count(True) == 1
    later = Organisation(log)
    role = later.get(Role, id_of("role", "administrator"))
    assert len(asyncio.run(later.access.administrators(role))) == 1


def test_of_two_that_begin_at_once_one_does(organisation):
    log = MemoryLog()
    one = Organisation(log)
    other = Organisation(log)
    assert (one.first, other.first) == (True, False)
    late = Organisation.__new__(Organisation)
    late.clock, late.workflows, late.access = one.clock, one.workflows, one.access

    class Blind(type(one.access)):
        async def find(self, kind, workflow_id):
            return None

    blind = Blind(other.workflows)
    assert asyncio.run(begin(other.workflows, blind, one.context())) is False
    assert log.head().position == one.workflows.log.head().position


@pytest.mark.parametrize("alone", [True, False])
def test_another_token_in_the_file_revokes_the_former_one_where_nobody_else_keeps_such_a_file(organisation, alone):
    first, second = Secret("first-of-the-file-0123456789"), Secret("second-of-the-file-0123456789")

    def take(token):
        return asyncio.run(
            adopt(organisation.workflows, organisation.access, organisation.context(), token, alone=alone)
        )

    assert [take(first), take(first), take(second), take(first)] == [True, False, True, False]
    states = [organisation.get(Token, token_id(token)).state for token in (first, second)]
    assert states == (["revoked", "active"] if alone else ["active", "active"])
    assert organisation.get(ServiceAccount, ADMIN_ID).file_token == token_id(second)


def test_a_token_proves_until_it_is_revoked_expires_or_its_owner_is_suspended(organisation):
    ann = organisation.person("ann", "viewer")
    until = START + timedelta(days=30)
    kept, revoked = organisation.token(expires_at=until), organisation.token()
    organisation.do(ask.RevokeToken(token_id=token_id(revoked)))
    with pytest.raises(TokenRefused) as refused:
        organisation.rights(revoked)
    assert str(refused.value) == str(TokenRefused())
    organisation.do(ask.SuspendPerson(person_id=ann))
    with pytest.raises(TokenRefused) as suspended:
        organisation.rights(kept)
    assert str(suspended.value) == str(refused.value)
    organisation.do(ask.ReinstatePerson(person_id=ann))
    organisation.clock.move(timedelta(days=30) - timedelta(microseconds=1))
    assert organisation.rights(kept).inside
    organisation.clock.move(timedelta(microseconds=1))
    with pytest.raises(TokenExpired, match="expired"):
        organisation.rights(kept)


def test_a_token_is_long_and_random_and_nothing_of_it_or_its_hash_is_stored(organisation):
    organisation.person("ann", "viewer")
    tokens = {organisation.token().reveal() for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"il_[A-Za-z0-9_-]{43}", token) for token in tokens)
    stored = b"".join(event.state for event in organisation.workflows.log.read(0))
    for token in tokens:
        plain = sha256(token.encode())
        for trace in (token, token[3:], plain.hexdigest(), plain.hexdigest()[:32]):
            assert trace.encode() not in stored
        assert token_id(Secret(token)).version == 8
        assert organisation.access.take_unshown(token_id(Secret(token))) is None


def test_the_id_of_a_token_is_its_own():
    assert token_id(Secret("a" * 30)) == token_id(Secret("a" * 30)) != token_id(Secret("a" * 31))


@pytest.mark.parametrize("name", ["Reports", "reports", "ＲＥＰＯＲＴＳ", "rePorts"])
def test_names_that_look_alike_are_the_same_one(organisation, name):
    organisation.do(ask.AddServiceAccount(name="reports"))
    with pytest.raises(NameTaken):
        organisation.do(ask.AddServiceAccount(name=name))


def test_a_name_of_which_another_process_was_faster_is_not_given_twice():
    log = MemoryLog()
    one, other = Organisation(log), Organisation(log)

    async def both():
        command = ask.AddPerson(name="Ann", email="ann@example.com")
        return await asyncio.gather(one.take(command), other.take(command), return_exceptions=True)

    assert sum(isinstance(outcome, (Conflict, NameTaken)) for outcome in asyncio.run(both())) == 1


@pytest.mark.parametrize(
    ("command", "pointer"),
    [
        (ask.AddPerson(name=" ", email="ann@example.com"), "/name"),
        (ask.AddPerson(name="a\u202eb", email="ann@example.com"), "/name"),
        *((ask.AddPerson(name="Ann", email=text), "/email") for text in ("", "ann", "a@b", "a b@c.de", "a@b@c.de")),
        (ask.AddPerson(name="Ann", email=f"{'a' * 240}@example.com"), "/email"),
        (ask.AddPerson(name="Ann", email="a\u200bnn@example.com"), "/email"),
        (ask.AddPerson(name="Ann", email="ann@example.com", opt_ins=["email", "E Mail"]), "/opt_ins/1"),
        (ask.AddServiceAccount(name="ann@example.com"), "/name"),
        (ask.DefineRole(name="x", permissions=["view-destination"], sandboxes=["*"]), "/permissions/0"),
        (ask.DefineRole(name="x", permissions=[], sandboxes=["_organisation"]), "/sandboxes/0"),
        (ask.DefineRole(name="x", permissions=[], sandboxes=[], labels=["ok", "\x00"]), "/labels/1"),
        (ask.IssueToken(owner="nobody"), "/owner"),
        (ask.IssueToken(owner="admin", expires_at=START), "/expires_at"),
        (ask.IssueToken(owner="admin", expires_at=START.replace(tzinfo=None, year=2030)), "/expires_at"),
        (ask.IssueToken(owner="admin", permissions=["everything"]), "/permissions/0"),
        (ask.GiveRoleToServiceAccount(service_account_id=ADMIN_ID, role="nothing"), "/role"),
    ],
)
def test_what_cannot_be_is_refused_with_a_pointer(organisation, command, pointer):
    with pytest.raises(Invalid) as refused:
        organisation.do(command)
    assert [where for where, _ in refused.value.errors] == [pointer]


@pytest.mark.parametrize("name", ["_organisation", "", "Prod", "a/b", "..", "a" * 64, "prod\n"])
def test_no_sandbox_can_have_the_reserved_name_or_one_that_is_none(name):
    assert not is_sandbox(name)
    with pytest.raises(ValueError, match="name"):
        ask.CreateSandbox(name=name)
    assert not is_sandbox(ORGANISATION)


def test_the_first_sandbox_stays_and_others_go_and_come_back(organisation):
    with pytest.raises(GuardFailed, match="who names no sandbox"):
        organisation.do(ask.DeleteSandbox(sandbox_id=id_of("sandbox", "prod")))
    dev = organisation.do(ask.CreateSandbox(name="dev"))
    there = [asyncio.run(organisation.access.has_sandbox("dev"))]
    organisation.do(ask.DeleteSandbox(sandbox_id=dev))
    there.append(asyncio.run(organisation.access.has_sandbox("dev")))
    with pytest.raises(NameTaken, match="deleted, and can be restored"):
        organisation.do(ask.CreateSandbox(name="dev"))
    organisation.do(ask.RestoreSandbox(sandbox_id=dev))
    assert [*there, asyncio.run(organisation.access.has_sandbox("dev"))] == [True, False, True]
    assert organisation.get(Sandbox, dev).title == "dev"


def test_roles_of_ours_stay_and_one_that_is_held_is_not_deleted(organisation):
    for name in ROLES:
        role = id_of("role", name)
        for command in (ask.DeleteRole(role_id=role), ask.RedefineRole(role_id=role, permissions=[])):
            with pytest.raises(GuardFailed, match="belongs to Interlock"):
                organisation.do(command)
    role = organisation.do(ask.DefineRole(name="few", permissions=[], sandboxes=[]))
    ann = organisation.person("ann", "few")
    with pytest.raises(GuardFailed, match="1 hold this role"):
        organisation.do(ask.DeleteRole(role_id=role))
    with pytest.raises(GuardFailed, match="held already"):
        organisation.do(ask.GiveRoleToPerson(person_id=ann, role="few"))
    organisation.do(ask.TakeRoleFromPerson(person_id=ann, role="few"))
    organisation.do(ask.DeleteRole(role_id=role))
    with pytest.raises(Invalid, match="no role of that name"):
        organisation.do(ask.GiveRoleToPerson(person_id=ann, role="few"))
    with pytest.raises(TransitionRefused):
        organisation.do(ask.RedefineRole(role_id=role, permissions=[]))


def test_every_pair_of_predefined_roles_is_of_another_reach():
    assert all(set(one) != set(other) for one, other in combinations(ROLES.values(), 2))
    assert all(set(permissions) <= {*PERMISSIONS, "*"} for permissions in ROLES.values())


def test_what_snapshots_remember_of_access_is_all_of_it(organisation):
    ann = organisation.person("ann", "viewer")
    organisation.do(ask.EditPerson(person_id=ann, opt_ins=["email"]))
    token = organisation.token(permissions=["view-profiles"], expires_at=START + timedelta(days=1))
    unlimited = organisation.token()
    adopted = Secret("of-the-file-0123456789")
    asyncio.run(adopt(organisation.workflows, organisation.access, organisation.context(), adopted, alone=True))
    for kind, identity in (
        (Person, ann),
        (ServiceAccount, ADMIN_ID),
        (Role, id_of("role", "administrator")),
        (Token, token_id(token)),
        (Token, token_id(unlimited)),
        (Sandbox, id_of("sandbox", "prod")),
    ):
        whole = organisation.get(kind, identity)
        taken_up = remembered(kind).read(remembered(kind).write(whole), identity, whole.version)
        assert taken_up.describe() == whole.describe()
