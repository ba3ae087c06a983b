"""The buckets that a key may list, against moto with signatures and policies enforced."""

import asyncio

import pytest

from adapters.destinations.options import DestinationOptions
from adapters.egress import Door
from engine.secret import Secret
from tests.suites.options import LOOPBACK, OptionsSuite, crm_spec, response
from tests.suites.servers import answering

pytestmark = pytest.mark.xdist_group("s3")

SPEC = crm_spec(
    connector="s3",
    parameters=[{"name": "bucket", "title": "Bucket", "options": {"source": "destination", "list": "buckets"}}],
    variants=[{"id": name, "type": name, "title": "A key"} for name in ("s3-access-key", "s3-assumed-role")],
)


def question(port, key, variant="s3-access-key"):
    credential = {"endpoint": f"http://127.0.0.1:{port}", "access_key": key[0], "secret_key": Secret(key[1])}
    return SPEC, SPEC.parameters[0], {"variant": variant, "credential": credential, "values": {}}


def ask(*asked):
    spec, field, more = question(*asked)
    return asyncio.run(DestinationOptions(Door(LOOPBACK)).list(spec, field, sandbox="prod", **more))


def listing(names, more=""):
    buckets = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in names)
    return response(
        200, f"<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>{more}</ListAllMyBucketsResult>".encode()
    )


class TestS3(OptionsSuite):
    empty = listing([])

    @pytest.fixture
    def server(self, s3):
        return s3

    def question(self, port, server, secret=None):
        return question(port, (server.key[0], secret or server.key[1]))


def test_the_buckets_of_the_key_are_offered(s3):
    assert sorted(choice.value for choice in ask(s3.port, s3.key).choices) == ["elsewhere", "landing"]


def test_a_key_that_may_not_list_buckets_is_told_which_permission_it_lacks(s3):
    answer = ask(s3.port, s3.reader)
    assert (answer.status, answer.code, answer.choices) == ("failed", "list-refused", ())
    assert "s3:ListAllMyBuckets" in answer.message


def test_another_way_to_sign_in_lists_nothing(s3):
    assert ask(s3.port, s3.key, "s3-assumed-role").status == "unsupported"


def test_more_buckets_than_one_answer_holds_are_told_as_such():
    with answering(listing(["one", "two"], "<ContinuationToken>more</ContinuationToken>")) as other:
        answer = ask(other.port, ("AKIA", "x"))
    assert ([choice.value for choice in answer.choices], answer.truncated) == (["one", "two"], True)
