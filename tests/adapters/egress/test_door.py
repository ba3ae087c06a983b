"""The door at work: pinned addresses, one deadline, capped answers, TLS by host name."""

import asyncio
import time

import pytest

from adapters.egress import AnswerTooLarge, Door, DoorRefused, DoorTimeout, DoorUnreachable
from tests.suites.servers import OK, answering, garbage, http_endpoint, reset, silent, tls_answering

LOOPBACK = ("127.0.0.0/8",)


def get(url, door=None, **more):
    return asyncio.run((door or Door(LOOPBACK)).request("GET", url, **{"deadline": 5, **more}))


class Answers:
    """A resolver that gives one answer after another, and remembers how often it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append(host)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_an_answer_comes_back_whole():
    with answering(b"HTTP/1.1 201 Made\r\nX-One: a\r\ncontent-length: 5\r\n\r\nhello") as there:
        answer = get(there.url)
    assert (answer.status, answer.headers["x-one"], answer.body) == (201, "a", b"hello")


def test_the_request_says_who_asks_and_wants_nothing_compressed():
    with http_endpoint() as endpoint:
        door = Door(LOOPBACK)
        asyncio.run(door.request("POST", endpoint.url, headers={"X-A": "1", "Host": "elsewhere"}, content=b"{}"))
    [request] = endpoint.received
    assert request.headers == {
        "host": f"127.0.0.1:{endpoint.port}",
        "accept-encoding": "identity",
        "connection": "close",
        "user-agent": "interlock",
        "x-a": "1",
        "content-length": "2",
    }
    assert request.body == b"{}"


def test_a_name_is_resolved_once_and_that_very_address_is_connected_to():
    resolver = Answers(["127.0.0.1"], ["127.0.0.2"])
    with http_endpoint() as endpoint:
        door = Door(LOOPBACK, resolver=resolver)
        asyncio.run(door.request("POST", f"http://a-name.example:{endpoint.port}/deliveries"))
        assert endpoint.received[0].headers["host"] == f"a-name.example:{endpoint.port}"
    assert resolver.asked == ["a-name.example"]


def test_a_name_that_changes_its_address_is_checked_again_at_the_next_connection():
    with http_endpoint() as endpoint:
        door = Door([f"127.0.0.1/32:{endpoint.port}"], resolver=Answers(["127.0.0.1"], ["169.254.169.254"]))
        url = f"http://a-name.example:{endpoint.port}/deliveries"
        assert get(url, door).status == 405
        with pytest.raises(DoorRefused, match="cloud metadata"):
            get(url, door)


def test_an_allowed_address_beside_a_refused_one_is_used():
    with http_endpoint() as endpoint:
        door = Door(LOOPBACK, resolver=Answers(["::1", "127.0.0.1"]))
        assert get(f"http://localhost:{endpoint.port}/", door).status == 404


def test_a_public_address_beside_an_internal_one_is_refused_whole():
    with pytest.raises(DoorRefused) as refused:
        get("https://mixed.example/", Door(resolver=Answers(["8.8.8.8", "10.0.0.1"])))
    assert refused.value.code == "address-refused"
    assert "INTERLOCK_ALLOW_NETWORKS" in refused.value.fix


@pytest.mark.parametrize("strange", ["fe80::1%eth0", "not an address", "1.2.3"])
def test_what_a_resolver_should_never_say_is_refused(strange):
    with pytest.raises(DoorRefused):
        get("https://a.example/", Door(["::/0"], resolver=Answers([strange])))


@pytest.mark.parametrize("answer", [OSError("no such name"), [], UnicodeError("label too long")])
def test_a_name_that_does_not_resolve_is_told(answer):
    with pytest.raises(DoorUnreachable) as failed:
        get("https://a.example/", Door(resolver=Answers(answer)))
    assert failed.value.code == "resolve-failed"


def test_a_resolver_that_never_answers_ends_at_the_deadline():
    with pytest.raises(DoorTimeout):
        get("https://a.example/", Door(resolver=lambda host, port: asyncio.sleep(60)), deadline=0.2)


def test_plain_http_goes_only_where_an_operator_allows_it():
    with pytest.raises(DoorRefused) as refused:
        get("http://a.example/", Door(resolver=Answers(["8.8.8.8"])))
    assert refused.value.code == "plain-http-refused"


def test_redirects_are_answers():
    with (
        http_endpoint() as internal,
        answering(f"HTTP/1.1 302 Found\r\nlocation: {internal.url}\r\ncontent-length: 0\r\n\r\n".encode()) as there,
    ):
        answer = get(there.url)
        assert (answer.status, answer.headers["location"]) == (302, internal.url)
        assert internal.received == []


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    with http_endpoint() as endpoint, silent() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert get(endpoint.url).status == 405
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "there",
    [
        silent,
        lambda: answering(b"HTTP/1.1 200 OK\r\n\r\n", forever=b"x", pause=0.03),
        lambda: answering(forever=b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01),
        lambda: answering(b"HTTP/1.1 200 OK\r\n", forever=b"X: y\r\n", pause=0.03),
        lambda: answering(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", pause=60),
    ],
)
def test_one_deadline_bounds_everything(there):
    started = time.monotonic()
    with there() as running, pytest.raises(DoorTimeout):
        get(running.url, deadline=0.5)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1024 * 1024] * 30],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 31457280\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n", b"x" * 99999],
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", *[b"fff0\r\n" + b"x" * 0xFFF0 + b"\r\n"] * 20],
    ],
)
def test_a_long_answer_is_not_read(parts):
    with answering(*parts) as there, pytest.raises((AnswerTooLarge, DoorUnreachable)) as failed:
        get(there.url)
    assert failed.value.code in ("answer-too-large", "protocol-error")


def test_an_answer_without_end_is_left_as_soon_as_it_is_too_long():
    with answering(b"HTTP/1.1 200 OK\r\n\r\n", forever=b"x" * 65536) as there, pytest.raises(AnswerTooLarge):
        get(there.url, deadline=3)


def test_an_answer_of_exactly_the_limit_is_read():
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789") as there:
        assert get(there.url, limit=9).body == b"123456789"
        with pytest.raises(AnswerTooLarge):
            get(there.url, limit=8)


@pytest.mark.parametrize(
    ("there", "codes"),
    [
        (garbage, {"protocol-error"}),
        (lambda: garbage(b""), {"protocol-error"}),
        (lambda: garbage(b"SSH-2.0-OpenSSH_9.2\r\n"), {"protocol-error"}),
        (lambda: garbage(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000), {"protocol-error"}),
        (lambda: garbage(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"), {"protocol-error"}),
        (lambda: garbage(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"), {"protocol-error"}),
        (reset, {"connection-reset", "connection-failed", "protocol-error"}),
    ],
)
def test_what_is_no_http_is_told(there, codes):
    with there() as running, pytest.raises(DoorUnreachable) as failed:
        get(running.url)
    assert failed.value.code in codes


def test_a_closed_port_is_told():
    with silent() as gone:
        url = gone.url
    with pytest.raises(DoorUnreachable) as failed:
        get(url)
    assert failed.value.code == "connection-refused"


@pytest.mark.parametrize("header", [{"x": "a\r\nb: c"}, {"x y": "a"}, {"x": "ü\u20ac"}, {"x": "\x00"}, {"": "a"}])
def test_a_header_cannot_smuggle_another(header):
    with http_endpoint() as endpoint:
        with pytest.raises(DoorRefused) as refused:
            get(endpoint.url, headers=header)
        assert endpoint.received == []
    assert refused.value.code == "request-malformed"


def test_tls_is_verified_by_the_host_name_and_not_by_the_address():
    with tls_answering(OK, name="localhost") as (there, trusting):
        door = Door(LOOPBACK, tls=trusting)
        assert get(f"https://localhost:{there.port}/", door).body == b"ok"
        with pytest.raises(DoorUnreachable) as failed:
            get(f"https://127.0.0.1:{there.port}/", door)
    assert failed.value.code == "tls-certificate"


def test_an_expired_or_unknown_certificate_is_refused():
    with tls_answering(OK, expired=True) as (there, trusting):
        for door in (Door(LOOPBACK, tls=trusting), Door(LOOPBACK)):
            with pytest.raises(DoorUnreachable) as failed:
                get(f"https://localhost:{there.port}/", door)
            assert failed.value.code == "tls-certificate"


@pytest.mark.parametrize("there", [garbage, reset])
def test_a_peer_without_tls_is_told(there):
    with there() as running, pytest.raises(DoorUnreachable) as failed:
        get(f"https://127.0.0.1:{running.port}/")
    assert failed.value.code in ("tls-failed", "connection-reset")


def test_silence_in_the_middle_of_tls_ends_at_the_deadline():
    with silent() as there, pytest.raises(DoorTimeout):
        get(f"https://127.0.0.1:{there.port}/", deadline=0.4)


def test_a_connection_is_a_socket_that_is_connected_to_the_checked_address():
    async def connected(port):
        sock = await Door(LOOPBACK).connect("127.0.0.1", port)
        with sock:
            return sock.getpeername(), sock.getblocking()

    with silent() as there:
        assert asyncio.run(connected(there.port)) == (("127.0.0.1", there.port), False)
