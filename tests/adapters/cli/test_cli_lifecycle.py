import json

import pytest
import yaml

from adapters.demo.servers import http_endpoint
from tests.suites.terminal import Terminal, a_landing_zone

TOKEN = "a-bearer-token-4711"


@pytest.fixture
def interlock(tmp_path):
    return Terminal(tmp_path / "home", INTERLOCK_ALLOW_NETWORKS="127.0.0.0/8")


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """An installation with one saved connection, only to be read."""
    interlock = Terminal(tmp_path_factory.mktemp("settled") / "home")
    return interlock, a_landing_zone(interlock)


def test_a_connection_goes_from_the_catalog_to_deleted(interlock):
    identity = a_landing_zone(interlock)
    assert interlock.json("connections", "show", identity)["state"] == "saved"
    edited = interlock.json("connections", "edit-parameters", identity, "--name", "Weekly files")["connection"]
    assert (edited["name"], edited["data_kind"]) == ("Weekly files", "people")
    assert interlock.json("connections", "edit-alerts", identity, "--alert", "skip-rate")["connection"]["alerts"]
    chosen = interlock.json("connections", "edit-marketing-actions", identity, "--none")["connection"]
    assert chosen["marketing_actions"] == []
    assert interlock.json("connections", "disable", identity)["connection"]["state"] == "disabled"
    assert interlock.json("connections", "enable", identity)["connection"]["state"] == "saved"
    assert interlock.json("connections", "delete", identity, "--yes")["connection"]["state"] == "deleted"
    assert interlock.json("connections", "list")["items"] == []
    assert [item["id"] for item in interlock.json("connections", "list", "--status", "ended")["items"]] == [identity]
    kinds = [event["type"] for event in interlock.json("connections", "history", identity)["items"]]
    assert len(kinds) == 12
    assert interlock("audit", "verify").exit_code == 0


