"""HTTP endpoints, tried for real."""

import json

import pytest

from tests.suites.destinations import WRONG, DestinationSuite, probe, verdicts
from tests.suites.servers import OK, answering, http_endpoint, tls_answering

TOKEN = "a-token-9a8b7c"


def answer(status, *headers):
    return "\r\n".join((f"HTTP/1.1 {status} Text", "content-length: 0", *headers, "", "")).encode()


def bearer(url, token=TOKEN, **parameters):
    return probe("http_endpoint", "bearer", {"bearer_token": token}, {"http_endpoint": url, **parameters}, seconds=5)


class TestHttpEndpoint(DestinationSuite):
    connector = "http_endpoint"
    variant = "bearer"

    @pytest.fixture
    def server(self):
        with http_endpoint(TOKEN) as endpoint:
            yield endpoint

    def asked(self, port, server, *, secret=None):
        return {"bearer_token": secret or TOKEN}, {"http_endpoint": f"http://127.0.0.1:{port}/deliveries"}


def test_the_credential_alone_names_no_host_and_cannot_be_tried():
    report = probe("http_endpoint", "bearer", {"bearer_token": TOKEN})
    assert [check.code for check in report.checks] == ["host-not-known"]
    assert report.outcome.value == "not_testable"


def test_the_probe_is_an_empty_batch_with_the_headers_and_query_that_were_given():
    with http_endpoint(TOKEN) as endpoint:
        report = bearer(endpoint.url, headers="x-team:blue, x-use : test", query_parameters="a=1&b=x y")
    [request] = endpoint.received
    assert report.outcome.value == "passed"
    assert (request.method, request.target) == ("POST", "/deliveries?a=1&b=x+y")
    assert json.loads(request.body) == []
    sent = {name: request.headers.get(name) for name in ("x-team", "x-use", "x-interlock-probe", "accept-encoding")}
    assert sent == {"x-team": "blue", "x-use": "test", "x-interlock-probe": "1", "accept-encoding": "identity"}


def test_an_open_endpoint_passes_without_any_credential():
    with http_endpoint() as endpoint:
        report = probe("http_endpoint", "none", {}, {"http_endpoint": endpoint.url})
    assert report.outcome.value == "passed"
    assert "authorization" not in endpoint.received[0].headers


@pytest.mark.parametrize("variant", ["oauth2-password", "oauth2-client-credentials"])
def test_a_variant_of_a_later_release_is_not_testable_and_nothing_is_sent(variant):
    credential = {"access_token_url": "https://login.example.com/token", "client_id": "c", "client_secret": "s"}
    with http_endpoint(TOKEN) as endpoint:
        report = probe("http_endpoint", variant, credential, {"http_endpoint": endpoint.url})
    assert [check.code for check in report.checks] == ["variant-not-supported"]
    assert report.outcome.value == "not_testable"
    assert not endpoint.received


def test_an_endpoint_that_wants_a_credential_says_so_to_who_has_none():
    with http_endpoint(TOKEN) as endpoint:
        report = probe("http_endpoint", "none", {}, {"http_endpoint": endpoint.url})
    assert (report.failure.code, report.failure.pointer) == ("credential-required", "/variant")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "credential-rejected", "credential"),
        (404, "not-found", "parameters"),
        (405, "method-refused", "parameters"),
        (410, "gone", "parameters"),
        (429, "busy", "unreachable"),
        (500, "endpoint-fails", "unreachable"),
        (503, "endpoint-fails", "unreachable"),
    ],
)
def test_every_refusal_has_its_own_meaning(status, code, kind):
    with answering(answer(status)) as peer:
        report = bearer(peer.url)
    assert (report.failure.code, report.failure.kind) == (code, kind)
    assert report.failure.fix


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "credential-rejected", "credential"),
        (404, "not-found", "parameters"),
        (429, "busy", "unreachable"),
        (500, "endpoint-fails", "unreachable"),
        (302, "redirected", "parameters"),
    ],
)
def test_a_refusal_in_a_page_longer_than_we_read_is_told_by_its_status(status, code, kind):
    with answering(f"HTTP/1.1 {status} Text\r\n\r\n".encode(), b"x" * 100_000) as peer:
        report = bearer(peer.url)
    assert (report.failure.code, report.failure.kind) == (code, kind)
    assert str(status) in report.failure.message


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("retry-after: 120", "later, in 120 s"),
        ("retry-after: Wed, 21 Oct 2026 07:28:00 GMT", "later"),
        ("retry-after: 99999999999999999999", "later"),
        ("retry-after: \u00b2", "later"),
        ("x-other: 1", "later"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"x" * 100_000])
