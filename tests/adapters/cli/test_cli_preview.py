"""interlock connections preview."""

import json
from hashlib import sha256

import pytest

from tests.suites.terminal import Terminal


@pytest.fixture(scope="module")
def interlock(tmp_path_factory):
    return Terminal(tmp_path_factory.mktemp("preview") / "home")


@pytest.fixture(scope="module")
def draft(interlock):
    return interlock.json("connections", "create", "data-landing-zone")["connection"]["id"]


def test_a_sample_is_printed_for_people(interlock, draft):
    chosen = ("--data-kind", "people", "--file-format", "delimiter=;", "--file-format", "include_manifest=yes")
    shown = interlock("connections", "preview", draft, *chosen)
    assert shown.exit_code == 0
    assert "id;name;remark;list;birth_date" in shown.stdout
    assert "manifest-data-landing-zone-" in shown.stdout
    assert "SHA-256: " in shown.stdout


def test_a_sample_is_given_to_programs_and_into_a_file(interlock, draft, tmp_path):
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"data_kind": "people", "file_format": {"compression": "gzip"}}))
    to = tmp_path / "sample.csv.gz"
    found = interlock.json("connections", "preview", draft, "--body", str(body), "--to", str(to))
    assert sha256(to.read_bytes()).hexdigest() == found["digest"]
    again = interlock("connections", "preview", draft, "--body", str(body), "--to", str(to))
    assert again.exit_code == 2
    assert "cannot be written" in again.stderr


def test_what_is_wrong_is_told_with_its_place(interlock, draft):
    told = interlock("connections", "preview", draft, "--data-kind", "people", "--file-format", "delimiter=x")
    assert told.exit_code == 3
    assert "/file_format/delimiter" in told.stderr
    both = interlock("connections", "preview", draft, "--data-kind", "people", "--body", "-")
    assert both.exit_code == 2


def test_what_is_unwise_is_a_note_beside_the_sample(interlock, draft):
    name = "file_name=%DESTINATION_NAME%_%SEGMENT_ID%"
    shown = interlock("connections", "preview", draft, "--data-kind", "people", "--file-format", name)
    assert "each export overwrites" in shown.stderr
    assert "each export overwrites" not in shown.stdout
