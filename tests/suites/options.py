"""OptionsSuite: what every lister of live options must do, against real servers; and a CRM to ask for lists."""

import asyncio
import json
import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.destinations.options import DestinationOptions
from adapters.egress import Door
from engine.secret import Secret
from tests.suites.servers import HOST, answering, garbage, peer, reset, silent
from workflows.catalog import DestinationSpec

LOOPBACK = ("127.0.0.0/8",)
TOKEN = "a-token-of-the-crm-3d81"
WRONG = "the-wrong-one-6f1c"

CRM = {
    "id": "a-crm",
    "name": "A CRM",
    "category": "crm",
    "description": "For tests",
    "type": "streaming-segment",
    "supports": ("audiences",),
    "alerts": "streaming",
    "variants": (
        {
            "id": "bearer",
            "type": "bearer",
            "title": "Token",
            "fields": (
                {"name": "address", "title": "Address", "format": "url", "required": True},
                {"name": "token", "title": "Token", "required": True, "secret": True},
            ),
        },
    ),
    "parameters": (
        {"name": "munchkin_id", "title": "Munchkin ID", "required": True},
        {
            "name": "partition",
            "title": "Partition",
            "type": "enum",
            "options": {
                "source": "destination",
                "list": "partitions",
                "depends_on": ("munchkin_id",),
                "request": {"path": "/rest/partitions", "query": {"munchkin": "munchkin_id"}, "items": "result"},
            },
        },
        {
            "name": "program",
            "title": "Program",
            "type": "enum",
            "options": {
                "source": "destination",
                "list": "programs",
                "depends_on": ("munchkin_id", "partition"),
                "request": {
                    "path": "/rest/partitions/{partition}/programs",
                    "query": {"munchkin": "munchkin_id"},
                    "items": "data.rows",
                    "value": "key",
                    "title": "label",
                },
            },
        },
    ),
}
"""A CRM as an entry of the catalog: the partitions hang on the Munchkin id, the programs on both."""

PARTITIONS = {"111-AAA": ["Default", "North"], "222-BBB": ["Default", "South & Sons"], "333-CCC": []}


def crm_spec(**more):
    return DestinationSpec.model_validate({**CRM, **more})


class Crm:
    """A running CRM; `asked` holds the targets it was asked for, `sent` the Authorization headers."""

    def __init__(self, port):
        self.port, self.asked, self.sent, self.pause = port, [], [], 0.0

    @property
    def url(self):
        return f"http://{HOST}:{self.port}"


@contextmanager
def crm():
    """Serve the lists of a CRM to whoever has the token."""
    running = Crm(0)

    async def behave(reader, writer, _):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        target = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        running.asked.append(target)
        running.sent.append(headers.get("authorization", ""))
        await asyncio.sleep(running.pause)
        writer.write(response(*_answer(target, headers.get("authorization"))))
        await writer.drain()

    with peer(behave) as served:
        running.port = served.port
        yield running


def _answer(target, authorization):
    if authorization != f"Bearer {TOKEN}":
        return 401, {"error": "unauthorised"}
    parts = urlsplit(target)
    munchkin = parse_qs(parts.query).get("munchkin", [""])[0]
    if munchkin not in PARTITIONS:
        return 404, {"error": "no such instance"}
    if parts.path == "/rest/partitions":
        return 200, {"result": [{"id": name, "name": f"{name} of {munchkin}"} for name in PARTITIONS[munchkin]]}
    return 200, {"data": {"rows": [{"key": 7, "label": parts.path}, {"key": "x", "label": "Second"}]}}


