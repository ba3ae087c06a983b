"""A destination that is nothing but a file in the catalog folder, with live options, through API and command line."""

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from tests.suites.api import Api
from tests.suites.options import TOKEN, catalog_of, crm
from tests.suites.terminal import Terminal

pytestmark = pytest.mark.xdist_group("options")


@pytest.fixture
def server():
    with crm() as running:
        yield running


def test_a_file_with_live_options_is_connected_without_any_code(server, tmp_path):
    folder = catalog_of(tmp_path / "catalog")
    settings = Settings(database="memory:", home=tmp_path, catalog=folder, allow_networks=("127.0.0.1/32",))
    with compose(settings) as system:
        api = Api(system)
        begun = api.begin("a-crm")
        credential = {"address": server.url, "token": TOKEN}
        signed_in = api.step(begun, "authenticate", {"credential": credential, "account_name": "CRM"})
        where = f"/v1/connections/{begun.json()['connection']['id']}/parameters/validate"
        fields, told = {}, {}
        for name in ("munchkin_id", "partition", "program"):
            answer = api.post(where, {"name": "CRM", "fields": fields})
            assert answer.status_code == 200, answer.text
            told = answer.json()["options"]
            choices = told.get(f"/fields/{name}", {}).get("choices")
            fields[name] = choices[-1]["value"] if choices else "111-AAA"
        assert fields == {"munchkin_id": "111-AAA", "partition": "North", "program": "x"}
        assert TOKEN not in answer.text
        odd = api.post(where, {"name": "CRM", "fields": {**fields, "partition": "Nowhere"}}).json()
        assert (odd["valid"], [one["pointer"] for one in odd["warnings"]]) == (True, ["/fields/partition"])
        chosen = api.step(signed_in, "set_parameters", {"name": "CRM", "fields": fields})
        assert chosen.json()["connection"]["fields"] == fields
        api.close()


def test_the_command_line_shows_choices_and_what_stands_in_their_way(server, tmp_path):
    folder = catalog_of(tmp_path / "catalog")
    interlock = Terminal(
        tmp_path / "home", INTERLOCK_ALLOW_NETWORKS="127.0.0.0/8", INTERLOCK_CATALOG=str(folder), CRM_TOKEN=TOKEN
    )
    identity = interlock.json("connections", "create", "a-crm")["connection"]["id"]
    given = ("--credential", f"address={server.url}", "--credential-env", "token=CRM_TOKEN")
    interlock.json("connections", "authenticate", identity, *given)
    ask = ("connections", "options", identity)
    waiting = interlock(*ask, "partition", "-o", "table")
    assert (waiting.exit_code, waiting.stdout) == (0, "waiting: fill in first: munchkin_id\n")
    shown = interlock(*ask, "partition", "--fields", '{"munchkin_id": "111-AAA"}', "-o", "table").stdout
    assert "North of 111-AAA" in shown
    failed = interlock(*ask, "partition", "--fields", '{"munchkin_id": "999"}', "-o", "table")
    assert failed.exit_code == 7
    assert "failed: the destination answered 404" in failed.stdout
    assert "fix: see that the fields it depends on are right" in failed.stdout
    nothing = interlock(*ask, "munchkin_id")
    assert (nothing.exit_code, "live options: partition, program" in nothing.stderr) == (2, True)
