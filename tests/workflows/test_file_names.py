"""Names of exported files: what comes out of a template, and which templates are refused, and why."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Invalid
from tests.suites.specs import S3, accepted, refused, with_format
from workflows.catalog import FileNameSpec
from workflows.file_name_rules import judge_file_name
from workflows.file_names import DEFAULT, MACROS, numbered, refuse_collisions, render

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ABOUT = {
    "DESTINATION_NAME": "Amazon S3",
    "SEGMENT_ID": "a1",
    "SEGMENT_NAME": "Loyal",
    "DESTINATION_INSTANCE_ID": "flow-1",
    "DESTINATION_INSTANCE_NAME": "Nightly",
    "ORGANIZATION_NAME": "org",
    "SANDBOX_NAME": "prod",
    "MERGE_POLICY_ID": "mp1",
    "MERGE_POLICY_NAME": "default",
}
BASE = "%DESTINATION_NAME%_%SEGMENT_ID%"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT.default, "Amazon S3_a1_20260304_050607"),
        ("%DESTINATION%-%SEGMENT_ID%-%TIMESTAMP%", "Amazon S3-a1-1772600767"),
        (f"{BASE}_%SEGMENT_NAME%", "Amazon S3_a1_Loyal"),
        (f"{BASE}_%DESTINATION_INSTANCE_ID%_%DESTINATION_INSTANCE_NAME%", "Amazon S3_a1_flow-1_Nightly"),
        (f"{BASE}_%ORGANIZATION_NAME%_%SANDBOX_NAME%", "Amazon S3_a1_org_prod"),
        (f"{BASE}_%MERGE_POLICY_ID%_%MERGE_POLICY_NAME%", "Amazon S3_a1_mp1_default"),
        (f"{BASE}_%CUSTOM_TEXT(spring sale)%_v1.2", "Amazon S3_a1_spring sale_v1.2"),
        (f"{BASE}_%DATETIME%", "Amazon S3_a1_20260304_050607"),
        (f"{BASE}_%DATETIME(MMddYYYY_HHmmss)%", "Amazon S3_a1_03042026_050607"),
        (f"{BASE}_%DATETIME(yyyy-MM-dd'T'HH.mm)%", "Amazon S3_a1_2026-03-04T05.06"),
        (f"été_{BASE}", "été_Amazon S3_a1"),
    ],
)
def test_what_comes_out_of_a_template(template, name):
    assert judge_file_name(template).problems == ()
    assert render(template, ABOUT, AT) == name


def test_a_moment_is_told_in_utc():
    elsewhere = AT.astimezone(timezone(timedelta(hours=-8)))
    for template in (DEFAULT.default, f"{BASE}_%TIMESTAMP%"):
        assert render(template, ABOUT, elsewhere) == render(template, ABOUT, AT)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("%SEGMENT_ID%_x", "must keep %DESTINATION_NAME%"),
        ("%DESTINATION_NAME%_x", "must keep %SEGMENT_ID%"),
        (f"{BASE}_%SEGMENT_IDS%", "unknown macro; did you mean SEGMENT_ID?; known: DESTINATION_NAME, SEGMENT_ID"),
        (f"{BASE}_%FLOW%", "unknown macro"),
        (f"{BASE}_%segment_name%", "unknown macro; did you mean SEGMENT_NAME?"),
        (f"{BASE}%", "a % without its other half"),
        (f"{BASE}_%DATETIME(yyyy)", "a % without its other half"),
        (f"{BASE}_%%", "no macro"),
        (f"{BASE}_%DATETIME(yyyy%", "no macro"),
        (f"{BASE}_% SEGMENT_NAME %", "no macro"),
        (f"{BASE}_${{SEGMENT_NAME}}", "${, a syntax that is not ours"),
        (f"{BASE}_{{{{SEGMENT_NAME}}}}", "{{, a syntax that is not ours"),
        (f"{BASE}_{{% if x %}}", "{%, a syntax that is not ours"),
        (f"{BASE}_{{x.cfg.password}}", "{, a syntax that is not ours"),
        (f"{BASE}_{{x[0]}}", "{, a syntax that is not ours"),
        (f"{BASE}_{{x!r}}", "{, a syntax that is not ours"),
        (f"{BASE}_{{name:>1000000000}}", "{, a syntax that is not ours"),
        (f"{BASE}_}}", "}, a syntax that is not ours"),
        (f"{BASE}_%(name)s", "%( ), a syntax that is not ours"),
        (f"a/{BASE}", "a character that names cannot have"),
        (f"..\\{BASE}", "a character that names cannot have"),
        (f"{BASE}:x", "a character that names cannot have"),
        (f"{BASE}_%DATETIME(yyyy/MM/dd)%", "a character that names cannot have"),
        (f"{BASE}_%DATETIME('/../')%", "no letters of a date"),
        (f"{BASE}_%DATETIME(yyyy'/../'dd)%", "a character that names cannot have"),
        (f"{BASE}_%DATETIME(HH:mm)%", "a character that names cannot have"),
        (f"{BASE}_%DATETIME(YYYYMMDD_HHMMSS)%", "the day of the month is dd"),
        (f"{BASE}_%DATETIME(yyyyMMdd_HHmmSS)%", "seconds are ss"),
        (f"{BASE}_%DATETIME()%", "no letters of a date"),
        (f"{BASE}_%DATETIME(nonsense)%", "letters that are not known"),
        (f"{BASE}_%DATETIME%_%TIMESTAMP%", "both DATETIME and TIMESTAMP"),
        (f"{BASE}_%TIMESTAMP(s)%", "TIMESTAMP takes nothing in round brackets"),
        (f"{BASE}_%CUSTOM_TEXT%", "CUSTOM_TEXT needs"),
        (f"{BASE}_%CUSTOM_TEXT(a/b)%", "CUSTOM_TEXT needs"),
        (f"{BASE}_%CUSTOM_TEXT({'x' * 65})%", "CUSTOM_TEXT needs"),
        (f"{BASE}_" + "x" * 240, "longer than 255 characters"),
        (f"-{BASE}", "begins with a hyphen"),
        (f".{BASE}", "begins with a hyphen, a dot"),
        (f" {BASE}", "begins with a hyphen, a dot or a blank"),
        (f"{BASE}.", "ends with a dot"),
        (f"{BASE} ", "ends with a dot or a blank"),
        (f"CON.{BASE}", "keeps for a device"),
        (f"nul .{BASE}", "keeps for a device"),
        (f"{BASE}.csv", "the ending is added"),
        (f"{BASE}.json.GZ", "the ending is added"),
        (f"{BASE}\x00", "the NUL character"),
        (f"{BASE}\n", "a control character or line end"),
        (f"{BASE}\u202e", "turns the direction"),
        (f"{BASE}\u200b", "an invisible character"),
        ("", "must keep"),
    ],
)
def test_a_template_that_can_be_no_name_is_refused(template, problem):
    found = "; ".join(judge_file_name(template).problems)
    assert problem in found
    pointers = set(refused(S3, with_format(S3, file_name=template)))
    assert pointers == {"/file_format/file_name"}


def test_everything_that_is_wrong_is_said_at_once():
    assert len(judge_file_name("%FLOW%/%DATETIME(nn)%_%TIMESTAMP%").problems) == 6


def test_a_refusal_does_not_repeat_what_was_sent():
    for template in ("cAnArY%", "%cAnArY%", "cAnArY/", f"{BASE}_%DATETIME('cAnArY)%", "${cAnArY}"):
        assert "cAnArY" not in "".join(judge_file_name(template).problems)


@pytest.mark.parametrize(
    ("template", "warning"),
    [
        (BASE, "each export overwrites"),
        (f"{BASE}_%MERGE_POLICY_NAME%_%TIMESTAMP%", "stays empty unless audiences are grouped"),
    ],
)
def test_what_is_unwise_is_only_a_warning(template, warning):
    judgement = judge_file_name(template)
    assert judgement.problems == ()
    assert [warning in told for told in judgement.warnings] == [True]
    assert accepted(S3, with_format(S3, file_name=template))["file_format"]["file_name"] == template


def test_a_destination_may_offer_fewer_macros_and_no_text():
    spec = FileNameSpec(default="%DESTINATION_NAME%_%SEGMENT_ID%_%TIMESTAMP%", macros=("SEGMENT_NAME",))
    assert judge_file_name(f"{BASE}.%SEGMENT_NAME%", spec).problems == ()
    told = judge_file_name(f"{BASE}%SANDBOX_NAME%", spec).problems
    assert told == (
        "has SANDBOX_NAME, which is not for the names of this destination; "
        "known: DESTINATION_NAME, SEGMENT_ID, SEGMENT_NAME, TIMESTAMP",
    )
    assert "text of its own" in judge_file_name(f"{BASE}_spring", spec).problems[0]
    fixed = FileNameSpec(default="%SEGMENT_NAME%", fixed=True)
    assert "two audiences may get one name" in "".join(judge_file_name("%SEGMENT_NAME%", fixed).warnings)
    assert judge_file_name("%CUSTOM_TEXT(x)%" + BASE, DEFAULT, custom_text=False).problems


def test_values_never_lead_to_another_folder_and_never_become_macros():
    about = {**ABOUT, "SEGMENT_NAME": "../a\\b:c%SEGMENT_ID%\n\x00\u202e"}
    assert render(f"{BASE}_%SEGMENT_NAME%", about, AT) == "Amazon S3_a1_.._a_b_c_SEGMENT_ID____"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"DESTINATION_NAME": "", "SEGMENT_ID": ""}, "nothing stands"),
        ({"DESTINATION_NAME": " ", "SEGMENT_ID": ".."}, "nothing stands"),
        ({"DESTINATION_NAME": "-rf", "SEGMENT_ID": "x"}, "begins with a hyphen"),
        ({"DESTINATION_NAME": "x", "SEGMENT_ID": "y."}, "ends with a dot"),
        ({"DESTINATION_NAME": "aux.x", "SEGMENT_ID": "y"}, "for a device"),
    ],
)
def test_what_comes_out_is_judged_too(values, problem):
    with pytest.raises(Invalid, match=problem):
        render(BASE, values, AT)


@pytest.mark.parametrize("template", ["%", "%NOPE%"])
def test_a_template_that_was_never_judged_is_refused_when_it_is_filled_in(template):
    with pytest.raises(Invalid, match="/file_format/file_name: has"):
        render(template, ABOUT, AT)


def test_two_audiences_with_one_name_are_named():
    refuse_collisions({"a1": "x.csv", "a2": "y.csv"})
    with pytest.raises(Invalid, match="gives the audiences a1 and a3 one name"):
        refuse_collisions({"a1": "x.csv", "a2": "y.csv", "a3": "X.csv"})


@pytest.mark.parametrize(
    ("file_type", "compression", "names"),
    [
        ("csv", "none", ["n.csv", "n_2.csv"]),
        ("csv", "gzip", ["n.csv.gz", "n_2.csv.gz"]),
        ("json", "gzip", ["n.json.gz", "n_2.json.gz"]),
        ("json", "bzip2", ["n.json.bz2", "n_2.json.bz2"]),
        ("parquet", "none", ["n.parquet", "n_2.parquet"]),
        ("parquet", "gzip", ["n.gz.parquet", "n_2.gz.parquet"]),
    ],
)
def test_the_ending_tells_type_and_compression(file_type, compression, names):
    assert [numbered("n", file_type, compression, number) for number in (1, 2)] == names


PIECES = st.sampled_from(
    [*(f"%{name}%" for name in MACROS), "%", "/", "x", "_", ".", " ", "%DATETIME(yyyy)%", "{", "\n", "%CUSTOM_TEXT(a)%"]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=10))
@settings(max_examples=50, deadline=None)
def test_a_template_that_was_taken_gives_one_name_in_one_folder(template, text):
    if judge_file_name(template).problems:
        return
    name = numbered(render(template, {**ABOUT, "SEGMENT_NAME": text}, AT), "csv", "none")
    assert not set(name) & set('/\\:*?"<>|%\n\x00')
    assert "Amazon S3" in name
    assert "a1" in name
