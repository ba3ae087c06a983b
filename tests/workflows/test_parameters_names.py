"""Name, description and data kind: what every destination asks."""

import pytest

from tests.suites.specs import BODIES, HTTP, S3, ZONE, accepted, refused


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "must show something"),
        ("   ", "must show something"),
        ("\u200b\u200d", "must show something"),
        ("\u3164", "must show something"),
        ("a\u202eb", "turns the direction of writing"),
        ("a\nb", "control character or line end (character 2)"),
        ("a\x00", "the NUL character"),
        ("\udfff", "half of a surrogate pair"),
        ("x" * 256, "is longer than 255 characters"),
        (None, "must be text, not null"),
        (7, "must be text, not a number"),
    ],
)
def test_a_name_that_nobody_could_read_is_refused(name, problem):
    assert problem in refused(ZONE, {**BODIES["data-landing-zone"], "name": name})["/name"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("  Nightly  ", "Nightly"),
        ("Cafe\u0301", "Café"),
        ("👩‍🚀 crew", "👩‍🚀 crew"),
        ("{{7*7}} ${jndi:ldap} <script>", "{{7*7}} ${jndi:ldap} <script>"),
        ("عربي", "عربي"),
    ],
)
def test_a_name_is_kept_as_text_with_composed_accents(name, kept):
    assert accepted(ZONE, {**BODIES["data-landing-zone"], "name": name})["name"] == kept


def test_a_description_may_have_lines():
    body = {**BODIES["data-landing-zone"], "description": "one\r\ntwo\tthree\n"}
    assert accepted(ZONE, body)["description"] == "one\ntwo\tthree"
    assert accepted(ZONE, {**body, "description": ""})["description"] == ""
    assert refused(ZONE, {**body, "description": "a\x07"}).keys() == {"/description"}


def test_the_least_body_gets_every_default():
    assert accepted(HTTP, BODIES["http-api"]) == {
        "name": "Live",
        "description": "",
        "data_kind": "people",
        "fields": {
            "http_endpoint": "https://events.example.com/in",
            "include_segment_names": False,
            "include_segment_timestamps": False,
        },
        "file_format": None,
    }


def test_a_data_kind_is_asked_only_where_there_is_a_choice():
    assert accepted(HTTP, {**BODIES["http-api"], "data_kind": "people"})["data_kind"] == "people"
    assert "must be one of: people" in refused(HTTP, {**BODIES["http-api"], "data_kind": "datasets"})["/data_kind"]


@pytest.mark.parametrize("kind", [None, 1, ["people"], {}, "People", "people "])
def test_an_unknown_data_kind_is_refused(kind):
    assert set(refused(S3, {**BODIES["amazon-s3"], "data_kind": kind})) == {"/data_kind"}
