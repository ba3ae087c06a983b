"""Hosts, URLs, headers and queries: one reading only, nothing hidden."""

import pytest

from tests.suites.specs import HTTP, accepted, refused, with_fields
from workflows.hosts import host, url
from workflows.texts import Malformed


@pytest.mark.parametrize(
    "good",
    [
        "https://events.example.com/in",
        "http://127.0.0.1:8080",
        "HTTPS://Example.COM/%C3%A4?x=1&y=2",
        "http://[::1]:443/a",
        "https://xn--bcher-kva.example/",
        "http://my_service:9000/path;a=b,c",
    ],
)
def test_a_url_is_kept_as_it_was_given(good):
    assert url(good) == good
    assert refused(HTTP, with_fields(HTTP, http_endpoint=good)) == {}


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "example.com",
        "//example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:example.com",
        "http:/example.com",
        "http://",
        "http:///path",
        "http://?x",
        "https://ann:pw@example.com/",
        "https://ann@example.com/",
        "https://@example.com/",
        "https://example.com@evil.example/",
        "https://example.com\\@evil.example/",
        "https://example.com/#part",
        "https://example.com#@evil.example/",
        "https://exa mple.com/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: evil",
        "https://example.com/\t",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:/",
        "https://example.com:80a/",
        "https://example.com:٨٠/",
        "https://example.com:80:80/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://127.0.0.256/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[127.0.0.1]/",
        "https://::1/",
        "https://%6c%6f%63alhost/",
        "https://ｅxample.com/",
        "https://bücher.example/",
        "https://example。com/",
        "https://-a.example/",
        "https://a..example/",
        "https://example.com./",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://example.com/%",
        "https://example.com/%zz",
        "https://example.com/{{x}}",
        "https://example.com/${HOME}",
        pytest.param("https://example.com/" + "a" * 3000, id="long"),
        "https://example.com/\x00",
        "https://example.com/\ud800",
        "https://example.com/\u202e",
    ],
)
def test_a_url_with_two_readings_is_refused(bad):
    assert set(refused(HTTP, with_fields(HTTP, http_endpoint=bad))) == {"/fields/http_endpoint"}


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("example.com", "must begin with https:// or http://"),
        ("https://ann:pw@example.com/", "must have no user or password in it"),
        ("https://example.com/#part", "must have no fragment"),
        ("https://example.com:99999/", "must have a port from 1 to 65535"),
        ("https://bücher.example/", "xn--"),
        ("https://127.1/", "is not an IPv4 address of four decimal numbers"),
        ("https://example.com/a b", "percent-encode"),
    ],
)
def test_a_refused_url_is_told_what_is_wrong_with_it(bad, problem):
    with pytest.raises(Malformed, match=problem):
        url(bad)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("SFTP.Example.com", "sftp.example.com"), ("127.0.0.1", "127.0.0.1"), ("FE80::1", "fe80::1"), ("a_b", "a_b")],
)
def test_a_host_is_kept_in_lower_case(given, kept):
    assert host(given) == kept


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("", "must name a host"),
        ("sftp://example.com", "without a scheme"),
        ("ann@example.com", "without a user"),
        ("example.com/path", "without a path"),
        ("example.com\\path", "without a path"),
        ("example.com:22", "the port has a field of its own"),
        ("[::1]", "written without brackets"),
        ("fe80::1%eth0", "zone"),
        ("exa mple.com", "is not a host"),
        ("example..com", "is not a host"),
        ("-oProxyCommand=x", "is not a host"),
        ("example.com.", "must not end with a dot"),
        ("bücher.example", "xn--"),
        ("127.1", "four decimal numbers"),
        ("1.2.3.4.5", "four decimal numbers"),
        ("0x7f000001", "four decimal numbers"),
        ("a" * 254, "is not a host"),
    ],
)
def test_a_host_that_is_more_or_less_is_refused(bad, problem):
    with pytest.raises(Malformed, match=problem):
        host(bad)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("header1:value1,header2:value2", "header1:value1,header2:value2"),
        ("X-Source: interlock , X-Run : 7", "X-Source:interlock,X-Run:7"),
        ("X-Url:https://example.com/a", "X-Url:https://example.com/a"),
    ],
)
def test_headers_are_kept_without_blanks_around_them(given, kept):
    assert accepted(HTTP, with_fields(HTTP, headers=given))["fields"]["headers"] == kept


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        *((f"{name}:x", "is set by the connection") for name in ("Host", "content-length", "Transfer-Encoding", "TE")),
        *(
            (f"a:b, {name}:x", "pair 2 names something that proves who calls: use the account's credential")
            for name in ("Cookie", "AUTHORIZATION", "X-Api-Key", "Set-Cookie")
        ),
        ("a:1,A:2", "a second time"),
        ("a", "pair 1 is not name:value"),
        ("", "pair 1 is not name:value"),
        ("a:1,", "pair 2 is not name:value"),
        (":1", "pair 1 is not name:value"),
        ("a b:1", "pair 1 is not name:value"),
        ("a:", "needs a value"),
        ("a:ä", "visible ASCII"),
        ("ä:a", "pair 1 is not name:value"),
        ("a:1\r\nHost: evil", "control character or line end (character 4)"),
        ("a:1\nb:2", "control character or line end"),
        ("a:\x00", "NUL"),
    ],
)
def test_headers_that_could_do_harm_are_refused(bad, problem):
    assert problem in refused(HTTP, with_fields(HTTP, headers=bad))["/fields/headers"]


