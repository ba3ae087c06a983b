"""Loading specs: built-in ones must be right, those of others are set aside when they are not."""

import os

import pytest

from adapters.catalog.loader import BUILT_IN, load_catalog, spec_files
from adapters.catalog.reading import MAX_BYTES, SpecRefused
from engine.errors import NotFound

GOOD = """\
id: parcels
name: Parcels
category: streaming
description: Sends parcels.
type: streaming-profile
supports: [audiences]
alerts: streaming
variants:
  - {id: none, type: none, title: Nothing, kind: none, reason: Nobody asks.}
parameters:
  - {name: depot, title: Depot, pattern: '[a-z]+', example: north}
"""
SHIPPED = len(load_catalog().all())
FIELD = "  - {name: depot, title: Depot, pattern: '[a-z]+', example: north}\n"


def with_field(text):
    return GOOD.replace(FIELD, f"  - {text}\n")


def test_the_built_in_destinations_are_all_there():
    catalog = load_catalog()
    assert len(catalog.all()) == 141
    assert catalog.problems == ()
    connectors = {name: catalog.get(name).connector for name in ("amazon-s3", "data-landing-zone", "http-api", "sftp")}
    assert list(connectors.values()) == ["s3", "landing_zone", "http_endpoint", "sftp"]


def test_a_built_in_file_is_called_like_its_destination():
    catalog = load_catalog()
    assert [catalog.get(file.stem).id for file in spec_files(BUILT_IN)] == [file.stem for file in spec_files(BUILT_IN)]


def test_loading_twice_gives_the_same_digests():
    first, second = load_catalog(), load_catalog()
    assert [spec.digest for spec in first.all()] == [spec.digest for spec in second.all()]


def test_an_unknown_destination_is_not_found_and_the_nearest_is_named():
    with pytest.raises(NotFound, match="did you mean sftp"):
        load_catalog().get("sftpp")


def test_further_destinations_come_from_a_folder(tmp_path):
    (tmp_path / "parcels.yaml").write_text(GOOD)
    (tmp_path / "more.yml").write_text(GOOD.replace("id: parcels", "id: letters"))
    (tmp_path / "notes.txt").write_text("not a spec")
    (tmp_path / ".hidden.yaml").write_text("not a spec")
    catalog = load_catalog(tmp_path)
    assert catalog.problems == ()
    assert {"parcels", "letters", "sftp"} <= {spec.id for spec in catalog.all()}
    assert catalog.get("parcels").parameters[0].name == "depot"


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
MALFORMED = {
    "nothing": ("", "line 1: must be keys with values"),
    "a list": ("- 1\n", "line 1: must be keys with values"),
    "broken": ("id: [\n", "line 2: while parsing a flow node"),
    "an alias bomb": (BOMB, "line 2: b/0: anchors and aliases"),
    "an anchor": (GOOD.replace("name: Parcels", "name: &x Parcels"), "line 2: name: anchors and aliases"),
    "a Python tag": ("id: !!python/object/apply:os.system ['true']\n", "line 1: id: tags are not taken"),
    "a tag of its own": ("id: !mine x\n", "line 1: id: tags are not taken"),
    "a key twice": (GOOD + "name: Letters\n", "line 12: the key 'name' is given twice"),
    "an inner key twice": (
        with_field("{name: depot, title: A, title: B}"),
        "line 11: parameters/0: the key 'title' is given twice",
    ),
    "two documents": (GOOD + "---\n" + GOOD, "line 12: a second document"),
    "an unknown key": (GOOD + "colour: red\n", "line 12: colour: unknown key"),
    "a missing key": (GOOD.replace("name: Parcels\n", ""), "line 1: name is missing"),
    "a wrong type": (GOOD + "version: many\n", "line 12: version: must be a whole number"),
    "a number as name": (
        GOOD.replace("name: Parcels", "name: 5"),
        "line 2: name: must be text; put it in quotes",
    ),
    "a capital in the id": (GOOD.replace("id: parcels", "id: Parcels"), "line 1: id: id must be words"),
    "a look-alike in the id": (GOOD.replace("id: parcels", "id: pаrcels"), "line 1: id: id must be words"),
    "a path as id": (GOOD.replace("id: parcels", "id: ../parcels"), "line 1: id: id must be words"),
    "not a number": (
        with_field("{name: depot, title: Depot, default: .nan}"),
        "line 11: parameters/0/default: not a finite number",
    ),
    "NUL": (GOOD.replace("name: Parcels", 'name: "a\\0b"'), "line 2: name: contains the NUL character"),
    "a raw control character": (
        GOOD.replace("Parcels", "Par\x01cels"),
        "line 2: not YAML: it has a character that no text may have",
    ),
    "a number of many digits": (
        GOOD + f"version: {'9' * 5000}\n",
        "line 12: version: has a number or date that cannot be read",
    ),
    "depth": ("id: " + "[" * 5000 + "]" * 5000 + "\n", "line 1: nested deeper than 20 levels"),
    "an unsafe pattern": (
        with_field("{name: depot, title: Depot, pattern: '(?=a)b'}"),
        "line 11: parameters/0/pattern: pattern refused",
    ),
    "an unsafe refusal": (
        with_field("{name: depot, title: Depot, refuses: [{pattern: '(a', message: never}]}"),
        "line 11: parameters/0/refuses/0/pattern: pattern refused",
    ),
    "an example that does not fit": (
        with_field("{name: depot, title: D, pattern: '[a-z]+', example: '7'}"),
        "line 11: parameters/0/example: its example does not have the right form",
    ),
    "a default of another type": (
        with_field("{name: depot, title: D, type: integer, default: '7'}"),
        "line 11: parameters/0/default: its default must be a whole number",
    ),
    "a date as default": (with_field("{name: depot, title: D, default: 2026-01-01}"), "its default is a date to YAML"),
    "a field twice": (
        with_field("{name: d, title: D}\n  - {name: d, title: D}"),
        "line 12: parameters/1/name: two fields are called d",
    ),
    "a secret parameter": (with_field("{name: d, title: D, secret: true}"), "a secret belongs to the credential"),
    "a field name with a slash": (
        with_field("{name: a/b, title: D}"),
        "line 11: parameters/0/name: a name must be words",
    ),
    "a condition on nothing": (
        with_field("{name: d, title: D, pattern_unless: e}"),
        "pattern_unless: names no field of this form",
    ),
    "titles that do not fit": (
        with_field("{name: d, title: D, enum: [a, b], enum_titles: [A]}"),
        "enum_titles must be as many",
    ),
    "no way in and no reason": (GOOD[: GOOD.index("variants:")], "not_connectable does not say why"),
    "an unknown locked action": (
        GOOD + "locked_actions: [telepathy]\n",
        "line 12: locked_actions/0: is no standard marketing action: telepathy",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_set_aside_and_the_others_are_shown(tmp_path, name):
    text, reason = MALFORMED[name]
    bad = tmp_path / "bad.yaml"
    bad.write_text(text)
    (tmp_path / "good.yaml").write_text(GOOD.replace("id: parcels", "id: letters"))
    catalog = load_catalog(tmp_path)
    assert catalog.get("letters")
    assert len(catalog.all()) == SHIPPED + 1
    [(file, message)] = catalog.problems
    assert file == bad
    assert str(bad) not in message
    assert reason in message


def test_files_that_are_no_text_too_large_or_no_files_are_set_aside(tmp_path):
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "latin.yaml").write_bytes("name: Bücher".encode("latin-1"))
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "wide.yaml").write_bytes(GOOD.encode("utf-16"))
    (tmp_path / "round.yaml").symlink_to(tmp_path / "round.yaml")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.yaml")
    catalog = load_catalog(tmp_path)
    assert len(catalog.all()) == SHIPPED
    assert {file.name: message for file, message in catalog.problems} == {
        "folder.yaml": "is no regular file",
        "gone.yaml": "is a link that leads nowhere",
        "large.yaml": "is larger than 262144 bytes",
        "latin.yaml": "line 1: is not UTF-8; save it as UTF-8",
        "pipe.yaml": "is no regular file",
        "round.yaml": "is a link that leads nowhere",
        "wide.yaml": "is UTF-16; save it as UTF-8",
    }


