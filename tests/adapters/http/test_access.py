"""People, programs, roles, tokens and sandboxes over the API: who is let in where, and what an answer gives away."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from adapters.composition import compose
from engine.clock import FixedClock
from engine.secret import Secret
from tests.suites.api import TOKEN, ZONE, Api
from tests.suites.members import Desk, Members
from workflows.access.service import ADMIN_ID, token_id
from workflows.permissions import PERMISSIONS, Caller

START = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
ADMIN = Caller("admin")


@pytest.fixture
def clock():
    return FixedClock(START)


@pytest.fixture
def system(settings, clock):
    with compose(settings, clock=clock) as system:
        yield system


@pytest.fixture
def members(system):
    members = Members(system)
    yield members
    members.close()


def detail(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()["detail"]


def command(api, where, answer, kind, trigger, body=None):
    headers = {"if-match": answer.headers["etag"]}
    found = api.post(f"{where}/{answer.json()[kind]['id']}/commands/{trigger}", body or {}, headers=headers)
    assert found.status_code == 200, found.text
    return found


def issue(api, **body):
    answer = api.post("/v1/tokens", body)
    assert answer.status_code == 201, answer.text
    return answer


def asks(system, token, sandbox=None):
    headers = {"x-sandbox": sandbox} if sandbox else {}
    api = Api(system, token=token)
    api.headers |= headers
    answer = api.get("/v1/connections")
    api.close()
    return answer


def test_a_role_in_one_sandbox_is_none_in_another_and_what_lies_here_is_not_there(members):
    for name in ("a", "b"):
        members.sandbox(name)
    connect = ["manage-destinations", "manage-and-activate-dataset-destinations"]
    in_a = members.holding(connect, sandboxes=["a"])
    mine = in_a.post("/v1/connections", {"destination": ZONE}, headers={"x-sandbox": "a"})
    assert mine.status_code == 201
    denied = in_a.post("/v1/connections", {"destination": ZONE}, headers={"x-sandbox": "b"})
    assert "no role" in detail(denied, 403)
    assert denied.json()["guards"][0]["code"] == "sandbox-not-granted"
    both = members.holding(connect, sandboxes=["a", "b"])
    where = f"/v1/connections/{mine.json()['connection']['id']}"
    assert both.get(where, headers={"x-sandbox": "a"}).status_code == 200
    elsewhere = both.get(where, headers={"x-sandbox": "b"})
    missing = both.get("/v1/connections/01934c2e-0000-7000-8000-000000000001", headers={"x-sandbox": "b"})
    assert elsewhere.json() == missing.json()
    assert elsewhere.status_code == 404
    tried = members.admin.get("/v1/audit/attempts", headers={"x-sandbox": "b"}).json()["items"]
    assert [(row["command"], row["target"], row["code"]) for row in tried] == [
        ("enter", "sandbox:b", "sandbox-not-granted")
    ]
    assert str(tried[0]["event_id"]) == denied.json()["attempt"]


def test_rights_are_the_union_of_roles_sandbox_by_sandbox(members):
    members.sandbox("a")
    members.holding(["view-destinations"], sandboxes=["a", "prod"])
    members.holding(["view-user-activity-log"], sandboxes=["a"])
    ann, _ = members.person("ann", "member-0", "member-1")
    for sandbox, status in (("a", 200), ("prod", 403)):
        assert ann.get("/v1/connections", headers={"x-sandbox": sandbox}).status_code == 200
        assert ann.get("/v1/audit/events", headers={"x-sandbox": sandbox}).status_code == status
    roles = ann.get("/v1/can-i", headers={"x-sandbox": "a"}, action="read-activity").json()
    assert (roles["allowed"], roles["roles"]) == (True, ["member-0", "member-1"])


def test_a_sandbox_that_is_none_is_not_there_and_nothing_is_listed(members):
    members.sandbox("hidden-one")
    answer = members.admin.get("/v1/connections", headers={"x-sandbox": "nowhere"})
    assert answer.json()["code"] == "sandbox-not-found"
    assert "hidden-one" not in answer.text
    gone = members.admin.get("/v1/sandboxes", name="hidden-one").json()["items"][0]
    shown = members.admin.get(f"/v1/sandboxes/{gone['id']}")
    headers = {"if-match": shown.headers["etag"]}
    assert members.admin.get("/v1/connections", headers={"x-sandbox": "hidden-one"}).status_code == 200
    members.admin.post(f"/v1/sandboxes/{gone['id']}/commands/delete", {}, headers=headers)
    assert members.admin.get("/v1/connections", headers={"x-sandbox": "hidden-one"}).status_code == 404


def test_rights_over_all_sandboxes_come_only_of_roles_for_all_of_them(members):
    members.sandbox("a")
    local = members.holding(PERMISSIONS, sandboxes=["a", "prod"])
    for method, path in (("GET", "/v1/people"), ("POST", "/v1/people"), ("POST", "/v1/sandboxes")):
        body = {} if method == "POST" else None
        assert local.request(method, path, body=body, headers={"x-sandbox": "a"}).status_code == 403


def test_a_token_is_shown_once_and_never_again(members):
    body = {"owner": "admin", "name": "once"}
    first = members.admin.post("/v1/tokens", body, headers={"idempotency-key": "k"})
    again = members.admin.post("/v1/tokens", body, headers={"idempotency-key": "k"})
    secret = first.json()["secret"]
    assert secret.startswith("il_")
    assert "secret" not in again.json()
    assert again.json()["token"] == first.json()["token"]
    assert again.headers["idempotency-replayed"] == "true"
    where = f"/v1/tokens/{first.json()['token']['id']}"
    seen = [members.admin.get(path).text for path in ("/v1/tokens", where, f"{where}/history", f"{where}/actions")]
    seen.append(members.admin.get("/v1/audit/events?organisation=true").text)
    stored = b"".join(event.state for event in members.system.workflows.log.read(0, limit=1000))
    rows = [row.model_dump_json() for view in members.system.views.all for row in members.system.views.rows(view)]
    for text in (*seen, stored.decode(), *rows):
        assert secret not in text
        assert secret[3:] not in text


def test_every_wrong_token_is_answered_alike_but_one_that_expired_is_told(members, clock):
    ann, identity = members.person("ann", "viewer")
    kept = issue(members.admin, owner=identity, expires_at=(START + timedelta(days=1)).isoformat())
    revoked = issue(members.admin, owner=identity)
    command(members.admin, "/v1/tokens", revoked, "token", "revoke")
    unknown = asks(members.system, "il_nothing")
    assert asks(members.system, revoked.json()["secret"]).json() == unknown.json()
    assert detail(unknown, 401) == "the bearer token is not valid"
    assert "error=" in unknown.headers["www-authenticate"]
    assert asks(members.system, kept.json()["secret"]).status_code == 200
    clock.move(timedelta(days=1))
    expired = asks(members.system, kept.json()["secret"])
    assert detail(expired, 401) == "the bearer token has expired"
    assert "interlock token create" in expired.json()["fix"]
    assert ann.get("/v1/connections").status_code == 200
    shown = members.admin.get(f"/v1/people/{identity}")
    headers = {"if-match": shown.headers["etag"]}
    members.admin.post(f"/v1/people/{identity}/commands/suspend", {}, headers=headers)
    assert ann.get("/v1/connections").json() == unknown.json()
    attempts = members.admin.get("/v1/audit/attempts").json()["items"]
    assert attempts == [], "a wrong token is an attempt of nobody"


def test_who_has_no_token_learns_nothing_of_sandboxes(members):
    for sandbox in ("prod", "nowhere", "Not One"):
        assert asks(members.system, "il_nothing", sandbox).status_code == 401


def test_a_token_reaches_no_further_than_its_scope(members):
    members.sandbox("a")
    few = issue(members.admin, owner="admin", permissions=["view-destinations"], sandboxes=["a"]).json()["secret"]
    api = members.asking(few)
    api.headers["x-sandbox"] = "a"
    assert api.get("/v1/connections").status_code == 200
    assert api.post("/v1/connections", {"destination": ZONE}).status_code == 403
    assert api.get("/v1/people").status_code == 403
    assert api.get("/v1/connections", headers={"x-sandbox": "prod"}).status_code == 403
    wide = issue(members.admin, owner="admin", permissions=["view-destinations", "manage-access"]).json()["secret"]
    narrow = members.asking(wide)
    assert narrow.get("/v1/people").status_code == 200
    for body in ({"owner": "admin"}, {"owner": "admin", "permissions": ["manage-destinations"]}):
        refused = narrow.post("/v1/tokens", body)
        assert (refused.status_code, refused.json()["guards"][0]["code"]) == (403, "not-yours-to-give")
    issue(narrow, owner="admin", permissions=["view-destinations"])


def test_nobody_gives_what_they_do_not_hold(members):
    few = members.holding(["manage-access", "view-destinations"], labels=["c1"])
    _, ann = members.person("ann")
    shown = members.admin.get(f"/v1/people/{ann}")
    give = {"if-match": shown.headers["etag"]}
    asked = [
        few.post("/v1/roles", {"name": "x", "permissions": ["view-profiles"], "sandboxes": ["*"]}),
        few.post("/v1/roles", {"name": "x", "permissions": ["*"], "sandboxes": ["*"]}),
        few.post("/v1/roles", {"name": "x", "permissions": [], "sandboxes": ["*"], "labels": ["c2"]}),
        few.post("/v1/roles", {"name": "x", "permissions": [], "sandboxes": ["*"], "labels": ["*"]}),
        few.post(f"/v1/people/{ann}/commands/give_role", {"role": "administrator"}, headers=give),
        few.post("/v1/tokens", {"owner": "admin"}),
    ]
    for answer in asked:
        assert answer.status_code == 403, answer.text
        assert answer.json()["guards"][0]["code"] == "not-yours-to-give"
        assert answer.json()["attempt"]
    named = members.holding(["manage-access"], labels=["view-profiles"])
    body = {"name": "x", "permissions": ["view-profiles"], "sandboxes": ["*"]}
    assert named.post("/v1/roles", body).status_code == 403, "a label is no permission, whatever it is called"
    held = {"name": "x", "permissions": ["view-destinations"], "sandboxes": ["*"], "labels": ["c1"]}
    assert few.post("/v1/roles", held).status_code == 201
    assert few.post(f"/v1/people/{ann}/commands/give_role", {"role": "viewer"}, headers=give).status_code == 200


def test_nobody_gives_in_a_sandbox_what_they_hold_only_in_another(members):
    for name in ("a", "b"):
        members.sandbox(name)
    define = members.admin.post
    assert (
        define("/v1/roles", {"name": "keeper", "permissions": ["manage-access"], "sandboxes": ["*"]}).status_code == 201
    )
    local = {"name": "local", "permissions": ["view-profiles"], "sandboxes": ["a"]}
    assert define("/v1/roles", local).status_code == 201
    ann, _ = members.person("ann", "keeper", "local")
    ann.headers["x-sandbox"] = "a"
    shown = next(role for role in ann.get("/v1/roles").json()["items"] if role["name"] == "local")
    where = f"/v1/roles/{shown['id']}"
    headers = {"if-match": ann.get(where).headers["etag"]}
    wider = [
        *(ann.post("/v1/roles", {**local, "name": "x", "sandboxes": [there]}) for there in ("b", "*")),
        *(ann.post(f"{where}/commands/redefine", {"sandboxes": s}, headers=headers) for s in (["a", "b"], ["*"])),
        ann.post(f"{where}/commands/redefine", {"permissions": ["view-profiles", "view-segments"]}, headers=headers),
    ]
    for answer in wider:
        assert (answer.status_code, answer.json()["guards"][0]["code"]) == (403, "not-yours-to-give")
    assert ann.post("/v1/roles", {**local, "name": "y"}).status_code == 201
    fewer = ann.post(f"{where}/commands/redefine", {"permissions": []}, headers=headers)
    assert fewer.status_code == 200, "to take something away, nobody need hold it"


def test_the_actor_of_what_somebody_does_is_their_id(members):
    member, identity = members.person("ann", "administrator")
    begun = member.begin().json()["connection"]
    assert begun["created_by"] == identity
    assert members.admin.begin().json()["connection"]["created_by"] == "admin"
    row = member.get("/v1/audit/events").json()["items"][-1]
    assert row["sentence"].startswith(f"{identity} began")


def test_the_first_start_is_recorded_once_and_the_token_of_the_file_is_the_administrators(system):
    first, second = Secret("of-the-file-0123456789"), Secret("of-another-file-0123456789")
    assert system.wait(system.access.begin(first)) is True
    end = system.workflows.log.head().position
    assert system.wait(system.access.begin(first)) is False
    assert system.workflows.log.head().position == end
    assert asks(system, first.reveal()).status_code == 200
    system.wait(system.access.begin(second))
    assert asks(system, first.reveal()).status_code == 401
    assert asks(system, second.reveal()).status_code == 200
    assert system.verify(ADMIN)["sound"]


def test_the_token_of_the_file_can_be_revoked_and_its_owner_suspended(members):
    system = members.system
    system.wait(system.access.begin(Secret(TOKEN)))
    api = members.admin
    members.person("ann", "administrator")
    shown = api.get(f"/v1/service-accounts/{ADMIN_ID}")
    boss = members.holding(["*"], labels=["*"])
    headers = {"if-match": shown.headers["etag"]}
    where = f"/v1/service-accounts/{ADMIN_ID}/commands"
    suspended = boss.post(f"{where}/suspend", {}, headers=headers)
    assert suspended.status_code == 200, suspended.text
    assert api.get("/v1/connections").status_code == 401
    boss.post(f"{where}/reinstate", {}, headers={"if-match": suspended.headers["etag"]})
    assert api.get("/v1/connections").status_code == 200
    token = boss.get(f"/v1/tokens/{token_id(Secret(TOKEN))}")
    boss.post(f"/v1/tokens/{token.json()['id']}/commands/revoke", {}, headers={"if-match": token.headers["etag"]})
    assert api.get("/v1/connections").status_code == 401


def test_histories_of_access_verify_and_replay_and_read_well(members):
    members.person("ann", "viewer", "auditor")
    for number in range(14):
        made = members.admin.get("/v1/roles", name="member-0").json()["items"]
        if not made:
            members.holding(["view-destinations"])
            continue
        shown = members.admin.get(f"/v1/roles/{made[0]['id']}")
        body = {"labels": [f"l{number}"]}
        headers = {"if-match": shown.headers["etag"]}
        members.admin.post(f"/v1/roles/{made[0]['id']}/commands/redefine", body, headers=headers)
    found = members.system.verify(ADMIN)
    assert found["sound"], found
    rows = members.system.views.rows(members.system.views.audit)
    assert all("recorded" not in row.sentence and "." not in row.sentence.split()[1] for row in rows)
    assert {row.sandbox for row in rows} == {"_organisation"}
    kept = {snapshot.kind for snapshot in members.system.workflows.shortcuts.snapshots.all()}
    assert "role" in kept
    view = members.system.views.access
    before = members.system.views.rows(view)
    members.system.views.rebuild(view)
    assert members.system.views.rows(view) == before


def test_the_audit_of_a_sandbox_shows_nothing_of_the_organisation(members):
    members.person("ann", "viewer")
    assert members.admin.get("/v1/audit/events").json()["items"] == []
    told = members.admin.get("/v1/audit/events?organisation=true&object=person").json()["items"]
    assert [row["topic"] for row in told] == ["person.role_given", "person.added"]


def test_can_i_says_why_not_with_the_guards_that_decide(members):
    viewer = members.holding(["view-destinations"])
    found = viewer.get("/v1/can-i", action="connect", destination="amazon-s3").json()
    assert found["allowed"] is False
    refused = viewer.post("/v1/connections", {"destination": "http-api"}).json()
    plain = viewer.get("/v1/can-i", action="connect", destination="http-api").json()
    assert plain["guards"] == refused["guards"]
    assert "manage-and-activate-dataset-destinations" in found["guards"][0]["message"]
    unknown = viewer.get("/v1/can-i", action="conect")
    assert "did you mean connect?" in detail(unknown, 422)
    assert "/connection" in detail(viewer.get("/v1/can-i", action="enable"), 422)
    draft = members.admin.begin().json()["connection"]["id"]
    about = viewer.get("/v1/can-i", action="save", connection=draft).json()
    assert {guard["name"] for guard in about["guards"]} >= {"permitted", "order"}
    assert viewer.get("/v1/can-i", action="connect", destination="nothing").status_code == 404


def test_the_command_line_makes_members_and_tokens(members):
    desk = Desk(members.admin)
    desk.json("sandboxes", "create", "dev", "--title", "Development")
    words = ("--permission", "view-destinations", "--in", "dev", "--label", "c1")
    assert desk.json("roles", "define", "looker", *words)["role"]["labels"] == ["c1"]
    desk.json("people", "add", "ann@example.com", "--name", "Ann", "--opt-in", "email")
    desk.json("people", "give-role", "ann@example.com", "--role", "looker")
    scope = ("--scope", "view-destinations", "--scope", "sandbox:dev", "--expires-in", "30d")
    made = desk("token", "create", "--for", "ann@example.com", "--title", "laptop", *scope)
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    assert secret.startswith("il_")
    assert secret not in made.stderr
    ann = members.asking(secret)
    assert ann.get("/v1/connections", headers={"x-sandbox": "dev"}).status_code == 200
    hers = Desk(ann)
    assert hers("can-i", "view", "--sandbox", "dev").exit_code == 0
    denied = hers("can-i", "connect", "--sandbox", "dev")
    assert denied.exit_code == 5
    assert "lacks manage-destinations" in denied.stdout
    listed = desk.json("token", "list")["items"]
    assert secret not in json.dumps(listed)
    token = next(row for row in listed if row["name"] == "laptop")
    assert token["sandboxes"] == ["dev"]
    desk.json("token", "revoke", token["id"])
    assert hers("connections", "list", "--sandbox", "dev").exit_code == 5
    desk.json("people", "take-role", "ann@example.com", "--role", "looker")
    desk.json("people", "edit", "ann@example.com", "--name", "Anna")
    desk.json("people", "suspend", "Anna")
    desk.json("people", "reinstate", "anna")
    desk.json("roles", "redefine", "looker", "--in", "prod")
    desk.json("sandboxes", "delete", "dev", "--yes")
    desk.json("sandboxes", "restore", "dev")
    desk.json("service-accounts", "add", "nightly")
    desk.json("service-accounts", "give-role", "nightly", "--role", "viewer")
    for kind, name in (("people", "anna"), ("roles", "looker")):
        assert desk.json(kind, "show", name)["state"] == "active"
        assert desk.json(kind, "history", name)["items"][0]["version"] == 1
    assert desk("token", "create", "--for", "a", "--name", "b").exit_code == 2
    assert desk("token", "create", "--expires-in", "soon").exit_code == 2
    assert desk("people", "show", "nobody").exit_code == 2


def test_readiness_is_told_whole_to_whoever_is_proved(members):
    member = members.holding(["view-destinations"])
    for api, whole in ((member, True), (members.admin, True), (members.asking("il_no"), False)):
        told = api.get("/readyz").json()["checks"][0]
        assert ("message" in told) is whole