PROVING = (
    *("X-Token", "X-Secret", "Private-Token", "X-Auth-Key", "X-Vault-Token", "DD-API-KEY", "DD-APPLICATION-KEY"),
    *("Ocp-Apim-Subscription-Key", "X-Functions-Key", "X-Api-Token", "X-Hub-Signature", "X-Hub-Signature-256"),
    *("api_key", "apikey", "apiKey", "sig", "access_token", "accessToken", "client_secret", "password", "db-pass"),
    *("passwd", "PHPSESSID", "session-id", "key", "X-Key", "auth", "oauth_token", "X-Amz-Credential", "jwt", "xtoken"),
)
HONEST = (
    *("X-Request-Id", "key-features", "X-Correlation-Id", "Accept-Language", "partition-key", "idempotency-key"),
    *("author", "authority", "design", "sign-up", "monkey", "keyboard", "max_tokens", "X-Tenant", "country-code"),
    *("passenger", "compass", "signal", "passport", "User-Agent", "Origin", "X-Key-Id", "primaryKey", "parameter1"),
)
"""Names of headers and query parameters: those whose values would let somebody in, and those that only sound so."""


@pytest.mark.parametrize("name", PROVING)
def test_what_proves_who_calls_is_refused_as_header_and_in_every_query(name):
    advice = "pair 2 names something that proves who calls: use the account's credential instead, which is never shown"
    assert refused(HTTP, with_fields(HTTP, headers=f"a:1,{name}:x")) == {"/fields/headers": advice}
    assert refused(HTTP, with_fields(HTTP, query_parameters=f"a=1&{name}=x")) == {"/fields/query_parameters": advice}
    url = f"https://events.example.com/in?a=1&{name}=x"
    assert refused(HTTP, with_fields(HTTP, http_endpoint=url)) == {"/fields/http_endpoint": f"its query: {advice}"}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_name_passes_as_header_and_in_every_query(name):
    url = f"https://events.example.com/in?{name}=x"
    asked = with_fields(HTTP, headers=f"{name}:x", query_parameters=f"{name}=x", http_endpoint=url)
    assert accepted(HTTP, asked)["fields"]["http_endpoint"] == url


@pytest.mark.parametrize("query", ["api%5Fkey=x", "a=1;api_key=x", "api+key=x", "%61pi_key=x", "x=1&&token=y"])
def test_no_way_of_writing_a_query_hides_what_proves_who_calls(query):
    url = f"https://events.example.com/in?{query}"
    assert "proves who calls" in refused(HTTP, with_fields(HTTP, http_endpoint=url))["/fields/http_endpoint"]


def test_a_header_that_carries_a_bearer_token_is_refused_whatever_its_name():
    assert "proves who calls" in refused(HTTP, with_fields(HTTP, headers="X-Forward:Bearer abc"))["/fields/headers"]


@pytest.mark.parametrize("good", ["a=1", "a=1&b=2", "a=", "a=b=c", "a%20b=%C3%A4", "a[]=1".replace("[]", "%5B%5D")])
def test_query_parameters_are_kept(good):
    assert accepted(HTTP, with_fields(HTTP, query_parameters=good))["fields"]["query_parameters"] == good


@pytest.mark.parametrize(
    "bad", ["", "a", "=1", "?a=1", "a=1&", "&", "a=b c", "a=ä", "a=1#x", "a=%", "a=%zz", "a=1\r\n", "a={x}"]
)
def test_query_parameters_that_a_url_cannot_have_are_refused(bad):
    assert set(refused(HTTP, with_fields(HTTP, query_parameters=bad))) == {"/fields/query_parameters"}