def response(status, body, *headers):
    """Return an HTTP response: JSON of an object, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}", "connection: close", *headers, "", ""]
    return "\r\n".join(head).encode() + content


class OptionsSuite:
    """Inherit, say how a good server is asked, and how the same question goes to another port with another secret."""

    lister = DestinationOptions
    empty = b""
    """What a server answers that has nothing to choose from."""

    @pytest.fixture
    def server(self):
        """A real server with a list in it; the subclass yields it."""
        raise NotImplementedError

    def question(self, port, server, secret=None):
        """Return spec, field and the rest of what a lister is asked, at *port*, with the good secret or another."""
        raise NotImplementedError

    def ask(self, port, server, *, secret=None, allow=LOOPBACK, seconds=5.0):
        spec, field, more = self.question(port, server, secret)
        lister = self.lister(Door(allow), seconds=seconds)
        return asyncio.run(lister.list(spec, field, sandbox="prod", **more))

    def fails(self, answer, *codes):
        """Insist that an answer is a failure, told as such."""
        assert (answer.status, answer.choices) == ("failed", ()), answer
        assert not codes or answer.code in codes, answer
        assert answer.message
        assert answer.fix

    def test_what_the_destination_has_is_offered(self, server):
        answer = self.ask(server.port, server)
        assert answer.status == "offered", answer
        assert answer.choices
        assert all(choice.title for choice in answer.choices)

    def test_nothing_to_choose_from_is_an_offer_that_says_so(self, server):
        with answering(self.empty) as other:
            answer = self.ask(other.port, server)
        assert (answer.status, answer.choices) == ("offered", ()), answer
        assert "empty" in answer.message

    def test_a_refused_credential_is_a_failure_that_another_try_does_not_mend(self, server):
        answer = self.ask(server.port, server, secret=WRONG)
        self.fails(answer, "credential-rejected")
        assert not answer.retryable

    def test_silence_is_a_failure_at_the_time_limit(self, server):
        started = time.monotonic()
        with silent() as mute:
            answer = self.ask(mute.port, server, seconds=0.2)
        self.fails(answer, "timeout")
        assert answer.retryable
        assert time.monotonic() - started < 2

    @pytest.mark.parametrize("broken", [garbage, reset])
    def test_a_peer_of_another_kind_is_a_failure(self, server, broken):
        with broken() as other:
            self.fails(self.ask(other.port, server, seconds=2))

    def test_a_closed_port_is_a_failure(self, server):
        with silent() as gone:
            port = gone.port
        answer = self.ask(port, server)
        self.fails(answer, "connection-refused")
        assert answer.retryable

    @pytest.mark.parametrize("status", [400, 403, 404, 418, 429, 500, 503])
    def test_an_answer_that_says_no_is_a_failure(self, server, status):
        with answering(response(status, b"<html>no</html>")) as other:
            answer = self.ask(other.port, server)
        self.fails(answer)
        assert answer.retryable == (status in (429, 500, 503))

    def test_a_page_is_a_failure(self, server):
        with answering(response(200, b"<html><body>Welcome</body></html>")) as other:
            self.fails(self.ask(other.port, server))

    def test_an_answer_of_30_megabytes_is_a_failure(self, server):
        with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 31457280\r\n\r\n[") as other:
            self.fails(self.ask(other.port, server), "answer-too-large")

    def test_an_answer_without_an_end_is_a_failure(self, server):
        with answering(b"HTTP/1.1 200 OK\r\n\r\n[", forever=b"1," * 32768) as other:
            self.fails(self.ask(other.port, server), "answer-too-large", "timeout")

    def test_an_address_that_nobody_opened_gets_not_one_packet(self, server):
        with silent() as internal:
            answer = self.ask(internal.port, server, allow=())
            assert internal.connections == 0
        self.fails(answer, "address-refused")
        assert "INTERLOCK_ALLOW_NETWORKS" in answer.fix

    def test_a_redirect_is_a_failure_and_the_credential_is_not_sent_on(self, server):
        with silent() as other:
            away = response(302, b"", f"location: http://{HOST}:{other.port}/list")
            with answering(away) as first:
                self.fails(self.ask(first.port, server))
                assert first.connections == 1
            assert other.connections == 0

    def test_no_secret_is_in_any_answer(self, server):
        echo = response(500, f"you sent {WRONG}".encode(), f"x-sent: {WRONG}")
        with answering(echo) as other:
            answers = [self.ask(other.port, server, secret=WRONG), self.ask(server.port, server, secret=WRONG)]
        assert not [answer for answer in answers if WRONG in answer.model_dump_json()]


def asked_of(spec, name):
    """Return the field of that name."""
    return next(field for field in spec.parameters if field.name == name)


def crm_question(port, secret=None, *, field="partition", spec=None, **values):
    """Return the question for a list of the CRM."""
    spec = spec or crm_spec()
    credential = {"address": f"http://{HOST}:{port}", "token": Secret(secret or TOKEN)}
    values = values or {"munchkin_id": "111-AAA"}
    return spec, asked_of(spec, field), {"variant": "bearer", "credential": credential, "values": values}


def catalog_of(folder, **more):
    """Write the CRM as a file of a catalog folder, some of it altered, and return the folder."""
    folder.mkdir(exist_ok=True)
    spec = json.loads(crm_spec(**more).model_dump_json(exclude_defaults=True))
    folder.joinpath(f"{spec['id']}.yaml").write_text(json.dumps(spec))
    return folder
