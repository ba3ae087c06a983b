"""The page about a destination: complete for every spec of the catalog, and harmless whatever a spec says."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.catalog.loader import load_catalog
from adapters.system.documentation import in_sections, markdown
from adapters.system.in_words import condition, walk, whether
from adapters.system.marking import code, either, link, text
from tests.suites.peculiar import spec
from workflows.catalog import DestinationSpec
from workflows.fields import Case, Condition, Field
from workflows.file_options import OPTIONS

CATALOG = load_catalog().all()
IDS = [one.id for one in CATALOG]


def forms(destination):
    return [destination.parameters, destination.per_audience_fields, *(one.fields for one in destination.variants)]


def section(page, name):
    return next((one["text"] for one in page["sections"] if one["id"] == name), None)


@pytest.mark.parametrize("destination", CATALOG, ids=IDS)
def test_the_page_mentions_everything_that_a_spec_asks_for(destination):
    page, whole = in_sections(destination), markdown(destination)
    for fields in forms(destination):
        for path, field, _ in walk(fields):
            assert f"| {code(path)} | {text(field.title)} |" in whole
            assert "secret: it is kept" in whole.lower() or not field.secret
    assert text(destination.description) in section(page, "about")
    assert all(text(one.title) in section(page, "sign-in") for one in destination.variants)
    assert all(code(one.target) in section(page, "mappings") for one in destination.mappings)
    assert all(code(one) in section(page, "marketing-actions") for one in destination.locked_actions)
    assert all(code(one) in section(page, "alerts") for one in destination.offered_alerts)
    assert text(destination.notes) in (section(page, "notes") or "")
    for name in destination.file_format.options if destination.file_format else ():
        assert name not in OPTIONS or code(name) in section(page, "file-format")


@pytest.mark.parametrize("destination", CATALOG, ids=IDS)
def test_no_heading_stands_above_nothing(destination):
    whole = markdown(destination)
    assert "<" not in whole
    assert whole.endswith("\n")
    blocks = [block for block in whole.split("\n\n") if block.strip()]
    assert blocks[0] == f"# {text(destination.name)}"
    for block, after in zip(blocks, [*blocks[1:], "# end"], strict=True):
        deep = len(block) - len(block.lstrip("#"))
        assert not deep or not after.startswith("#") or len(after) - len(after.lstrip("#")) > deep, block
    for one in in_sections(destination)["sections"]:
        assert one["text"].strip()
    for line in whole.splitlines():
        assert not line.startswith("| ") or len(re.findall(r"(?<!\\)\|", line)) in (5,), line


def test_a_condition_is_told_in_words():
    kind = Field(name="kind", title="Account type", type="enum", enum=("new", "old"), enum_titles=("New", "Existing"))
    on = Field(name="on", title="Enrich", type="boolean")
    known = {"kind": kind, "on": on}
    said = [
        (Condition(field="kind", value="old"), "Account type is Existing"),
        (Condition(field="kind", operator="not_equals", value="old"), "Account type is not Existing"),
        (Condition(field="kind", operator="one_of", value=["new", "old"]), "Account type is New or Existing"),
        (Condition(field="kind", operator="filled"), "Account type is filled in"),
        (Condition(field="kind", operator="empty"), "Account type is empty"),
        (Condition(field="kind", operator="contains", value="o"), "Account type contains `o`"),
        (Condition(field="on", value=True), "Enrich is switched on"),
        (Condition(field="elsewhere", value=3), "elsewhere is `3`"),
        (Condition(variant=("none", "gone")), "you sign in with None or gone"),
        (Condition(data_kind=("people", "prospects")), "the connection carries audiences of people or prospects"),
        (Condition(data_kind=("people", "datasets")), "the connection carries audiences of people, or datasets"),
    ]
    for asked, words in said:
        assert condition(asked, known, spec("just-both")) == words


def test_a_field_says_when_it_is_asked_and_what_it_may_be():
    kind = Field(name="kind", title="Kind", type="enum", enum=("new", "old"), enum_titles=("New", "Existing"))
    inner = Case(value=("old",), properties=(Field(name="id", title="Id", required=True),))
    fields = (
        kind,
        Field(
            name="of",
            title="Of",
            type="object",
            by="kind",
            cases=(inner,),
            when=(Condition(field="kind", value="old"),),
        ),
        Field(name="list", title="List", type="array", items=Field(name="one", title="One"), max_items=3),
        Field(name="name", title="Name", required_when=(Condition(field="kind", value="new"),), unique="sandbox"),
        Field(name="fixed", title="Fixed", default="eu", hidden=True),
        Field(name="sure", title="Sure", type="boolean", acknowledge="I am | sure", immutable=True),
        Field(name="level", title="Level", type="integer", minimum=1, maximum=9, default=5),
    )
    page = section(in_sections(spec("just-both", parameters=fields)), "parameters")
    rows = {line.split(" | ")[0].strip("| `"): line for line in page.splitlines() if line.startswith("| `")}
    assert list(rows) == ["kind", "of", "of.id", "list", "name", "fixed", "sure", "level"]
    assert "Choices: New (`new`), Existing (`old`)." in rows["kind"]
    assert "Asked when Kind is Existing." in rows["of"]
    assert "Asked when Kind is Existing." in rows["of.id"]
    assert "Up to 3 entries." in rows["list"]
    assert "| when Kind is New |" in rows["name"]
    assert "same value in its sandbox." in rows["name"]
    assert "| no, it is filled in |" in rows["fixed"]
    assert "Always `eu`." in rows["fixed"]
    assert "the words “I am \\| sure”" in rows["sure"]
    assert "Fixed once the connection is saved." in rows["sure"]
    assert "From 1 to 9. Default: `5`." in rows["level"]
    assert whether(kind, {}, spec("just-both")) == "no"


def test_a_default_of_a_secret_is_told_to_nobody():
    secret = Field(name="key", title="Key", secret=True, default="planted-3f9a", example="planted-3f9a")
    variant = {"id": "key", "type": "api-key", "title": "Key", "fields": [secret]}
    destination = spec("just-both", variants=[variant], parameters=[secret])
    assert "planted" not in markdown(destination)
    assert "never shown" in markdown(destination)


def test_what_cannot_be_tested_or_connected_says_so():
    assert "cannot be tested" in section(in_sections(spec("just-both")), "testing")
    assert "the partner sends the data itself" in section(in_sections(spec("not-to-be-connected")), "sign-in")
    assert section(in_sections(spec("not-to-be-connected")), "testing") is None
    assert "One connection in the whole organisation" in section(in_sections(spec("one-in-all")), "limits")


EVIL = "<script>alert(1)</script> & [x](javascript:alert(1)) `a` | b\n\n# Owned\n<img src=x onerror=y> \u202e\x1b[31m"


def test_whatever_a_third_party_writes_stays_a_text():
    field = {
        "name": "x",
        "title": EVIL,
        "help": EVIL,
        "default": EVIL,
        "pattern": EVIL,
        "group": EVIL,
        "example": EVIL,
        "acknowledge": EVIL,
        "refuses": [{"pattern": "x", "message": EVIL}],
    }
    variant = {
        "id": "none",
        "type": EVIL,
        "title": EVIL,
        "kind": "none",
        "reason": EVIL,
        "help": EVIL,
        "fields": [field],
    }
    destination = spec(
        "just-both",
        name=EVIL,
        category=EVIL,
        description=EVIL,
        documentation="javascript:alert(1)",
        availability=EVIL,
        notes=EVIL,
        connector=EVIL,
        identities=[EVIL],
        locked_actions=[EVIL],
        variants=[variant],
        parameters=[field],
        mappings=[{"target": EVIL, "source": EVIL, "at_least_one_of": EVIL, "help": EVIL}],
        schedule={"help": EVIL},
    )
    page = markdown(destination)
    harmless(page)
    assert [line for line in page.splitlines() if line.startswith("# ")] == [f"# {text(EVIL)}"]
    assert "](javascript" not in page.replace("\\]", "")


def harmless(page):
    assert not set(page) & set("<>")
    assert all(char.isprintable() or char == "\n" for char in page)
    assert not re.search(r"(?<!\\)\]\((?!https?:)", page)
    assert not re.search(r"&(?!amp;|lt;|gt;)", re.sub(r"`[^`]*`", "", page))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.text(alphabet="<>&[]()`|\\*_#!-+=1.~\n\t ab:/h", max_size=60))
def test_any_text_is_harmless_on_one_line(one, other):
    for value in (one, other):
        for made in (text(value), code(value), link(value, value), link("x", f"https://{value}")):
            assert "\n" not in made
            harmless(made)


def test_links_lead_to_the_web_only():
    assert link("A_b", "https://example.com/a?b=(c)") == "[A_b](https://example.com/a?b=%28c%29)"
    for address in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.com",
        "https://ann:pw@example.com",
        "HTTPS://",
    ):
        assert "](" not in link("x", address)


def test_lists_of_words_read_like_a_sentence():
    assert [either(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a or b", "a, b or c"]


def test_a_page_needs_nothing_but_what_a_spec_must_have():
    bare = DestinationSpec(id="x", name="X", category="c", description="D.", type="not-stated", supports=())
    assert [one["id"] for one in in_sections(bare)["sections"]] == ["about", "sign-in"]
