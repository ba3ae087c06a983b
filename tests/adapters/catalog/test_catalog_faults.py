"""A faulty spec: everything that is wrong with it is told at once, each with its line and the reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.catalog.documents import NoDocument, lines, load
from adapters.catalog.loader import BUILT_IN, spec_files
from adapters.catalog.reading import judge, located

HEAD = """\
id: parcels
name: Parcels
category: streaming
description: Sends parcels.
type: file-based
supports: [audiences, datasets]
audience_types: [people]
alerts: file-based
variants:
  - id: password
    type: basic
    title: Password
    fields:
      - {name: user, title: User}
      - {name: pin, title: Pin, secret: true}
  - {id: none, type: none, title: Nothing, kind: none, reason: Nobody asks.}
"""
BODY = """\
parameters:
  - {name: size, title: Size, type: enum, enum: [small, large]}
  - {name: insured, title: Insured, type: boolean}
  - {name: weight, title: Weight, type: integer, minimum: 1, maximum: 30}
  - {name: label, title: Label, pattern: '[a-z]+'}
"""
FIRST = HEAD.count("\n") + BODY.count("\n") + 1
"""The line on which a further parameter stands."""


def told(text):
    """Return the faults of a document as they are shown."""
    try:
        raw = load(text)
    except NoDocument as unread:
        return list(map(str, unread.faults))
    return list(map(str, located(judge(raw)[1], text)))


def about(field):
    """Return what is wrong with one more parameter."""
    place = f"line {FIRST}: parameters/4"
    faults = told(HEAD + BODY + f"  - {{name: extra, title: Extra, {field}}}\n")
    assert all(fault.startswith(place) for fault in faults), faults
    return [fault.removeprefix(place).removeprefix("/") for fault in faults]


def test_the_spec_that_is_altered_here_has_no_fault():
    assert told(HEAD + BODY) == []


FIELDS = {
    "help: x, hlep: y": "hlep: unknown key; did you mean help?",
    "type: text": "type: must be one of: string, integer, number",
    "type: bolean": "type: must be one of: string, integer, number, boolean, enum, date, object, array; did you mean",
    "type: array, items: {name: a, title: ''}": "items/title: has nothing that can be seen",
    'type: array, items: {name: a, title: "\\u200b"}': "items/title: has nothing that can be seen",
    'help: "a\\u202eb"': "help: contains a character that turns the direction of writing (character 2)",
    'type: enum, enum: [a], enum_titles: ["a\\u0007"]': "enum_titles/0: contains a control character",
    "required: maybe": "required: must be true or false",
    "max_length: many": "max_length: must be a whole number",
    "max_length: 1.5": "max_length: must be a whole number",
    "type: enum, enum: a": "enum: must be a list; put it in brackets, like [this]",
    "type: enum, enum: {a: b}": "enum: must be a list",
    "help: [a]": "help: must be text",
    "max_items: -1": "max_items: must not be negative",
    "default: 2026-01-01": "default: its default is a date to YAML; put it in quotes",
    "title: Again": "the key 'title' is given twice",
    "help: 5": "help: must be text; put it in quotes",
    "type: enum, enum: [yes, no]": "enum/0: must be text; put it in quotes",
    "named_enum: [{name: A}]": ": named_enum is a list of {name, value}",
    "when: [{field: insured}]": "when/0: equals needs a value",
    "when: [{}]": "when/0: a condition asks one thing",
    "when: [{field: sise, operator: filled}]": "when/0: names no field of this form: sise; did you mean size?",
    "when: [{field: extra, operator: filled}]": "when/0: extra names itself",
    "when: [{field: size, value: huge}]": "when/0: can never hold: size must be one of: small, large",
    "when: [{field: size, value: 5}]": "when/0: can never hold: size must be text",
    "when: [{field: size, operator: one_of, value: [small, huge]}]": "when/0: can never hold: size must be one of",
    "when: [{field: size, operator: one_of, value: []}]": "when/0: can never hold: size is compared with nothing",
    "when: [{field: size, operator: contains, value: q}]": "when/0: can never hold: size has no choice that contains",
    "when: [{field: insured, value: 'yes'}]": "when/0: can never hold: insured must be true or false",
    "when: [{field: weight, value: 31}]": "when/0: can never hold: weight must be at most 30",
    "when: [{field: weight, operator: contains, value: 3}]": "when/0: can never hold: weight holds no such part",
    "required_when: [{field: label, value: A1}]": "required_when/0: can never hold: label does not have the right form",
    "when: [{variant: [pasword]}]": "when/0: there is no variant pasword here; did you mean password?",
    "when: [{data_kind: [accounts]}]": "when/0: the destination carries no accounts",
    "when: [{data_kind: [accounts, prospects]}]": "when/0: the destination carries no accounts and no prospects",
    "when: [{data_kind: [parcels]}]": "when/0/data_kind/0: must be one of: people",
    "pattern_unless: lable": "pattern_unless: names no field of this form: lable; did you mean label?",
    "options: {source: destination, list: sizes, depends_on: [sise]}": "options/depends_on/0: names no field",
    "options: {source: moon, list: sizes}": "options/source: must be one of: destination, interlock",
    "options: {source: interlock, list: sizes, dependson: []}": "unknown key; did you mean depends_on?",
    "pattern: '(?=a)b'": "pattern: pattern refused",
    f"pattern: '{'a' * 2001}'": "pattern: pattern refused: a pattern of more than 2000",
    "refuses: [{pattern: a, message: b}, {pattern: '[', message: c}]": "refuses/1/pattern: pattern refused",
    "default: 5": "default: its default must be text",
    "type: integer, default: 0, minimum: 1": "default: its default must be at least 1",
    "type: enum, enum: [a, b], default: c": "default: its default must be one of",
    "pattern: '[a-z]+', example: '7'": "example: its example does not have the right form",
    "format: url, example: 'ftp:/x'": "example: its example",
    "read_only: true": "read_only: nobody may give a value, and there is no default",
    "hidden: true": "hidden: nobody may give a value, and there is no default",
    "type: boolean, unique: sandbox": "unique: cannot be asked of the type boolean",
    "secret: true": "secret: a secret belongs to the credential",
    "type: enum, enum: [a, b], enum_titles: [A]": "enum_titles: enum_titles must be as many as enum",
    "type: enum, enum: [a, a]": "enum: has a choice twice",
    "type: object": "type: an object has properties or cases",
    "type: array": "type: an array has items",
    "type: boolean, pattern: a": "pattern: says nothing about a field of the type boolean",
    "minimum: 1": "minimum: says nothing about a field of the type string",
    "properties: [{name: a, title: A}]": "properties: says nothing about a field of the type string",
    "min_length: 5, max_length: 4": "min_length: is more than max_length",
    "absolute: true": "absolute: says something about folder paths only",
    "acknowledge: ''": "acknowledge: says nothing",
    "acknowledge: I AGREE, default: I AGREE": "default: what must be acknowledged has no default",
    "type: object, properties: [{name: a, title: A}, {name: a, title: B}]": "properties/1/name: two fields are called",
    "type: object, properties: [{name: a, title: A, secret: true}]": "properties/0/secret: a secret belongs",
    "type: object, properties: [{name: a, title: A, when: [{field: b, operator: filled}]}]": "names no field",
    "type: object, properties: [{name: a, title: A, when: [{field: extra, operator: filled}]}]": "of which it is a",
    "type: array, items: {name: a, title: A, type: enum, enum: [x], enum_titles: [X, Y]}": "items/enum_titles: enum_t",
    "type: object, by: label, cases: [{value: [a], properties: []}]": "by: by names label, which is no enum",
    "type: object, by: sise, cases: [{value: [a], properties: []}]": "by: names no field of this form: sise",
    "type: object, by: size, cases: [{value: [tiny]}]": "cases/0/value/0: is no choice of size: tiny",
    "type: object, by: size, cases: [{value: [small]}, {value: [large, small]}]": "cases/1/value/1: two cases hold for",
    "type: object, by: size, cases: [{value: []}]": "cases/0/value: a case has values",
    "type: object, cases: [{value: [small]}]": "cases: cases and by go together",
    "type: object, by: size, cases: [{value: [small], properties: [{name: a, title: A, type: array}]}]": "cases/0/pro",
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_faulty_field_is_told_with_its_line(field):
    faults = about(field)
    assert any(FIELDS[field] in fault for fault in faults), faults


@pytest.mark.parametrize(
    "field",
    [
        "type: enum, enum: [a, b], default: a, required: true",
        "type: enum, options: {source: destination, list: sizes, depends_on: [size]}",
        "when: [{field: size, value: small}, {variant: [password]}, {data_kind: [people]}]",
        "required_when: [{field: insured, value: true}]",
        "when: [{field: label, operator: contains, value: A}]",
        "type: object, by: size, cases: [{value: [small], properties: [{name: a, title: A}]}]",
        "type: object, properties: [{name: size, title: S, when: [{field: label, operator: filled}]}]",
        "hidden: true, default: a",
        "acknowledge: I AGREE, required: true",
        "named_enum: [{name: A, value: a}], type: enum, default: a",
    ],
)
def test_what_a_field_may_well_say_is_no_fault(field):
    assert about(field) == []


CYCLES = {
    "when": ("when: [{field: two, operator: filled}]", "required_when: [{field: one, operator: empty}]"),
    "options": ("options: {source: destination, list: x, depends_on: [two]}", "when: [{field: one, value: a}]"),
    "by": (
        "type: enum, when: [{field: two, operator: filled}]",
        "type: object, by: one, cases: [{value: [a], properties: [{name: a, title: A}]}]",
    ),
    "inside": (
        "when: [{field: two, operator: filled}]",
        "type: object, properties: [{name: a, title: A, when: [{field: one, operator: filled}]}]",
    ),
}


@pytest.mark.parametrize("name", CYCLES)
def test_a_cycle_of_conditions_is_told_with_its_way_round(name):
    one, two = CYCLES[name]
    [fault] = told(HEAD + BODY + f"  - {{name: one, title: One, {one}}}\n  - {{name: two, title: Two, {two}}}\n")
    assert fault == f"line {FIRST}: parameters/4: a cycle of conditions: one needs two needs one"


def test_a_cycle_of_any_length_is_found_without_recursion():
    fields = [
        f"  - {{name: f{i}, title: F, when: [{{field: f{(i + 1) % 1500}, operator: filled}}]}}\n" for i in range(1500)
    ]
    [fault] = told(HEAD + "parameters:\n" + "".join(fields))
    assert "a cycle of conditions: f0 needs f1 needs f2" in fault


SPECS = {
    "versoin: 2\n": "line 22: versoin: unknown key; did you mean version?",
    "version: 0\n": "line 22: version: must be at least 1",
    "connector: s3\nnot_connectable: no\n": "line 23: not_connectable: must be text; put it",
    "not_connectable: Never.\n": "line 22: not_connectable: has ways to sign in",
    "default_variant: pass\n": "line 22: default_variant: names no variant; did you mean password?",
    "preset_actions: [analytics, analitics]\n": "preset_actions/1: is no standard marketing action: analitics; did you",
    "mappings:\n  - {target: a, read_only: true}\n": "line 23: mappings/0/read_only: read_only, but nothing is preset",
    "mappings:\n  - {target: a, preset: true}\n": "line 23: mappings/0/preset: preset, but source does not say",
    "schedule:\n  frequencies: [sometimes]\n": "line 23: schedule/frequencies/0",
    "one_per: planet\n": "line 22: one_per: must be one of: sandbox, organisation",
    "advised_per_sandbox: 0\n": "line 22: advised_per_sandbox: must be at least 1",
    "per_audience_fields:\n  - {name: a, title: A, secret: true}\n": "per_audience_fields/0/secret: a secret belongs",
    "per_audience_fields:\n  - {name: a, title: A, when: [{field: size, value: small}]}\n": "names no field",
    "file_format:\n  options: [delimeter]\n": "line 23: file_format/options/0: no file has such an option; did you",
    "file_format:\n  fixed: {colour: red}\n": "line 23: file_format/fixed/colour: no file has such an option",
    "file_format:\n  options: [delimiter]\n  narrowed: {delimiter: [x]}\n": "line 24: file_format/narrowed/delimiter",
    "file_format:\n  options: [delimiter]\n  defaults: {delimiter: 5}\n": "line 24: file_format/defaults/delimiter",
    "file_format:\n  required: [delimiter]\n": "line 23: file_format/required/0: delimiter is not among the options",
    "file_format:\n  file_types: [csv, xml]\n": "line 23: file_format/file_types/1: is no file type",
    "file_format:\n  dataset_file_types: []\n": "line 23: file_format/dataset_file_types: datasets need a file type",
    "file_format:\n  file_types: []\n": "line 23: file_format/file_types: audiences need a file type",
}


@pytest.mark.parametrize("more", SPECS)
def test_a_fault_of_the_whole_is_told_with_its_line(more):
    faults = told(HEAD + BODY + more)
    assert any(SPECS[more] in fault for fault in faults), faults


ALTERED = {
    ("id: parcels", "id: Parcels"): "line 1: id: id must be words",
    ("id: parcels", f"id: {'a' * 65}"): "line 1: id: id has more than 64 characters",
    ("name: Parcels", "name: ' '"): "line 2: name: has nothing that can be seen",
    ("Sends parcels.", "'Sends \u202eparcels.'"): "line 4: description: contains a character that turns the direction",
    ("category: streaming", "category: My Things"): "line 3: category: category must be words",
    ("supports: [audiences, datasets]", "supports: []"): "line 6: supports: supports must name what it takes",
    ("supports: [audiences, datasets]", "supports: [events]"): "line 6: supports: events go to extensions",
    ("supports: [audiences, datasets]", "supports: [audiences, audiences]"): "line 6: supports/1: is named twice",
    ("supports: [audiences, datasets]\naudience_types: [people]", "supports: [audiences]\naudience_types: []"): (
        "line 7: audience_types: can be connected, but carries no kind of data"
    ),
    ("type: file-based", "type: streaming-segment"): "line 8: alerts: a destination of the type streaming-segment has",
    ("alerts: file-based", "alerts: streaming"): "line 8: alerts: a destination of the type file-based has alerts of",
    ("type: file-based", "type: extension"): "line 9: variants: an extension is never connected",
    ("id: none", "id: password"): "line 16: variants/1/id: two variants are called password",
    (", reason: Nobody asks.", ""): "line 16: variants/1/kind: asks nothing, and reason does not say why",
    ("kind: none, reason: Nobody asks.", "kind: credential"): "line 16: variants/1/kind: a credential has fields",
    ("title: Password\n", "title: Password\n    kind: redirect\n"): "line 14: variants/0/fields: a variant of the kind",
    ("title: Password\n", "title: Password\n    token_lifetime_days: 0\n"): "line 13: variants/0/token_lifetime_days",
    ("title: User}", "title: User, host: true}\n      - {name: h, title: H, host: true}"): (
        "line 15: variants/0/fields/1/host: a form names one host"
    ),
    ("title: User}", "title: User, when: [{data_kind: [people]}]}"): "the credential is asked for before the kind of",
    ("title: User}", "title: User, when: [{variant: [none]}]}"): "there is no variant none here",
    ("title: User}", "title: User, when: [{field: pin, value: a}]}"): "can never hold: pin is a secret, which is only",
    ("title: Pin, secret", "title: Pin, default: a, secret"): "line 15: variants/0/fields/1/default: a secret has no",
    (
        "title: Pin, secret",
        "title: Pin, type: integer, secret",
    ): "line 15: variants/0/fields/1/secret: a secret is text",
}


@pytest.mark.parametrize("change", ALTERED)
def test_a_spec_that_is_altered_for_the_worse_is_told_where(change):
    assert change[0] in HEAD
    faults = told(HEAD.replace(*change) + BODY)
    assert any(ALTERED[change] in fault for fault in faults), faults


def test_a_name_may_be_frozen_and_have_a_form_and_nothing_else_about_it():
    frozen = "{name: name, title: Name, required: true, immutable: true, help: It stays.}"
    assert told(HEAD + f"parameters:\n  - {frozen}\n") == []
    shaped = frozen.replace("help: It stays.", "pattern: '[a-z ]*', refuses: [{pattern: x, message: never}]")
    assert told(HEAD + f"parameters:\n  - {shaped}\n") == []
    [fault] = told(HEAD + f"parameters:\n  - {frozen.replace('help', 'group')}\n")
    assert "every connection has a name; only its text" in fault
    [fault] = told(HEAD + "parameters:\n  - {name: name, title: Name}\n")
    assert fault == "line 18: parameters/0: the name of a connection is required"


@pytest.mark.parametrize("name", ["name", "description"])
@pytest.mark.parametrize("restated", [True, False])
def test_nothing_can_depend_on_what_every_connection_has(name, restated):
    again = f"  - {{name: {name}, title: Again, required: true}}\n" if restated else ""
    line, place = (19, "parameters/1") if restated else (18, "parameters/0")
    for key, said in (
        (f"when: [{{field: {name}, operator: filled}}]", "when/0"),
        (f"required_when: [{{field: {name}, value: x}}]", "required_when/0"),
        (f"pattern: a, pattern_unless: {name}", "pattern_unless"),
        (f"type: enum, options: {{source: destination, list: x, depends_on: [{name}]}}", "options/depends_on/0"),
        (
            f"type: object, properties: [{{name: a, title: A, when: [{{field: {name}, value: x}}]}}]",
            "properties/0/when/0",
        ),
    ):
        [fault] = told(HEAD + f"parameters:\n{again}  - {{name: extra, title: Extra, {key}}}\n")
        why = f"can never hold: {name} belongs to the connection and is no field of this form"
        assert fault == f"line {line}: {place}/{said}: {why}"


def test_a_name_within_an_object_is_a_field_like_others():
    inner = "{name: name, title: N}, {name: b, title: B, when: [{field: name, operator: filled}]}"
    assert about(f"type: object, properties: [{inner}]") == []


def test_every_fault_of_a_file_is_told_at_once_in_the_order_of_its_lines():
    text = (
        HEAD.replace("category: streaming\n", "")
        + BODY.replace("type: boolean", "type: bolean")
        + (
            "  - {name: extra, title: Extra, hlep: me, when: [{field: sise, operator: filled}]}\n"
            "  - {name: label, title: Again, pattern: '(', default: 5}\n"
            "colour: red\n"
        )
    )
    assert [fault.split(";")[0] for fault in told(text)] == [
        "line 1: category is missing",
        "line 18: parameters/1/type: must be one of: string, integer, number, boolean, enum, date, object, array",
        "line 21: parameters/4/hlep: unknown key",
        "line 21: parameters/4/when/0: names no field of this form: sise",
        "line 22: parameters/5/name: two fields are called label",
        "line 22: parameters/5/pattern: pattern refused: missing ): (",
        "line 23: colour: unknown key",
    ]


def test_what_stands_in_for_a_faulty_place_is_never_told():
    text = HEAD.replace("variants:", "variants: 5\nvarieties:") + "parameters: [7, {title: X}, {name: ok, title: Y}]\n"
    faults = told(text)
    assert [fault.split(":", 2)[1].strip() for fault in faults] == [
        "variants",
        "varieties",
        "parameters/0",
        "parameters/1",
    ], faults


@pytest.mark.parametrize("text", ["", "- 1\n", "5\n", "just words\n", "~\n", "# a note\n"])
def test_what_is_no_mapping_at_all_is_told_in_one_line(text):
    nothing = text in ("", "~\n", "# a note\n")
    assert told(text) == [f"line 1: must be keys with values{', and there is nothing' if nothing else ''}"]


def test_what_depends_on_a_faulty_list_of_variants_is_not_told_as_well():
    text = HEAD.replace("variants:", "default_variant: password\nvariants: 5\nvarieties:")
    text += "parameters:\n  - {name: a, title: A, when: [{variant: [none]}]}\n"
    assert [fault.split(": ")[1] for fault in told(text)] == ["variants", "varieties"]


NO_YAML = {
    "name: a: b\n": "line 1: mapping values are not allowed in this context; a text with a colon",
    "a:\n\t- b\n": "line 2: while scanning for the next token: found character that cannot start any token; indent",
    'a: "\\d+"\n': "line 1: while parsing a quoted scalar: found unknown escape character; a pattern belongs in single",
    "a: 1\nb: [\nc: d\n": "line 4: while parsing a flow sequence that begins on line 2: did not find expected",
    "a: {b: 1\nc: d\n": "line 2: while parsing a flow mapping that begins on line 1: did not find expected ',' or '}'",
    "a:\n  b: 1\n c: 2\n": "line 3: while parsing a block mapping that begins on line 1: did not find expected key; lo",
}


@pytest.mark.parametrize("text", NO_YAML)
def test_what_is_no_yaml_is_told_with_what_to_do(text):
    [fault] = told(text)
    assert fault.startswith(NO_YAML[text])


def test_the_faults_of_a_document_end_somewhere():
    assert len(told("x: [" + "!a b, " * 10_000 + "]")) == 50


@pytest.mark.parametrize(
    "more",
    [
        "".join(f"  - {{name: f{i}, title: F, when: [{{field: g{i}, operator: filled}}]}}\n" for i in range(300)),
        "".join(f"  - {{name: f{i}, title: 5}}\n" for i in range(300)),
        "".join(f'  - {{name: f{i}, title: "\\0"}}\n' for i in range(300)),
    ],
    ids=["conditions", "titles", "characters"],
)
def test_a_file_that_is_wrong_all_over_is_told_so_in_a_hundred_lines(more):
    assert len(told(HEAD + "parameters:\n" + more)) == 100


def test_a_key_must_be_text_and_a_merge_is_none():
    assert told("? [a]\n: b\n") == ["line 1: a key must be text"]
    assert told("5: x\n") == ["line 1: has a key that is not text"]
    assert told("a: 1\n<<: b\n") == ["line 2: <<: merge keys and the like are not taken"]


@pytest.mark.parametrize("file", spec_files(BUILT_IN)[::12], ids=lambda file: file.stem)
def test_every_place_of_a_document_has_its_line(file):
    text = file.read_text()
    known = lines(text)

    def look(value, place):
        assert place in known
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(inner, dict | list):
                look(inner, (*place, key))
            if isinstance(key, str):
                assert f"{key}:" in text.splitlines()[known[(*place, key)] - 1]

    look(load(text), ())


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_spec_with_anything_anywhere_is_read_or_refused_with_lines_that_exist(data):
    text = (HEAD + BODY).splitlines()
    number = data.draw(st.integers(0, len(text) - 1))
    junk = data.draw(st.sampled_from(["5", "[]", "{}", "~", "[~]", "{a: b}", "no", "''", "2026-01-01", "[[]]", "- x"]))
    indent = text[number][: len(text[number]) - len(text[number].lstrip(" -"))]
    key = text[number].lstrip(" -").partition(":")[0]
    text[number] = f"{indent}{key}: {junk}"
    for fault in told("\n".join(text)):
        line = int(fault.removeprefix("line ").partition(":")[0])
        assert 1 <= line <= len(text) + 1