@pytest.mark.parametrize("written", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("\n", "\r")])
def test_the_habits_of_other_editors_are_taken(tmp_path, written):
    (tmp_path / "parcels.yaml").write_bytes(written.encode())
    catalog = load_catalog(tmp_path)
    assert (catalog.problems, catalog.get("parcels").name) == ((), "Parcels")


def test_a_folder_that_is_missing_is_a_problem_and_no_crash(tmp_path):
    catalog = load_catalog(tmp_path / "nowhere")
    assert len(catalog.all()) == SHIPPED
    assert "cannot be read" in catalog.problems[0][1]
    (tmp_path / "parcels.yaml").write_text(GOOD)
    file = load_catalog(tmp_path / "parcels.yaml")
    assert [message for _, message in file.problems] == ["is no folder; name the folder in which the files are"]


def test_of_two_files_with_one_id_none_counts_and_both_are_named(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(GOOD)
    second.write_text(GOOD)
    catalog = load_catalog(tmp_path)
    assert len(catalog.all()) == SHIPPED
    assert [file for file, _ in catalog.problems] == [first, second]
    assert [message for _, message in catalog.problems] == [
        f"describes parcels, and so does {second}",
        f"describes parcels, and so does {first}",
    ]


def test_nobody_replaces_a_built_in_destination(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(GOOD.replace("id: parcels", "id: sftp"))
    catalog = load_catalog(tmp_path)
    assert catalog.get("sftp").connector == "sftp"
    [(file, message)] = catalog.problems
    assert file == mine
    assert str(BUILT_IN / "sftp.yaml") in message


@pytest.mark.parametrize("name", ["broken", "an alias bomb", "an unsafe pattern"])
def test_a_malformed_built_in_file_stops_everything(tmp_path, name):
    (tmp_path / "bad.yaml").write_text(MALFORMED[name][0])
    with pytest.raises(SpecRefused, match=r"bad\.yaml"):
        load_catalog(built_in=tmp_path)


def test_two_built_in_files_with_one_id_stop_everything(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(SpecRefused, match=r"b\.yaml: and .*a\.yaml both describe parcels"):
        load_catalog(built_in=tmp_path)
