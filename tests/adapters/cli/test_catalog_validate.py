"""interlock catalog validate: without a store or a server, every fault with its line."""

import json
import re
from pathlib import Path
from textwrap import indent

import pytest

from adapters.catalog.loader import BUILT_IN, load_catalog
from tests.suites.terminal import Terminal

PAGE = Path(__file__).parents[3] / "docs/howto/add-a-destination.md"
GOOD = """\
id: parcels
name: Parcels
category: streaming
description: Sends parcels.
type: not-stated
supports: [audiences]
not_connectable: Nobody has said how.
"""


@pytest.fixture
def interlock(tmp_path):
    return Terminal(tmp_path / "home")


def test_files_without_a_fault_are_counted(interlock, tmp_path):
    (tmp_path / "parcels.yaml").write_text(GOOD)
    result = interlock("catalog", "validate", tmp_path / "parcels.yaml", BUILT_IN / "sftp.yaml")
    assert (result.exit_code, result.stdout) == (0, "2 files, 0 faults\n")
    assert not (tmp_path / "home").exists(), "no store is begun for it"


def test_every_fault_has_a_line_of_its_own(interlock, tmp_path):
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    (folder / "bad.yaml").write_text(GOOD.replace("id: parcels", "id: Parcels") + "hlep: me\nparameters: [{name: a}]\n")
    (folder / "notes.txt").write_text("no spec")
    result = interlock("catalog", "validate", folder)
    assert result.exit_code == 1
    bad = folder / "bad.yaml"
    assert result.stdout.splitlines() == [
        f"{bad}:1: id: id must be words of lower-case letters and digits, joined by hyphens",
        f"{bad}:8: hlep: unknown key",
        f"{bad}:9: parameters/0: title is missing",
        "2 files, 3 faults",
    ]


def test_programs_get_the_faults_as_json(interlock, tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text(GOOD.replace("id: parcels", "id: sftp"))
    result = interlock("catalog", "validate", "-o", "json", file)
    assert result.exit_code == 1
    [fault] = json.loads(result.stdout)["faults"]
    assert fault == {
        "file": str(file),
        "line": 1,
        "path": "id",
        "reason": f"describes sftp, and so does the built-in {BUILT_IN / 'sftp.yaml'}",
    }
    file.write_text(GOOD)
    assert interlock.json("catalog", "validate", file) == {"ok": True, "files": 1, "faults": [], "warnings": []}


def test_a_category_that_nobody_else_has_is_a_warning_with_the_nearest_and_no_fault(interlock, tmp_path):
    near, far = tmp_path / "near.yaml", tmp_path / "far.yaml"
    near.write_text(GOOD.replace("category: streaming", "category: streamings"))
    far.write_text(GOOD.replace("category: streaming", "category: zoos").replace("id: parcels", "id: plants"))
    result = interlock("catalog", "validate", near, far)
    assert result.exit_code == 0
    first, second, last = result.stdout.splitlines()
    why = "warning: category: no other destination is in this category"
    assert first == f"{near}:3: {why}; did you mean streaming?"
    assert second.startswith(f"{far}:3: {why}; the others are adobe, advertising, analytics,")
    assert last == "2 files, 0 faults, 2 warnings"
    shown = interlock.json("catalog", "validate", near)
    [warning] = shown["warnings"]
    assert (shown["ok"], shown["faults"], warning["line"], warning["path"]) == (True, [], 3, "category")
    near.write_text(near.read_text() + "colour: red\n")
    result = interlock("catalog", "validate", near, far)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "2 files, 1 fault, 1 warning")


def test_two_files_with_one_id_are_told_and_one_file_that_is_named_twice_is_not(interlock, tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    for file in (one, two):
        file.write_text(GOOD)
    assert interlock("catalog", "validate", one, one).exit_code == 0
    result = interlock("catalog", "validate", one, two)
    assert result.stdout.splitlines() == [
        f"{one}:1: id: describes parcels, and so does {two}",
        f"{two}:1: id: describes parcels, and so does {one}",
        "2 files, 2 faults",
    ]


def test_what_cannot_be_read_is_a_fault(interlock, tmp_path):
    (tmp_path / "empty").mkdir()
    result = interlock("catalog", "validate", tmp_path / "gone.yaml", tmp_path / "empty")
    assert result.exit_code == 1
    assert "gone.yaml: is not there\n" in result.stdout
    assert "empty: holds no file that ends with .yaml or .yml\n" in result.stdout
    assert interlock("catalog", "validate").exit_code == 2


def test_a_file_cannot_act_on_the_terminal(interlock, tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text(GOOD + '"\\e[2Jwipe": 1\n')
    result = interlock("catalog", "validate", file)
    assert "\x1b" not in result.stdout
    assert f"{file}:8: ?[2Jwipe: unknown key" in result.stdout


def test_the_example_of_the_page_is_a_spec_without_a_fault(interlock, tmp_path):
    [example] = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    [fields, _] = re.findall(r"^```yml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "parcel-post.yaml").write_text(example.replace("parameters:\n", f"parameters:\n{indent(fields, '  ')}"))
    assert interlock("catalog", "validate", folder).exit_code == 0
    catalog = load_catalog(folder)
    assert catalog.problems == ()
    shown = Terminal(tmp_path / "other", INTERLOCK_CATALOG=str(folder)).json("catalog", "show", "parcel-post")
    assert shown["name"] == catalog.get("parcel-post").name
