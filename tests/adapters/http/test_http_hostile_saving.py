"""Saving what may not be saved: out of order, twice, what is taken, what nobody may have; the others learn why."""

import json

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from tests.suites.api import Api, FakeProber
from tests.suites.hostile_spec import FORM, GOOD, write_to

STEPS = (
    ("authenticate", {"variant": "open"}),
    ("set_parameters", GOOD),
    ("configure_alerts", {"alerts": []}),
    ("govern", {"marketing_actions": []}),
    ("save", {"then": "exit"}),
)
CODE = {"name": "code", "title": "Code", "unique": "organisation"}


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    home = tmp_path_factory.mktemp("saving")
    folder = write_to(home / "catalog")
    for altered in (
        {"id": "only-one", "name": "Only one", "one_per": "sandbox"},
        {"id": "one-everywhere", "name": "One everywhere", "one_per": "organisation"},
        {"id": "with-a-code", "name": "With a code", "parameters": [*FORM["parameters"], CODE]},
        {"id": "not-yet", "name": "Not yet", "lifecycle": "test"},
        {"id": "no-more", "name": "No more", "lifecycle": "deleted"},
    ):
        folder.joinpath(f"{altered['id']}.yaml").write_text(json.dumps({**FORM, **altered}))
    with compose(Settings(database="memory:", home=home, catalog=folder), prober=FakeProber()) as system:
        assert system.catalog.problems == ()
        api = Api(system)
        made = api.post("/v1/sandboxes", {"name": "dev"})
        assert made.status_code == 201, made.text
        yield api
        api.close()


@pytest.fixture(scope="module")
def dev(api):
    other = Api(api.system, sandbox="dev")
    yield other
    other.close()


def come_to(api, trigger, destination="every-field", **fields):
    """Return the answer of the step before *trigger* of a new connection whose fields are altered."""
    answer = api.begin(destination)
    for step, body in STEPS:
        if step == trigger:
            return answer
        if step == "set_parameters":
            body = {**GOOD, "fields": {**GOOD["fields"], **fields}}
        answer = api.step(answer, step, body)
        assert answer.status_code == 200, answer.text
    return answer


def refused(api, answer, trigger, body, status, code):
    """Insist that a step is refused, that it says why, and that the connection stands as before."""
    problem = api.step(answer, trigger, body)
    assert (problem.status_code, problem.json()["code"]) == (status, code), problem.text
    assert problem.json()["fix"]
    where = f"/v1/connections/{answer.json()['connection']['id']}"
    assert api.get(where).headers["etag"] == answer.headers["etag"]
    return problem.json()


def test_out_of_order_the_way_is_told(api):
    problem = refused(api, api.begin("every-field"), "save", {"then": "exit"}, 409, "transition-refused")
    assert problem["path_to_goal"] == ["authenticate", "set_parameters", "configure_alerts", "govern"]


@pytest.mark.parametrize("destination", ["not-yet", "no-more"])
def test_an_entry_that_is_not_published_takes_no_connection_and_no_account(api, destination):
    account = {"destination": destination, "variant": "first", "credential": {"token": "x"}, "name": "x"}
    for where, body in (("/v1/connections", {"destination": destination}), ("/v1/accounts", account)):
        answer = api.post(where, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "not-connectable"), answer.text
        assert "author" in answer.json()["detail"]


def test_a_value_that_is_taken_is_refused_and_free_again_when_its_holder_is_gone(api, dev):
    holder = come_to(api, None, alias="north")
    late = come_to(api, "save", alias="north")
    problem = refused(api, late, "save", {"then": "exit"}, 409, "value-taken")
    assert "/fields/alias" in problem["detail"]
    assert come_to(api, None, alias="south").status_code == 200
    assert come_to(dev, None, alias="north").status_code == 200
    assert api.step(api.step(holder, "disable"), "delete").status_code == 200
    assert api.step(late, "save", {"then": "exit"}).status_code == 200


def test_of_many_who_save_one_value_at_once_one_wins(api):
    drafts = [come_to(api, "save", alias="the-race") for _ in range(8)]
    asked = [
        (
            "POST",
            f"/v1/connections/{draft.json()['connection']['id']}/commands/save",
            {"then": "exit"},
            {"if-match": draft.headers["etag"]},
        )
        for draft in drafts
    ]
    answers = api.together(*asked)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"value-taken"}


@pytest.mark.parametrize(("destination", "fields"), [("one-everywhere", {}), ("with-a-code", {"code": "N-1"})])
def test_what_another_sandbox_holds_is_told_without_naming_it(api, dev, destination, fields):
    holder = come_to(dev, None, destination, **fields).json()["connection"]
    problem = refused(api, come_to(api, "save", destination, **fields), "save", {"then": "exit"}, 409, "value-taken")
    told = json.dumps(problem)
    assert holder["id"] not in told
    assert '"dev"' not in told


def test_of_one_destination_only_one_is_saved(api):
    first = come_to(api, None, "only-one")
    second = come_to(api, "save", "only-one")
    problem = refused(api, second, "save", {"then": "exit"}, 409, "value-taken")
    assert first.json()["connection"]["id"] in problem["detail"]


def test_what_is_fixed_stays_and_a_late_edit_learns_what_it_missed(api):
    saved = come_to(api, None, alias="fixed-one")
    other = {"fields": {**GOOD["fields"], "alias": "fixed-two"}}
    problem = refused(api, saved, "edit_parameters", other, 422, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == ["/fields/alias"]
    refused(api, saved, "edit_parameters", {}, 422, "invalid")
    edited = api.step(saved, "edit_parameters", {"name": "Another name"})
    assert edited.json()["connection"]["fields"]["alias"] == "fixed-one"
    late = api.step(saved, "edit_parameters", {"name": "A third name"})
    assert (late.status_code, late.json()["code"]) == (412, "stale-version")
    assert [missed["type"] for missed in late.json()["missed"]] == ["connection.parameters_edited"]


def test_saved_twice_is_saved_once(api):
    ready = come_to(api, "save")
    once = api.step(ready, "save", {"then": "exit"}, key="save-it")
    again = api.step(ready, "save", {"then": "exit"}, key="save-it")
    assert (once.status_code, again.status_code) == (200, 200)
    assert once.json()["receipt"] == again.json()["receipt"]
    other = api.step(ready, "save", {"then": "exit"}, key="save-it-again")
    assert other.status_code in (409, 412)
    reused = api.step(ready, "save", {"then": "activate"}, key="save-it")
    assert (reused.status_code, reused.json()["code"]) == (422, "key-reused")
    refused(api, once, "save", {"then": "exit"}, 409, "transition-refused")


def test_after_all_that_the_log_is_sound(api):
    assert api.post("/v1/audit/verify", {}).json()["sound"]
