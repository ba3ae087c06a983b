"""Hosts, URLs, folder paths, public keys, headers and queries: one reading only, nothing hidden."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.suites.specs import HTTP, S3, SFTP, ZONE, accepted, refused, with_fields
from workflows.folders import folder_path
from workflows.hosts import host, url
from workflows.public_keys import public_key
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
        "https://example.com/" + "a" * 3000,
        "https://example.com/\x00",
        "https://example.com/\ud800",
        "https://example.com/\u202e",
    ],
)
def test_a_url_with_two_readings_is_refused(bad):
    assert set(refused(HTTP, with_fields(HTTP, http_endpoint=bad))) == {"/fields/http_endpoint"}


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
        ("exports/daily", "exports/daily"),
        ("exports/daily/", "exports/daily"),
        ("exports/%SEGMENT_NAME%/%SEGMENT_ID%", "exports/%SEGMENT_NAME%/%SEGMENT_ID%"),
        ("x/%SEGMENT_ID%", "x/%SEGMENT_ID%"),
        ("x/%SEGMENT_NAME%/", "x/%SEGMENT_NAME%"),
        ("daily-%SEGMENT_ID%", "daily-%SEGMENT_ID%"),
        ("%SEGMENT_NAME%", "%SEGMENT_NAME%"),
        ("a.b/it's(1)!", "a.b/it's(1)!"),
        ("nullable/connect/com10", "nullable/connect/com10"),
        ("a" * 255, "a" * 255),
    ],
)
def test_a_folder_path_is_kept_without_its_last_slash(given, kept):
    for spec in (S3, SFTP, ZONE):
        assert accepted(spec, with_fields(spec, folder_path=given))["fields"]["folder_path"] == kept


CLIMBING = [
    *("../x", "x/..", "..", "a/../b", "./a", "a/.", ".", "..\\x", "a\\..\\b", "a\\b", "..%2fx", "%2e%2e/x", "%2E%2e/x"),
    *("..%252fx", "%252e%252e/x", "%25252e%25252e/x", "%c0%ae%c0%ae/x", "．．/x", "a/．．", "‥/x", "․․/x", "a／..／b"),
    *(".. /x", "a/ ../b", "%2e./x", ".%2e/x", "a%5c..%5cb", "a＼b"),
]
PLACES = ["C:\\data", "C:/data", "c:data", "\\\\server\\share", "//server/share", "a//b", "a///b"]
PLACEHOLDERS = [
    *("{x}", "{x.cfg.password}", "{x[0]}", "{x!r}", "{name:>1000000000}", "{", "a}", "${HOME}", "{{x}}", "{% x %}"),
    *("%()s", "%d", "%", "100%", "%SEGMENT%", "%SEGMENT_NAME", "%segment_name%", "%AUDIENCE_NAME%", "x/%DATETIME%"),
    *("%SEGMENT_ID%/more", "%SEGMENT_NAME%x", "a/%SEGMENT_ID%/b/%SEGMENT_NAME%", "%%SEGMENT_ID%%"),
]
NAMES = [
    *("CON", "con", "NUL.csv", "a/nul", "a/AUX.tar.gz", "COM1", "lpt9.txt", "a./b", "a/b.", "a /b", "a/ b", " a", "a "),
    *("-rf", "a/-x", "a\nb", "a\rb", "a\x00b", "a\x7fb", "a\tb", "\ud800", "a\u200bb", "a\u202eb", "a" * 256),
    *("ä" * 128, "a/" * 512 + "a", "/".join(["a" * 200] * 6), "/" * 100_000, "a" * 1_000_000),
]


@pytest.mark.parametrize("path", CLIMBING + PLACES + PLACEHOLDERS + NAMES)
@pytest.mark.parametrize("spec", [S3, SFTP, ZONE], ids=lambda spec: spec.id)
def test_a_folder_path_that_leads_elsewhere_is_refused(spec, path):
    assert set(refused(spec, with_fields(spec, folder_path=path))) == {"/fields/folder_path"}


@pytest.mark.parametrize("path", PLACEHOLDERS)
def test_a_placeholder_that_is_not_known_is_told_those_that_are(path):
    with pytest.raises(Malformed, match="%SEGMENT_NAME% and %SEGMENT_ID%, at the end"):
        folder_path(path)


@pytest.mark.parametrize(("path", "kept"), [("/", "/"), ("/data/in/", "/data/in"), ("/%SEGMENT_ID%", "/%SEGMENT_ID%")])
def test_only_sftp_takes_absolute_folders(path, kept):
    assert accepted(SFTP, with_fields(SFTP, folder_path=path))["fields"]["folder_path"] == kept
    for spec in (S3, ZONE):
        problem = refused(spec, with_fields(spec, folder_path=path))["/fields/folder_path"]
        assert problem == "must not begin with a slash"


def test_an_optional_folder_may_be_left_empty():
    assert accepted(ZONE, with_fields(ZONE, folder_path=""))["fields"]["folder_path"] == ""


@pytest.mark.parametrize("path", ["a b", "ä", "a~b", "a+b", "🪣", 'a"b', "a^b"])
def test_s3_takes_only_the_characters_of_the_published_pattern(path):
    assert set(refused(S3, with_fields(S3, folder_path=path))) == {"/fields/folder_path"}
    assert accepted(SFTP, with_fields(SFTP, folder_path=path))["fields"]["folder_path"] == path


def test_decomposed_accents_in_a_folder_are_composed():
    assert accepted(SFTP, with_fields(SFTP, folder_path="cafe\u0301"))["fields"]["folder_path"] == "café"


RSA = rsa.generate_private_key(65537, 2048)
SPKI, PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
OPEN = serialization.NoEncryption()
PRIVATE_FORMATS = [
    (serialization.PrivateFormat.PKCS8, OPEN),
    (serialization.PrivateFormat.TraditionalOpenSSL, OPEN),
    (serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pw")),
]
PGP_BODY = b"\x04\x65\x00\x00\x00\x01\x08\x00" + bytes(range(128, 255))


def armoured(kind, packet):
    lines = [f"-----BEGIN PGP {kind} KEY BLOCK-----", "Comment: made for a test", ""]
    return "\n".join([*lines, base64.b64encode(packet).decode(), "=AAAA", f"-----END PGP {kind} KEY BLOCK-----"])


def packet(tag):
    return bytes([0x80 | tag << 2 | 1]) + len(PGP_BODY).to_bytes(2) + PGP_BODY


def new_packet(tag):
    return bytes([0xC0 | tag, len(PGP_BODY)]) + PGP_BODY


PUBLIC_KEYS = [
    *(RSA.public_key().public_bytes(encoding, kind) for encoding in (PEM, DER) for kind in (SPKI, PKCS1)),
    armoured("PUBLIC", packet(6)).encode(),
    packet(6),
    new_packet(6),
]
PRIVATE_KEYS = [
    *(RSA.private_bytes(encoding, kind, how) for encoding in (PEM, DER) for kind, how in PRIVATE_FORMATS),
    RSA.private_bytes(PEM, serialization.PrivateFormat.OpenSSH, OPEN),
    armoured("PRIVATE", packet(5)).encode(),
    armoured("PUBLIC", packet(5)).encode(),
    packet(5),
    new_packet(7),
]


@pytest.mark.parametrize("key", PUBLIC_KEYS)
def test_a_public_key_is_kept_as_base64_in_one_line(key):
    encoded = base64.b64encode(key).decode()
    assert public_key(encoded) == encoded
    in_lines = base64.encodebytes(key).decode().replace("\n", "\r\n")
    body = with_fields(ZONE, encryption_key=in_lines)
    kept = accepted(ZONE, body)["fields"]["encryption_key"]
    assert (kept, public_key(kept)) == (encoded, encoded)


@pytest.mark.parametrize("key", [key for key in PUBLIC_KEYS if key.startswith(b"-----")])
def test_a_key_block_that_was_pasted_as_it_is_gets_encoded(key):
    text = key.decode().replace("\n", "\r\n")
    kept = accepted(ZONE, with_fields(ZONE, encryption_key=f"\n{text}\n"))["fields"]["encryption_key"]
    assert base64.b64decode(kept) == key.strip()


@pytest.mark.parametrize("key", PRIVATE_KEYS)
def test_a_private_key_is_refused_and_not_echoed(key):
    encoded = base64.b64encode(key).decode()
    pasted = [encoded, key.decode()] if key.startswith(b"-----") else [encoded]
    for text in pasted:
        problem = refused(ZONE, with_fields(ZONE, encryption_key=text))["/fields/encryption_key"]
        assert problem.startswith("is a private key")
        assert encoded[10:30] not in problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "ssh-rsa AAAAB3NzaC1yc2E",
        "AAAA",
        "====",
        "é" * 40,
        "-----BEGIN PUBLIC KEY-----",
        "MA==",
        "MIIB",
        "mQ==",
        "xv8=",
    ]
    + [
        base64.b64encode(content).decode()
        for content in (b"\x30" * 400, b"\x99" * 400, packet(2), packet(6)[:20], b"\x30\x84\xff")
    ]
    + [
        "-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ]
    + ["A" * 1_000_000],
)
def test_what_is_no_key_is_refused(text):
    assert set(refused(ZONE, with_fields(ZONE, encryption_key=text))) == {"/fields/encryption_key"}


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
            (f"{name}:x", "belongs to the credential")
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


@pytest.mark.parametrize("good", ["a=1", "a=1&b=2", "a=", "a=b=c", "a%20b=%C3%A4", "a[]=1".replace("[]", "%5B%5D")])
def test_query_parameters_are_kept(good):
    assert accepted(HTTP, with_fields(HTTP, query_parameters=good))["fields"]["query_parameters"] == good


@pytest.mark.parametrize(
    "bad", ["", "a", "=1", "?a=1", "a=1&", "&", "a=b c", "a=ä", "a=1#x", "a=%", "a=%zz", "a=1\r\n", "a={x}"]
)
def test_query_parameters_that_a_url_cannot_have_are_refused(bad):
    assert set(refused(HTTP, with_fields(HTTP, query_parameters=bad))) == {"/fields/query_parameters"}