def test_a_secret_comes_from_a_file_or_the_environment_and_is_nowhere_afterwards(interlock, tmp_path):
    secret = tmp_path / "token.txt"
    secret.write_text(f"{TOKEN}\n")
    with http_endpoint(TOKEN) as endpoint:
        identity = interlock.json("connections", "create", "http-api")["connection"]["id"]
        given = ("--variant", "bearer", "--credential-file", f"bearer_token={secret}", "--account-name", "Partner")
        connection = interlock.json("connections", "authenticate", identity, *given)["connection"]
        assert connection["account_name"] == "Partner"
        where = f"http_endpoint={endpoint.url}"
        interlock.json("connections", "parameters", identity, "--name", "Web", "--field", where)
        account = interlock.json("accounts", "list")["items"][0]["id"]
        again = ("--credential-env", "bearer_token=PARTNER_TOKEN")
        interlock.json("accounts", "reauthorise", account, *again, PARTNER_TOKEN=TOKEN)
        shown = interlock("accounts", "show", account).stdout
        assert TOKEN not in shown
        probed = interlock.json("connections", "probe", identity)
        assert probed["outcome"] == "passed"
    assert interlock.json("accounts", "rename", account, "--name", "The partner")["account"]["name"] == "The partner"
    assert len(interlock.json("accounts", "history", account)["items"]) >= 3
    used = interlock("accounts", "delete", account, "--yes")
    assert used.exit_code == 3
    assert "account-in-use" in used.stderr
    files = [path for path in interlock.home.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not any(TOKEN.encode() in path.read_bytes() for path in files)


def test_a_body_comes_from_a_file_or_from_standard_input(interlock, tmp_path):
    identity = interlock.json("connections", "create", "data-landing-zone")["connection"]["id"]
    interlock.json("connections", "authenticate", identity)
    body = {"name": "By body", "data_kind": "people", "file_format": {"file_type": "csv", "delimiter": "|"}}
    file = tmp_path / "body.json"
    file.write_text(json.dumps(body))
    found = interlock.json("connections", "parameters", identity, "--body", file)["connection"]
    assert found["file_format"]["delimiter"] == "|"
    piped = interlock.json("connections", "parameters", identity, "--body", "-", input=json.dumps(body | {"name": "B"}))
    assert piped["connection"]["name"] == "B"
    both = interlock("connections", "parameters", identity, "--body", file, "--name", "C")
    assert both.exit_code == 2
    twice = interlock("connections", "parameters", identity, "--body", "-", input='{"name": "A", "name": "B"}')
    assert (twice.exit_code, "same name twice" in twice.stderr) == (2, True)


def test_options_have_the_types_that_the_schema_says(interlock):
    with http_endpoint() as endpoint:
        identity = interlock.json("connections", "create", "http-api")["connection"]["id"]
        interlock.json("connections", "authenticate", identity, "--variant", "none")
        given = ("--field", f"http_endpoint={endpoint.url}", "--field", "include_segment_names=yes")
        found = interlock.json("connections", "parameters", identity, "--name", "N", *given)["connection"]
    assert found["fields"]["include_segment_names"] is True
    identity = interlock.json("connections", "create", "data-landing-zone")["connection"]["id"]
    interlock.json("connections", "authenticate", identity)
    named = ("--name", "N", "--data-kind", "people")
    wrong = interlock("connections", "parameters", identity, *named, "--file-format", "include_manifest=perhaps")
    assert (wrong.exit_code, "/file_format/include_manifest" in wrong.stderr) == (3, True)
    file = ("--file-format", "file_type=csv", "--file-format", "include_manifest=no")
    found = interlock.json("connections", "parameters", identity, *named, *file)["connection"]
    assert found["file_format"]["include_manifest"] is False


def test_the_same_key_does_it_once_and_another_body_with_it_is_refused(interlock):
    first = interlock.json("connections", "create", "data-landing-zone", "--key", "monday")
    assert interlock.json("connections", "create", "data-landing-zone", "--key", "monday") == first
    assert interlock("connections", "create", "http-api", "--key", "monday").exit_code == 3
    assert len(interlock.json("connections", "list")["items"]) == 1


def test_lists_are_complete_and_questions_reach_back_in_time(interlock):
    identity = a_landing_zone(interlock)
    assert interlock.json("connections", "show", identity, "--as-of", "2")["state"] == "authenticated"
    assert interlock.json("connections", "list", "--as-of", "position:1")["items"][0]["state"] == "catalog_selected"
    difference = interlock.json("connections", "diff", identity, "--from", "2", "--to", "3")
    assert "name" in [changed["field"] for changed in difference["changes"]]
    assert interlock.json("connections", "path", identity, "--to", "disabled")["steps"][0]["command"] == "disable"
    assert "stateDiagram" in interlock("connections", "diagram", identity).stdout
    assert "stateDiagram" in interlock.json("connections", "diagram", identity)["diagram"]
    card = interlock.json("catalog", "list", "--mine", "--explain")["items"]
    assert [(found["destination"], bool(found["explanation"])) for found in card] == [("data-landing-zone", True)]


@pytest.mark.parametrize(
    "line",
    [
        "catalog list", "catalog list --explain", "catalog show sftp", "catalog show data-landing-zone",
        "connections list", "connections show ID --explain", "connections history ID",
        "connections actions ID --explain",
        "connections path ID --to disabled", "connections diff ID --from 1", "connections probe ID",
        "accounts list", "audit history", "audit attempts", "audit verify", "audit replay ID --step",
        "projections status", "projections rebuild", "projections rebuild cards --check",
        "projections retry audit", "probe data-landing-zone", "doctor", "token path",
    ],
)  # fmt: skip
def test_every_question_answers_people_and_programs(settled, line):
    interlock, identity = settled
    words = [identity if word == "ID" else word for word in line.split()]
    for_people = interlock(*words)
    assert (for_people.exit_code, for_people.stderr) == (0, "")
    assert for_people.stdout.strip()
    in_yaml, in_json = yaml.safe_load(interlock(*words, "-o", "yaml").stdout), interlock.json(*words)
    if line == "projections status":
        for moment in (in_yaml, in_json):  # time goes on between the two
            assert all(view.pop("seconds") >= 0 for view in moment["views"])
            assert all(check.pop("message") for check in moment["checks"])
    assert in_yaml == in_json or "probe" in line
    assert interlock("-o", "json", *words).stdout.startswith("{")


def test_a_rebuild_gives_the_same_rows(interlock):
    a_landing_zone(interlock)
    found = interlock.json("projections", "rebuild")["items"]
    assert {view["view"] for view in found} == {"cards", "connections", "accounts", "audit", "attempts", "access"}
    assert all(view["same"] and view["before"] == view["after"] for view in found)


def test_a_replay_shows_each_event_with_what_it_changed(interlock):
    identity = a_landing_zone(interlock)
    shown = interlock("audit", "replay", identity).stdout
    for text in (
        "1. admin",
        "catalog_selected",
        "parameters_set",
        "Nightly files",
        "digest",
        "6 events; it ends in saved",
    ):
        assert text in shown


def test_no_colour_is_printed_where_nobody_looks_and_nothing_acts_on_a_terminal(interlock):
    identity = interlock.json("connections", "create", "data-landing-zone")["connection"]["id"]
    interlock.json("connections", "authenticate", identity)
    named = ("--name", "[red]name[/red]", "--data-kind", "people")
    interlock.json("connections", "parameters", identity, *named)
    shown = interlock("connections", "list").stdout
    assert "[red]name[/red]" in shown
    assert "\x1b" not in shown


def test_a_sandbox_sees_only_its_own(interlock):
    interlock.json("sandboxes", "create", "dev")
    identity = interlock.json("connections", "create", "data-landing-zone", "--sandbox", "dev")["connection"]["id"]
    assert interlock("connections", "show", identity).exit_code == 3
    assert interlock("connections", "show", identity, INTERLOCK_SANDBOX="dev").exit_code == 0
    assert interlock("--sandbox", "dev", "connections", "show", identity, INTERLOCK_SANDBOX="other").exit_code == 0
