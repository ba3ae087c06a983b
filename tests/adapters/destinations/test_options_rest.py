"""Choices out of a REST interface, against a CRM of ours that has lists which hang on each other."""

import asyncio
import json
import re
from pathlib import Path

import pytest
import yaml

from adapters.destinations.options import DestinationOptions
from adapters.egress import Door
from engine.secret import Secret
from tests.suites.options import LOOPBACK, OptionsSuite, asked_of, crm, crm_question, crm_spec, response
from tests.suites.servers import answering
from workflows.options import OptionsAnswer

pytestmark = pytest.mark.xdist_group("options")


@pytest.fixture(scope="module")
def shared():
    with crm() as running:
        yield running


def ask(port, secret=None, *, seconds=5.0, **question):
    spec, field, more = crm_question(port, secret, **question)
    return asyncio.run(DestinationOptions(Door(LOOPBACK), seconds=seconds).list(spec, field, sandbox="prod", **more))


def answered(body, **request):
    """Return what comes of an answer with this body."""
    raw = json.loads(crm_spec().model_dump_json())
    raw["parameters"][1]["options"]["request"].update(request)
    with answering(response(200, body)) as other:
        return ask(other.port, spec=crm_spec(parameters=raw["parameters"]))


class TestRest(OptionsSuite):
    empty = response(200, {"result": []})

    @pytest.fixture
    def server(self, shared):
        return shared

    def question(self, port, server, secret=None):
        return crm_question(port, secret)


class _Forgiving(DestinationOptions):
    """The lister that nobody must write: it tells what it could not look up as nothing to choose from."""

    async def list(self, *asked, **more):
        answer = await super().list(*asked, **more)
        return OptionsAnswer.offered([]) if answer.status == "failed" else answer


def test_the_suite_catches_a_lister_that_tells_failures_as_empty_lists(shared):
    class Wrong(TestRest):
        lister = _Forgiving

    suite = Wrong()
    for fault in (
        suite.test_a_refused_credential_is_a_failure_that_another_try_does_not_mend,
        suite.test_silence_is_a_failure_at_the_time_limit,
        suite.test_a_page_is_a_failure,
        suite.test_a_closed_port_is_a_failure,
        suite.test_a_redirect_is_a_failure_and_the_credential_is_not_sent_on,
    ):
        with pytest.raises(AssertionError):
            fault(shared)


def test_the_choices_are_those_of_what_the_form_holds(shared):
    first = ask(shared.port, munchkin_id="111-AAA")
    assert [(choice.value, choice.title) for choice in first.choices] == [
        ("Default", "Default of 111-AAA"),
        ("North", "North of 111-AAA"),
    ]
    assert [choice.value for choice in ask(shared.port, munchkin_id="222-BBB").choices] == ["Default", "South & Sons"]
    assert ask(shared.port, munchkin_id="333-CCC").message == "there is nothing to choose from: the list is empty"
    assert ask(shared.port, munchkin_id="999-ZZZ").code == "list-not-found"


@pytest.mark.parametrize("odd", ["a b/c?d=e&f#g", "../../x", "%2e%2e", "ü", "a\r\nHost: evil", "{munchkin_id}"])
def test_a_value_stays_within_its_place_in_the_address(shared, odd):
    shared.asked.clear()
    ask(shared.port, field="program", munchkin_id=odd, partition=odd)
    (target,) = shared.asked
    path, _, query = target.partition("?")
    assert path.startswith("/rest/partitions/")
    assert path.endswith("/programs")
    assert path.count("/") == 4
    assert query.startswith("munchkin=")
    assert "&" not in query
    assert "#" not in target


@pytest.mark.parametrize("odd", ["..", ".", "x" * 1025, "\ud800"])
def test_a_value_that_no_address_can_hold_is_told_before_anything_is_sent(shared, odd):
    shared.asked.clear()
    answer = ask(shared.port, field="program", munchkin_id="111-AAA", partition=odd)
    assert (answer.status, answer.code, shared.asked) == ("failed", "parameters-malformed", [])


def test_numbers_become_texts_where_the_field_is_one(shared):
    answer = ask(shared.port, field="program", munchkin_id="111-AAA", partition="North")
    assert [choice.value for choice in answer.choices] == ["7", "x"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"result": [NaN]}',
        b'{"total": NaN, "result": ["a"]}',
        b'{"result": [{"id": Infinity}]}',
        b'{"result": ' + b"[" * 100_000,
        b'{"result": [' + b"9" * 5_000 + b"]}",
        b'{"result": {"id": "x"}}',
        b'{"result": null}',
        b'{"results": []}',
        b"[]",
        b"null",
        b'{"result": [{"uid": "x"}]}',
        b'{"result": [{"id": null}, {"id": ""}, {"id": " x"}, {"id": true}, {"id": [1]}, {"id": 1e999}]}',
        b'{"result": [{"id": "a\\u0000b"}, {"id": "a\\ud800"}, {"id": "\\u202eabc"}]}',
    ],
)
def test_an_answer_without_a_list_that_can_be_read_is_malformed(body):
    answer = answered(body)
    assert (answer.status, answer.code, answer.retryable) == ("failed", "answer-malformed", False), answer
    assert answer.fix


