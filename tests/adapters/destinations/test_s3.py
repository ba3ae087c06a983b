"""Amazon S3, tried against moto with signatures and policies enforced."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.destinations.s3_client import S3Client, S3Key
from adapters.destinations.sigv4 import signed_headers
from adapters.egress import Door
from engine.clock import FixedClock
from engine.secret import Secret
from tests.suites.destinations import DestinationSuite, probe, verdicts
from tests.suites.servers import answering, peer

pytestmark = pytest.mark.xdist_group("s3")


def credential(endpoint, key, **more):
    return {"access_key": key[0], "secret_key": key[1], "endpoint": endpoint, **more}


def attempt(server, bucket="landing", *, key=None, folder="", **more):
    parameters = {"bucket_name": bucket, "folder_path": folder}
    return probe("s3", "s3-access-key", credential(server.endpoint, key or server.key, **more), parameters)


def sign_in(endpoint, key=("AKIAEXAMPLE", "not-a-secret-4b2f"), **more):
    return probe("s3", "s3-access-key", credential(endpoint, key, **more))


def xml(status, code, *headers, region=""):
    body = f"<Error><Code>{code}</Code>{f'<Region>{region}</Region>' if region else ''}</Error>"
    return "\r\n".join((f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers, "", body)).encode()


class TestS3(DestinationSuite):
    connector = "s3"
    variant = "s3-access-key"

    @pytest.fixture
    def server(self, s3):
        return s3

    def asked(self, port, server, *, secret=None):
        key = (server.key[0], secret or server.key[1])
        return credential(f"http://127.0.0.1:{port}", key), {"bucket_name": "landing", "folder_path": "in/box"}


def test_a_key_is_proved_before_any_bucket_is_known(s3):
    report = sign_in(s3.endpoint, s3.key)
    assert list(verdicts(report)) == ["resolve", "connect", "authenticate"]
    assert (report.outcome.value, report.principal) == ("passed", s3.key[0])


def test_a_key_that_may_not_list_buckets_is_good_all_the_same(s3):
    report = sign_in(s3.endpoint, s3.reader)
    assert (report.outcome.value, report.checks[-1].code) == ("warning", "cannot-list")
    assert report.principal == s3.reader[0]


def test_an_unknown_access_key_points_to_the_access_key(s3):
    failure = sign_in(s3.endpoint, ("AKIAUNKNOWN", "x")).failure
    assert (failure.code, failure.pointer) == ("credential-rejected", "/credential/access_key")


def test_a_wrong_secret_points_to_the_secret(s3):
    failure = sign_in(s3.endpoint, (s3.key[0], "x")).failure
    assert (failure.code, failure.pointer) == ("credential-rejected", "/credential/secret_key")


@pytest.mark.parametrize("folder", ["", "a b/ü/%SEGMENT_ID%", "plus+and&more=~*'()/x", "/leading//double/"])
def test_an_object_is_written_and_removed(s3, folder):
    report = attempt(s3, folder=folder)
    assert list(verdicts(report))[-4:] == ["authenticate", "authorise", "write", "clean_up"]
    assert report.outcome.value == "passed", report
    assert s3.objects() == []


def test_a_missing_bucket_is_the_parameters_fault(s3):
    failure = attempt(s3, "there-is-none").failure
    assert (failure.name, failure.code, failure.kind) == ("authorise", "bucket-missing", "parameters")
    assert failure.pointer == "/fields/bucket_name"


def test_a_key_that_may_not_write_is_told_which_permission_it_lacks(s3):
    failure = attempt(s3, key=s3.reader).failure
    assert (failure.name, failure.code, failure.kind) == ("write", "write-refused", "parameters")
    assert "s3:PutObject" in failure.message


@pytest.mark.parametrize("bucket", ["", "a", "UPPER", "a/b", "a..b", "../x", "x" * 64, "bücket", "a b", "a?b", "a#b"])
def test_a_name_that_no_bucket_has_is_refused_before_anything_is_sent(s3, bucket):
    report = attempt(s3, bucket)
    assert (report.failure.code, report.failure.pointer) == ("bucket-malformed", "/fields/bucket_name")


@pytest.mark.parametrize(
    "given",
    [
        {"access_key": " AKIA"},
        {"access_key": "AKIA\u200b"},
        {"secret_key": ""},
        {"secret_key": "a\nb"},
        {"secret_key": "a\x00b"},
    ],
)
def test_a_malformed_key_is_told_and_points_to_its_field(s3, given):
    report = probe("s3", "s3-access-key", credential(s3.endpoint, s3.key) | given)
    assert report.failure.code == "credential-malformed"
    assert report.failure.pointer == f"/credential/{next(iter(given))}"


@pytest.mark.parametrize("region", ["EU", "eu-west-1.evil.example/", "a b", "eu-west-1#", "@evil"])
def test_a_region_cannot_change_the_host(region):
    report = probe("s3", "s3-access-key", {"access_key": "AKIA", "secret_key": "x", "region": region})
    assert (report.failure.code, report.failure.pointer) == ("region-malformed", "/credential/region")


def test_a_bucket_in_another_region_names_the_region():
    there = xml(301, "PermanentRedirect", "x-amz-bucket-region: eu-central-1")
    with answering(there) as peer:
        parameters = {"bucket_name": "landing"}
        failure = probe("s3", "s3-access-key", credential(peer.url, ("AKIA", "x")), parameters).failure
    assert (failure.code, failure.kind, failure.pointer) == ("other-region", "parameters", "/credential/region")
    assert "eu-central-1" in failure.message
    assert "eu-central-1" in failure.fix


def test_a_key_used_in_another_region_names_the_region():
    with answering(xml(400, "AuthorizationHeaderMalformed", region="eu-west-3")) as peer:
        failure = sign_in(peer.url).failure
    assert (failure.code, "eu-west-3" in failure.fix) == ("other-region", True)


def test_a_clock_that_s3_refuses_is_ours_to_mend():
    with answering(xml(403, "RequestTimeTooSkewed", "date: Wed, 01 Jan 2020 00:00:00 GMT")) as peer:
        failure = sign_in(peer.url).failure
    assert (failure.code, failure.kind) == ("clock-skewed", "configuration")
    assert " s" in failure.message


@pytest.mark.parametrize(
    ("said", "code", "kind"),
    [
        (xml(403, "ExpiredToken"), "credential-expired", "credential"),
        (xml(503, "SlowDown"), "throttled", "unreachable"),
        (xml(503, "ServiceUnavailable"), "throttled", "unreachable"),
        (xml(429, "TooManyRequests"), "throttled", "unreachable"),
        (xml(500, "InternalError"), "s3-fails", "unreachable"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "protocol-error", "unreachable"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "protocol-error", "unreachable"),
        (b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n", "protocol-error", ""),
    ],
)
@pytest.mark.parametrize("parameters", [None, {"bucket_name": "landing"}])
def test_what_else_may_be_answered_is_told_apart(said, code, kind, parameters):
    with answering(said) as peer:
        failure = probe("s3", "s3-access-key", credential(peer.url, ("AKIA", "x")), parameters).failure
    if said.startswith(b"HTTP/1.1 302") and parameters:
        code = "protocol-error"
    assert failure.code == code
    assert failure.kind == (kind or "unreachable")


def test_s3_that_slows_us_down_says_when_to_come_back():
    with answering(xml(503, "SlowDown", "retry-after: 7")) as peer:
        failure = sign_in(peer.url).failure
    assert failure.message == "S3 answered 503 SlowDown: it asks us to come back later, in 7 s"


def test_s3_that_slows_down_a_write_is_busy_and_not_something_else():
    listing = "<ListBucketResult></ListBucketResult>"
    good = f"HTTP/1.1 200 OK\r\ncontent-length: {len(listing)}\r\n\r\n{listing}".encode()

    async def behave(reader, writer, running):
        line = await reader.readline()
        writer.write(good if line.startswith(b"GET") else xml(503, "SlowDown"))
        await writer.drain()

    with peer(behave) as server:
        given = credential(server.url, ("AKIA", "x"))
        failure = probe("s3", "s3-access-key", given, {"bucket_name": "landing", "folder_path": ""}).failure
    assert (failure.name, failure.code, failure.kind) == ("write", "throttled", "unreachable")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://169.254.169.254/",
        "https://10.0.0.1",
        "http://[::1]:9000",
        "http://[fd00:ec2::254]/",
        "http://localhost:9000",
    ],
)
def test_an_internal_endpoint_is_refused(endpoint):
    report = probe("s3", "s3-access-key", credential(endpoint, ("AKIA", "x")), allow=())
    assert (report.failure.code, report.failure.kind) == ("address-refused", "configuration")
    assert report.failure.pointer == "/credential/endpoint"


def test_plain_http_is_refused_for_a_public_address():
    report = probe("s3", "s3-access-key", credential("http://192.42.116.1", ("AKIA", "x")))
    assert report.failure.code == "plain-http-refused"


def test_amazon_is_spoken_to_at_the_buckets_own_host_but_for_dots():
    def host(bucket, region=""):
        return S3Client(Door(), S3Key("AKIA", Secret("x")), region=region).base(bucket).authority

    assert host("landing") == "landing.s3.us-east-1.amazonaws.com"
    assert host("land.ing", "eu-west-1") == "s3.eu-west-1.amazonaws.com"
    assert host("landing", "cn-north-1") == "landing.s3.cn-north-1.amazonaws.com.cn"


def test_a_signature_is_the_one_that_the_aws_library_makes():
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    moment = datetime.now(UTC)
    ours = signed_headers(
        "GET", "b.example", "/a%20b/%C3%BC", "list-type=2&prefix=x%2F", b"", key="AKIA", secret=Secret("s"),
        region="eu-west-1", now=moment, token=Secret("t"),
    )  # fmt: skip
    signer = S3SigV4Auth(Credentials("AKIA", "s", "t"), "s3", "eu-west-1")
    request = AWSRequest("GET", "https://b.example/a%20b/%C3%BC?list-type=2&prefix=x%2F", headers={"host": "b.example"})
    signer.add_auth(request)
    theirs = request.headers
    again = signed_headers(
        "GET", "b.example", "/a%20b/%C3%BC", "list-type=2&prefix=x%2F", b"", key="AKIA", secret=Secret("s"),
        region="eu-west-1", token=Secret("t"),
        now=datetime.strptime(theirs["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )  # fmt: skip
    assert again["authorization"] == theirs["Authorization"]
    assert set(ours) == {name.lower() for name in theirs}


def test_a_request_of_yesterday_is_signed_for_yesterday(s3):
    clock = FixedClock(datetime.now(UTC) - timedelta(days=1))
    client = S3Client(Door(["127.0.0.0/8"]), S3Key(s3.key[0], Secret(s3.key[1])), endpoint=s3.endpoint, clock=clock)
    assert asyncio.run(client.list_buckets()).status in (200, 403)
