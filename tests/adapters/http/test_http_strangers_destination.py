"""A destination that somebody wrote as a file: to a saved connection through the HTTP API, and on the command line."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.suites.api import Api
from tests.suites.story import installation
from tests.suites.terminal import Terminal

SPEC = """\
id: orchard-mail
name: Orchard Mail
category: email-marketing
description: Sends newsletters about fruit.
type: file-based
supports: [audiences, datasets]
audience_types: [people, account]
alerts: file-based
variants:
  - id: new
    type: basic
    title: New server
    fields: [{name: word, title: Password, required: true, secret: true}]
  - id: old
    type: basic
    title: Old server
    fields: [{name: word, title: Password, required: true, secret: true}]
default_variant: new
parameters:
  - {name: fruit, title: Fruit, type: enum, enum: [apple, pear, other], required: true, default: apple}
  - name: other_fruit
    title: Which one
    when: [{field: fruit, value: other}]
    required: true
    pattern: '[a-z]{2,20}'
    refuses: [{pattern: durian, message: is not let in}]
  - name: packing
    title: Packing
    type: object
    by: fruit
    cases:
      - {value: [apple], properties: [{name: crate, title: Crate, type: integer, minimum: 1, required: true}]}
      - value: [pear, other]
        properties:
          - {name: paper, title: Paper, type: enum, enum: [white, brown], default: white}
          - {name: note, title: Note, when: [{field: paper, value: brown}], required: true}
  - {name: alias, title: Alias, required: true, unique: sandbox, pattern: '[a-z-]+'}
  - {name: kin, title: Kin, type: enum, options: {source: interlock, list: connections}}
  - {name: tags, title: Tags, type: array, max_items: 3, items: {name: tag, title: Tag, pattern: '[a-z]+'}}
  - {name: old_path, title: Path there, when: [{variant: [old]}], format: folder-path, required: true}
  - {name: company, title: Company, when: [{data_kind: [accounts]}], required: true}
  - {name: terms, title: Terms, required: true, acknowledge: I AGREE}
  - {name: schema, title: Schema, hidden: true, default: v2}
file_format:
  options: [delimiter, header]
  fixed: {encoding: UTF-8}
  narrowed: {delimiter: [',', ';']}
  defaults: {delimiter: ';'}
locked_actions: [emailTargeting]
"""
FIELDS = {
    "fruit": "other",
    "other_fruit": "quince",
    "packing": {"paper": "brown", "note": "by hand"},
    "alias": "spring",
    "tags": ["sweet", "sour"],
    "old_path": "in/box",
    "company": "Acme",
    "terms": "I AGREE",
}
CHOSEN = {"name": "Spring", "data_kind": "accounts", "fields": FIELDS}
ODD = {
    "fruit": "other",
    "other_fruit": "durian",
    "packing": {"paper": "brown", "crate": 5},
    "alias": "Spring!",
    "tags": ["a", "B"],
    "terms": "yes",
    "colour": "red",
}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "catalog"
    made.mkdir()
    (made / "orchard-mail.yaml").write_text(SPEC)
    return made


def test_it_is_connected_through_the_api_and_every_mistake_has_its_place(folder):
    with installation(catalog=folder) as system, closing(Api(system)) as api:
        answer = api.begin("orchard-mail")
        answer = api.step(answer, "authenticate", {"variant": "old", "credential": {"word": "x"}, "account_name": "A"})
        where = f"/v1/connections/{answer.json()['connection']['id']}/parameters/validate"
        sent = {**CHOSEN, "fields": ODD, "file_format": {"delimiter": "|", "encoding": "UTF-16"}}
        told = {one["pointer"]: one["message"] for one in api.post(where, sent).json()["errors"]}
        assert told.keys() == {
            "/fields/other_fruit",
            "/fields/packing/crate",
            "/fields/packing/note",
            "/fields/alias",
            "/fields/tags/1",
            "/fields/old_path",
            "/fields/company",
            "/fields/terms",
            "/fields/colour",
            "/file_format/delimiter",
            "/file_format/encoding",
        }
        assert told["/fields/other_fruit"] == "is not let in"
        for trigger, body in (
            ("set_parameters", CHOSEN),
            ("configure_alerts", {"alerts": ["skip-rate"]}),
            ("govern", {"marketing_actions": ["emailTargeting"]}),
            ("save", {}),
        ):
            answer = api.step(answer, trigger, body)
            assert answer.status_code == 200, answer.text
        saved = answer.json()["connection"]
        assert (saved["state"], saved["fields"]) == ("saved", {**FIELDS, "schema": "v2"})
        assert saved["file_format"]["delimiter"] == ";"


def test_it_is_connected_on_the_command_line_objects_and_lists_included(folder, tmp_path):
    interlock = Terminal(tmp_path / "home", INTERLOCK_CATALOG=str(folder), WORD="x")
    shown = interlock("catalog", "show", "orchard-mail", "-o", "table").stdout
    assert ("Which one" in shown, "Schema" in shown) == (True, False), "what nobody is asked is not shown as asked"
    identity = interlock.json("connections", "create", "orchard-mail")["connection"]["id"]
    interlock.json("connections", "authenticate", identity, "--variant", "old", "--credential-env", "word=WORD")
    given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in FIELDS.items()}
    fields = [part for name, value in given.items() for part in ("--field", f"{name}={value}")]
    named = ("connections", "parameters", identity, "--name", "Spring", "--data-kind", "accounts")
    broken = interlock(*named, *fields[:-2], "--field", "terms=I AGREE", "--field", "colour=[", "-o", "json")
    assert broken.exit_code == 3
    chosen = interlock.json(*named, *fields)["connection"]
    assert chosen["fields"] == {**FIELDS, "schema": "v2"}
    wrong = interlock(*named, *(part.replace("tags=[", "tags=[[") for part in fields))
    assert (wrong.exit_code, "/fields/tags: must be a list, not text" in wrong.stderr) == (3, True)
    interlock.json("connections", "alerts", identity, "--none")
    interlock.json("connections", "govern", identity, "--marketing-action", "emailTargeting")
    assert interlock.json("connections", "save", identity)["connection"]["state"] == "saved"
    assert Path(folder / "orchard-mail.yaml").read_text() == SPEC