def test_what_cannot_be_read_is_left_out_and_counted():
    items = [{"id": "a", "name": "A"}, {"name": "nothing"}, {"id": "b"}, {"id": "a", "name": "again"}, 7]
    answer = answered({"result": items})
    assert [(choice.value, choice.title) for choice in answer.choices] == [("a", "A"), ("b", "b"), ("7", "7")]
    assert (answer.left_out, answer.truncated) == (1, False)
    assert "1 of the list could not be read" in answer.message


def test_a_title_is_one_line_that_can_be_shown():
    names = ["two\nlines\u202e", "\u200b", "x" * 500, None, "<script>"]
    answer = answered({"result": [{"id": str(place), "name": name} for place, name in enumerate(names)]})
    assert [choice.title for choice in answer.choices] == ["two lines", "1", f"{'x' * 199}…", "3", "<script>"]


def test_no_more_than_a_thousand_are_told():
    answer = answered({"result": list(range(1_001))})
    assert (len(answer.choices), answer.truncated) == (1_000, True)
    assert not answered({"result": list(range(1_000))}).truncated
    assert answer.offers("4711")


def test_a_list_may_be_the_answer_itself():
    assert answered(["a", "b"], items="").choices[1].value == "b"


def variant(**more):
    address = {"name": "host", "title": "Host", "format": "url"}
    secret = {"name": "key", "title": "Key", "secret": True}
    return {"id": "v", "title": "A way", "fields": (address, *more.pop("before", ()), secret), **more}


@pytest.mark.parametrize(
    ("way", "sent"),
    [
        (variant(type="bearer"), b"authorization: Bearer s3cret"),
        (variant(type="api-key"), b"x-api-key: s3cret"),
        (variant(type="basic", before=({"name": "username", "title": "U"},)), b"authorization: Basic YW5uOnMzY3JldA=="),
    ],
)
def test_the_credential_goes_where_its_kind_says(way, sent):
    spec = crm_spec(variants=(way,))
    field = asked_of(spec, "partition")
    with answering(response(200, {"result": ["a"]})) as other:
        credential = {"host": f"{other.url}api/?ignored=1", "username": "ann", "key": Secret("s3cret")}
        lister = DestinationOptions(Door(LOOPBACK))
        asked = {"variant": "v", "credential": credential, "values": {"munchkin_id": "1"}, "sandbox": "prod"}
        assert asyncio.run(lister.list(spec, field, **asked)).status == "offered"
        assert sent in bytes(other.received)
        assert bytes(other.received).startswith(b"GET /api/rest/partitions?munchkin=1 HTTP/1.1")


@pytest.mark.parametrize("secret", ["a\r\nb", "a b", "ü", ""])
def test_a_secret_that_no_header_can_hold_is_never_sent(shared, secret):
    spec, field, more = crm_question(shared.port)
    more["credential"]["token"] = Secret(secret)
    shared.asked.clear()
    answer = asyncio.run(DestinationOptions(Door(LOOPBACK)).list(spec, field, sandbox="prod", **more))
    assert (answer.code, shared.asked) == ("credential-malformed", [])


@pytest.mark.parametrize(
    "way",
    [variant(type="oauth2-client-credentials"), variant(type="azure-sas"), variant(type="bearer", kind="redirect")],
)
def test_a_way_to_sign_in_that_headers_cannot_hold_is_not_supported(shared, way):
    spec = crm_spec(variants=(way,))
    asked = {"variant": "v", "credential": {"host": shared.url, "key": Secret("x")}, "values": {}, "sandbox": "prod"}
    answer = asyncio.run(DestinationOptions(Door(LOOPBACK)).list(spec, asked_of(spec, "partition"), **asked))
    assert (answer.status, answer.choices) == ("unsupported", ())


def test_a_list_that_nobody_knows_how_to_ask_for_is_not_supported():
    lists = [{"name": "x", "title": "X", "options": {"source": "destination", "list": "things"}}]
    spec = crm_spec(parameters=lists)
    asked = {"variant": "bearer", "credential": {}, "values": {}, "sandbox": "prod"}
    answer = asyncio.run(DestinationOptions(Door(LOOPBACK)).list(spec, spec.parameters[0], **asked))
    assert answer.status == "unsupported"
    assert answer.fix


def test_the_example_of_the_page_is_asked_as_it_says():
    page = Path(__file__).parents[3] / "docs/howto/add-a-destination.md"
    (block,) = re.findall(r"```yml\n(options:\n.*?)```", page.read_text(), re.DOTALL)
    program = {"name": "program", "title": "Program", "type": "enum", **yaml.safe_load(block)}
    spec = crm_spec(parameters=[*json.loads(crm_spec().model_dump_json())["parameters"][:2], program])
    with crm() as running:
        answer = ask(running.port, spec=spec, field="program", munchkin_id="111-AAA", partition="North")
        assert running.asked == ["/rest/partitions/North/programs?munchkin=111-AAA"]
    assert [choice.title for choice in answer.choices] == ["/rest/partitions/North/programs", "Second"]