def test_a_busy_endpoint_asks_us_to_come_back_and_says_when(said, told, body):
    start = "\r\n".join(("HTTP/1.1 429 Text", f"content-length: {len(body)}", said, "", "")).encode("latin-1")
    with answering(start + body) as peer:
        report = bearer(peer.url)
    assert (report.failure.code, report.failure.kind) == ("busy", "unreachable")
    assert report.failure.message == f"the endpoint answered 429: it asks us to come back {told}"


def test_an_endpoint_under_maintenance_says_when_it_is_back():
    with answering(answer(503, "retry-after: 30")) as peer:
        report = bearer(peer.url)
    assert (report.failure.code, report.failure.kind) == ("endpoint-fails", "unreachable")
    assert report.failure.message.endswith("come back later, in 30 s")


def test_an_endpoint_that_refuses_the_empty_batch_is_a_warning():
    with answering(answer(422)) as peer:
        report = bearer(peer.url)
    assert (report.outcome.value, report.failure) == ("warning", None)


def test_a_credential_is_never_sent_on_to_where_a_redirect_points():
    with http_endpoint() as internal, answering(answer(307, f"location: {internal.url}")) as peer:
        report = bearer(peer.url)
        assert (report.failure.code, report.failure.kind) == ("redirected", "parameters")
        assert internal.received == []


def test_a_redirect_to_the_metadata_address_is_not_followed():
    with answering(answer(302, "location: http://169.254.169.254/latest/meta-data/")) as peer:
        report = bearer(peer.url)
    assert report.failure.code == "redirected"


def test_an_answer_after_two_seconds_is_a_warning():
    with answering(b"HTTP/1.1 200 OK\r\n", b"content-length: 0\r\n\r\n", pause=2.2) as peer:
        report = bearer(peer.url)
    assert [check.code for check in report.checks if check.status.value == "warning"] == ["slow-answer"]


def test_an_answer_that_drips_for_ever_ends_at_the_deadline():
    with answering(b"HTTP/1.1 200 OK\r\n\r\n", forever=b"x", pause=0.05) as peer:
        report = probe("http_endpoint", "none", {}, {"http_endpoint": peer.url}, seconds=0.6)
    assert report.failure.code == "timeout"


def test_thirty_megabytes_are_not_read():
    body = b"x" * 1024 * 1024
    with answering(b"HTTP/1.1 200 OK\r\n\r\n", *[body] * 30) as peer:
        report = bearer(peer.url)
    assert (report.failure.code, report.failure.kind) == ("answer-too-large", "unreachable")


def test_tls_is_a_check_of_its_own():
    with tls_answering(OK) as (peer, trusting):
        url = f"https://localhost:{peer.port}/"
        good = probe("http_endpoint", "none", {}, {"http_endpoint": url}, tls=trusting)
        distrusted = probe("http_endpoint", "none", {}, {"http_endpoint": url})
    assert verdicts(good)["tls"] == "passed"
    assert (distrusted.failure.name, distrusted.failure.code) == ("tls", "tls-certificate")


@pytest.mark.parametrize(
    "parameters",
    [
        {"headers": "no colon"},
        {"headers": "a:1,a:2"},
        {"headers": "Host:elsewhere"},
        {"headers": "Content-Length:0"},
        {"headers": "Proxy-Authorization:x"},
        {"headers": "a:1\r\nb:2"},
        {"headers": "ä:1"},
        {"headers": "a:\x00"},
        {"query_parameters": "&&"},
        {"http_endpoint": "ftp://127.0.0.1/"},
        {"http_endpoint": "http://ann:pw@127.0.0.1/"},
        {"http_endpoint": ""},
    ],
)
def test_malformed_parameters_are_told_and_nothing_is_sent(parameters):
    with http_endpoint() as endpoint:
        report = probe("http_endpoint", "none", {}, {"http_endpoint": endpoint.url} | parameters)
        assert endpoint.received == []
    assert report.failure.kind == "parameters"
    assert report.failure.pointer == f"/fields/{next(iter(parameters))}"


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX-Evil: 1", "nul\x00", "ünïcode", "${HOME}\n"])
def test_a_token_that_no_header_can_hold_is_told_without_repeating_it(token):
    with http_endpoint() as endpoint:
        report = bearer(endpoint.url, token)
        assert endpoint.received == []
    assert (report.failure.code, report.failure.kind) == ("credential-malformed", "credential")
    assert not token or token not in report.model_dump_json()


def test_a_header_of_the_parameters_never_replaces_the_credential():
    with http_endpoint(TOKEN) as endpoint:
        report = bearer(endpoint.url, WRONG, headers=f"authorization:Bearer {TOKEN}")
    assert report.failure.code == "credential-rejected"
