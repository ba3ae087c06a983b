"""Connections as they arrive: slow, many, malformed, ambiguous; each gets its answer or its end."""

import asyncio
import json
import socket
import time
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

from adapters.demo.servers import in_thread
from adapters.http.server import Wire
from tests.suites.api import TOKEN

HOST = b"host: here\r\n"
PROOF = HOST + f"authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n".encode()
ALIVE = b"GET /healthz HTTP/1.1\r\n" + HOST
BODY = b'{"destination":"sftp"}'


class Hasty(Wire):
    head_seconds = 0.5


class Crowded(Wire):
    most = 20


def served(api, kind):
    """Serve the API in a thread, over connections of one kind."""
    api.app.state.system = api.system
    config = uvicorn.Config(api.app, log_config=None, ws="none", timeout_keep_alive=60)
    config.load()

    @asynccontextmanager
    async def serving():
        state = ServerState()
        made = await asyncio.get_running_loop().create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
        yield made.sockets[0].getsockname()[1]
        made.close()
        for wire in list(state.connections):
            wire.transport.abort()

    return in_thread(serving)


@pytest.fixture
def port(api):
    """A server whose patience is short."""
    with served(api, Hasty) as port:
        yield port


def call(port):
    found = socket.create_connection(("127.0.0.1", port))
    found.settimeout(10)
    return found


def rest_of(connection):
    """Return everything until the server ends the connection."""
    told = b""
    try:
        while data := connection.recv(65536):
            told += data
    except ConnectionResetError:
        pass
    connection.close()
    return told


def said(port, request):
    """Send one request, and return what comes until the server ends the connection."""
    connection = call(port)
    connection.sendall(request)
    return rest_of(connection)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"G",
        b"GET /healthz HTTP/1.1\r\nhos",
        ALIVE + b"\r\n" + b"GET /heal",
        ALIVE + b"content-length: 1000\r\n\r\nx",
    ],
)
def test_who_does_not_say_what_he_wants_is_left(port, start):
    started = time.perf_counter()
    connection = call(port)
    connection.sendall(start)
    told = rest_of(connection)
    assert 0.3 < time.perf_counter() - started < 5
    assert told.count(b"HTTP/1.1 200") == start.startswith(ALIVE)


@pytest.mark.parametrize("start", [b"GET /healthz HTTP/1.1\r\nx-slow: ", ALIVE + b"content-length: 1000\r\n\r\n"])
def test_who_says_it_letter_by_letter_gains_no_time(port, start):
    started = time.perf_counter()
    connection = call(port)
    connection.sendall(start)
    with suppress(ConnectionError):
        while time.perf_counter() - started < 5:
            connection.sendall(b"a")
            time.sleep(0.05)
    connection.close()
    assert time.perf_counter() - started < 4


def test_who_has_got_an_answer_and_asks_again_in_time_stays(port):
    connection = call(port)
    for _ in range(6):
        connection.sendall(ALIVE + b"\r\n")
        told = b""
        while not told.endswith(b'{"status":"ok"}'):
            told += connection.recv(65536)
        assert told.startswith(b"HTTP/1.1 200")
        time.sleep(0.15)
    connection.close()


def test_of_many_idle_connections_the_oldest_make_room_for_who_has_something_to_ask(api):
    with served(api, Crowded) as port:
        idle = [call(port) for _ in range(100)]
        assert said(port, ALIVE + b"connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
        assert [rest_of(connection) for connection in idle[:80]] == [b""] * 80
        idle[-1].sendall(ALIVE + b"connection: close\r\n\r\n")
        assert rest_of(idle[-1]).startswith(b"HTTP/1.1 200")
        for connection in idle:
            connection.close()


AMBIGUOUS = {
    "a length in two ways": b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"content-length: 4\r\ncontent-length: 5\r\n\r\nhello",
    "a length with a sign": b"content-length: +5\r\n\r\nhello",
    "a negative length": b"content-length: -5\r\n\r\nhello",
    "an unknown encoding": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"x-a : b\r\n\r\n",
    "NUL in a header": b"x-a: \x00\r\n\r\n",
    "two hosts": HOST + b"\r\n",
    "a chunk that is none": b"transfer-encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("request_end", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_two_readers_could_understand_differently_ends_the_connection_with_a_problem(port, request_end):
    told = said(port, b"POST /v1/connections HTTP/1.1\r\n" + PROOF + request_end + ALIVE + b"\r\n")
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert b"connection: close" in head.lower()
    assert json.loads(body)["code"] == "malformed-request"


def test_a_whole_address_means_its_path(port):
    told = said(
        port, b"GET http://elsewhere.example/v1/catalog/sftp HTTP/1.1\r\n" + PROOF + b"connection: close\r\n\r\n"
    )
    assert b'"destination":"sftp"' in told
    for nothing in (b"http://elsewhere.example", b"ftp://here/healthz", b"http:///../healthz", b"*"):
        told = said(port, b"GET " + nothing + b" HTTP/1.1\r\n" + PROOF + b"connection: close\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 404 ")
        assert b"no-such-address" in told


@pytest.mark.parametrize("name", [b"x-sandbox: prod", b"idempotency-key: a", b"content-type: application/json"])
def test_a_header_that_says_two_things_is_refused(port, name):
    length = f"content-length: {len(BODY)}\r\nconnection: close\r\n".encode()
    twice = name + b"\r\n" + name.partition(b":")[0] + b": another\r\n"
    told = said(port, b"POST /v1/connections HTTP/1.1\r\n" + PROOF + length + twice + b"\r\n" + BODY)
    assert told.startswith(b"HTTP/1.1 422 ")
    assert b"was given twice" in told


@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE", b"get", b"FOO"])
def test_a_method_that_an_address_does_not_take_is_told_and_echoes_nothing(port, method):
    told = said(port, method + b" /v1/connections HTTP/1.1\r\n" + PROOF + b"x-mine: echo\r\nconnection: close\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 405 ")
    assert b"allow: GET, POST\r\n" in told
    assert TOKEN.encode() not in told
    assert b"echo" not in told


def test_thousands_of_unknown_names_are_told_in_an_answer_of_bounded_length(port):
    many = b"&".join(b"p%d=1" % number for number in range(4000))
    told = said(port, b"GET /v1/catalog?" + many + b" HTTP/1.1\r\n" + PROOF + b"connection: close\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 422 ")
    assert b"and 3950 unknown parameters more" in told
    assert len(told) < 20_000
    body = json.dumps({f"{number}{'x' * 200}": 1 for number in range(4000)}).encode()
    head = PROOF + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    told = said(port, b"POST /v1/audit/verify HTTP/1.1\r\n" + head + body)
    assert told.startswith(b"HTTP/1.1 422 ")
    assert len(told) < 30_000


def test_the_same_command_many_times_at_once_under_one_key_is_done_once(api):
    request = ("POST", "/v1/connections", {"destination": "sftp"}, {"idempotency-key": "one"})
    answers = api.together(*[request] * 200)
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["connection"]["id"] for answer in made}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {"key-in-flight"}
    assert len(api.get("/v1/connections").json()["items"]) == 1
