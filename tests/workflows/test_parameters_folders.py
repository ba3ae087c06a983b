"""Folder paths: nothing leads out of the folder, and only the known macros are expanded."""

import pytest

from tests.suites.specs import S3, SFTP, ZONE, accepted, refused, with_fields
from workflows.folders import folder_path
from workflows.texts import Malformed


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("exports/daily", "exports/daily"),
        ("exports/daily/", "exports/daily"),
        ("exports/%SEGMENT_NAME%/%SEGMENT_ID%", "exports/%SEGMENT_NAME%/%SEGMENT_ID%"),
        ("x/%SEGMENT_ID%", "x/%SEGMENT_ID%"),
        ("x/%SEGMENT_NAME%/", "x/%SEGMENT_NAME%"),
        ("daily-%SEGMENT_ID%", "daily-%SEGMENT_ID%"),
        ("%SEGMENT_NAME%", "%SEGMENT_NAME%"),
        ("a.b/it's(1)!", "a.b/it's(1)!"),
        ("nullable/connect/com10", "nullable/connect/com10"),
        ("a" * 255, "a" * 255),
    ],
)
def test_a_folder_path_is_kept_without_its_last_slash(given, kept):
    for spec in (S3, SFTP, ZONE):
        assert accepted(spec, with_fields(spec, folder_path=given))["fields"]["folder_path"] == kept


CLIMBING = [
    *("../x", "x/..", "..", "a/../b", "./a", "a/.", ".", "..\\x", "a\\..\\b", "a\\b", "..%2fx", "%2e%2e/x", "%2E%2e/x"),
    *("..%252fx", "%252e%252e/x", "%25252e%25252e/x", "%c0%ae%c0%ae/x", "．．/x", "a/．．", "‥/x", "․․/x", "a／..／b"),
    *(".. /x", "a/ ../b", "%2e./x", ".%2e/x", "a%5c..%5cb", "a＼b"),
]
PLACES = ["C:\\data", "C:/data", "c:data", "\\\\server\\share", "//server/share", "a//b", "a///b"]
PLACEHOLDERS = [
    *("{x}", "{x.cfg.password}", "{x[0]}", "{x!r}", "{name:>1000000000}", "{", "a}", "${HOME}", "{{x}}", "{% x %}"),
    *("%()s", "%d", "%", "100%", "%SEGMENT%", "%SEGMENT_NAME", "%segment_name%", "%AUDIENCE_NAME%", "x/%DATETIME%"),
    *("%SEGMENT_ID%/more", "%SEGMENT_NAME%x", "a/%SEGMENT_ID%/b/%SEGMENT_NAME%", "%%SEGMENT_ID%%"),
]
NAMES = [
    *("CON", "con", "NUL.csv", "a/nul", "a/AUX.tar.gz", "COM1", "lpt9.txt", "a./b", "a/b.", "a /b", "a/ b", " a", "a "),
    *("-rf", "a/-x", "a\nb", "a\rb", "a\x00b", "a\x7fb", "a\tb", "\ud800", "a\u200bb", "a\u202eb", "a" * 256),
    *(
        "ä" * 128,
        "a/" * 512 + "a",
        "/".join(["a" * 200] * 6),
        pytest.param("/" * 100_000, id="slashes"),
        pytest.param("a" * 1_000_000, id="megabyte"),
    ),
]


@pytest.mark.parametrize("path", CLIMBING + PLACES + PLACEHOLDERS + NAMES)
@pytest.mark.parametrize("spec", [S3, SFTP, ZONE], ids=lambda spec: spec.id)
def test_a_folder_path_that_leads_elsewhere_is_refused(spec, path):
    assert set(refused(spec, with_fields(spec, folder_path=path))) == {"/fields/folder_path"}


@pytest.mark.parametrize("path", PLACEHOLDERS)
def test_a_placeholder_that_is_not_known_is_told_those_that_are(path):
    with pytest.raises(Malformed, match="%SEGMENT_NAME% and %SEGMENT_ID%, at the end"):
        folder_path(path)


@pytest.mark.parametrize(("path", "kept"), [("/", "/"), ("/data/in/", "/data/in"), ("/%SEGMENT_ID%", "/%SEGMENT_ID%")])
def test_only_sftp_takes_absolute_folders(path, kept):
    assert accepted(SFTP, with_fields(SFTP, folder_path=path))["fields"]["folder_path"] == kept
    for spec in (S3, ZONE):
        problem = refused(spec, with_fields(spec, folder_path=path))["/fields/folder_path"]
        assert problem == "must not begin with a slash"


def test_an_optional_folder_may_be_left_empty():
    assert accepted(ZONE, with_fields(ZONE, folder_path=""))["fields"]["folder_path"] == ""


@pytest.mark.parametrize("path", ["a b", "ä", "a~b", "a+b", "🪣", 'a"b', "a^b"])
def test_s3_takes_only_the_characters_of_the_published_pattern(path):
    assert set(refused(S3, with_fields(S3, folder_path=path))) == {"/fields/folder_path"}
    assert accepted(SFTP, with_fields(SFTP, folder_path=path))["fields"]["folder_path"] == path


def test_decomposed_accents_in_a_folder_are_composed():
    assert accepted(SFTP, with_fields(SFTP, folder_path="cafe\u0301"))["fields"]["folder_path"] == "café"
