"""Amazon S3 and what speaks like it: whether the key is known, the bucket is there, and objects come and go."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import CheckFailed, Checks
from adapters.destinations.folders import POINTER, PROBE_CONTENT, folder_parts, probe_name
from adapters.destinations.s3_client import S3Answer, S3Client, S3Key
from engine.clock import Clock
from workflows.probe import CheckStatus

BUCKET = "/fields/bucket_name"
_KEY = re.compile(r"[\x21-\x7e]+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REJECTED = {
    "InvalidAccessKeyId": ("credential-rejected", "S3 does not know this access key", "/credential/access_key"),
    "SignatureDoesNotMatch": (
        "credential-rejected",
        "the secret key is not the access key's",
        "/credential/secret_key",
    ),
    "ExpiredToken": ("credential-expired", "the temporary key has expired", "/credential/access_key"),
    "InvalidToken": ("credential-rejected", "S3 does not accept the session token", "/credential/access_key"),
    "AccountProblem": ("credential-rejected", "there is a problem with the AWS account", "/credential/access_key"),
    "NotSignedUp": ("credential-rejected", "the account is not signed up for S3", "/credential/access_key"),
}
_REGIONS = {
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "TemporaryRedirect",
    "IllegalLocationConstraintException",
}


async def probe(attempt: Attempt, checks: Checks) -> None:
    """Prove the key by a signed call; with parameters, look at the bucket and write and remove an object."""
    checks.plan = ("resolve", "connect", "tls", "authenticate")
    if attempt.parameters is not None:
        checks.plan = (*checks.plan, "authorise", "write", "clean_up")
    checks.host_pointer = "/credential/endpoint"
    if attempt.variant != "s3-access-key":
        checks.plan = ()
        what = "signing in by this variant is not part of this release: nothing was tried"
        checks.add("authenticate", CheckStatus.NOT_TESTABLE, "variant-not-supported", what)
        return
    client, key = client_of(attempt)
    if attempt.parameters is None:
        await check_key(client, key, checks)
        return
    bucket = attempt.parameter("bucket_name")
    await check_bucket(client, key, bucket, folder_parts(attempt.parameter("folder_path")), checks)


def client_of(attempt: Attempt) -> tuple[S3Client, S3Key]:
    """Return who speaks with the key of an attempt, and the key; raises CheckFailed for one that can be none."""
    key = S3Key(_checked(attempt.given("access_key"), "access_key"), attempt.secret("secret_key"))
    _checked(key.secret_key.reveal(), "secret_key")
    try:
        return S3Client(attempt.door, key, region=attempt.given("region"), endpoint=attempt.given("endpoint")), key
    except ValueError:
        fix = "send a region like eu-west-1"
        raise CheckFailed(
            "region-malformed", "is no region", kind="parameters", fix=fix, pointer="/credential/region"
        ) from None


async def check_key(client: S3Client, key: S3Key, checks: Checks) -> None:
    """Prove the key without a bucket; raises CheckFailed when S3 refuses it."""
    _plan_tls(client, "", checks)
    checks.tried = f"ListBuckets at {client.base().shown} with access key {key.access_key}"
    with checks.making("authenticate"):
        answer = await client.list_buckets(checks.stage)
        judge_key(answer)
        if answer.code in ("AccessDenied", "AllAccessDisabled"):
            what = "S3 knows this key, which may not list buckets: that is fine, the bucket is named later"
            checks.add("authenticate", CheckStatus.WARNING, "cannot-list", what)
        else:
            judge_region(answer, client)
            if not answer.listing:
                raise odd(answer)
    checks.principal = key.access_key


async def check_bucket(client: S3Client, key: S3Key, bucket: str, folder: tuple[str, ...], checks: Checks) -> None:
    """Prove key and bucket, write an object in the folder and remove it; raises CheckFailed at the first refusal."""
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        fix = "3 to 63 lower-case letters, digits, hyphens or dots"
        raise CheckFailed("bucket-malformed", "is no bucket name", kind="parameters", fix=fix, pointer=BUCKET)
    _plan_tls(client, bucket, checks)
    prefix = "".join(f"{part}/" for part in folder)
    checks.tried = f"ListObjectsV2 of s3://{bucket}/{prefix} with access key {key.access_key}"
    with checks.making("authenticate"):
        answer = await client.look(bucket, prefix, checks.stage)
        judge_key(answer)
        if not answer.code and not answer.listing:
            raise odd(answer)
    checks.principal = key.access_key
    with checks.making("authorise", pointer=BUCKET):
        _judge_bucket(answer, client, checks)
    name = prefix + probe_name()
    checks.tried = f"PutObject s3://{bucket}/{name}"
    with checks.making("write", pointer=POINTER):
        _judge_object(await client.put(bucket, name, PROBE_CONTENT), "s3:PutObject", "write")
    checks.tried = f"DeleteObject s3://{bucket}/{name}"
    with checks.making("clean_up", pointer=POINTER):
        _judge_object(await client.delete(bucket, name), "s3:DeleteObject", "remove")


def _plan_tls(client: S3Client, bucket: str, checks: Checks) -> None:
    if client.base(bucket).scheme == "http":
        checks.plan = [name for name in checks.plan if name != "tls"]


def _checked(text: str, field: str) -> str:
    if _KEY.fullmatch(text):
        return text
    what = "is empty, or holds a blank, a line break or a character beyond ASCII"
    fix, pointer = "send it exactly as it was issued", f"/credential/{field}"
    raise CheckFailed("credential-malformed", what, kind="credential", fix=fix, pointer=pointer)


def judge_key(answer: S3Answer) -> None:
    """Raise CheckFailed where S3 refuses the key, our clock, or everybody."""
    if answer.code in _REJECTED:
        code, what, pointer = _REJECTED[answer.code]
        raise CheckFailed(code, what, kind="credential", fix="send a key that is active", pointer=pointer)
    if answer.code == "RequestTimeTooSkewed":
        what = f"S3 refused our clock{_skew(answer.date)}"
        fix = "set the clock of the machine that Interlock runs on (NTP)"
        raise CheckFailed("clock-skewed", what, kind="configuration", fix=fix)
    _judge_service(answer)


def _judge_service(answer: S3Answer) -> None:
    what, fix = f"S3 answered {answer.status} {answer.code}".strip(), "try again later"
    if answer.code == "SlowDown" or answer.status in (429, 503):
        raise CheckFailed("throttled", f"{what}: it {answer.later}", kind="unreachable", fix=fix)
    if answer.status >= 500:
        raise CheckFailed("s3-fails", what, kind="unreachable", fix=fix)


def judge_region(answer: S3Answer, client: S3Client) -> None:
    """Raise CheckFailed where S3 sends us to another region."""
    if answer.code in _REGIONS or answer.status in (301, 307, 308):
        where = f" ({answer.region})" if answer.region else ""
        what = f"this belongs to another region{where}, not to {client.region}"
        fix = f"send region {answer.region}" if answer.region else "send the region of the bucket"
        raise CheckFailed(
            "other-region", what, kind="parameters", fix=f"{fix} in the credential", pointer="/credential/region"
        )


def _judge_bucket(answer: S3Answer, client: S3Client, checks: Checks) -> None:
    judge_region(answer, client)
    if answer.code == "NoSuchBucket":
        fix = "correct the name, or create the bucket"
        raise CheckFailed("bucket-missing", "there is no such bucket", kind="parameters", fix=fix, pointer=BUCKET)
    if answer.code == "AccessDenied":
        what = "the key may not list this bucket (s3:ListBucket); whether it may write decides"
        checks.add("authorise", CheckStatus.WARNING, "cannot-list", what, fix="allow s3:ListBucket on the bucket")
    elif answer.status >= 300:
        raise odd(answer)


def _judge_object(answer: S3Answer, permission: str, verb: str) -> None:
    if answer.status < 300:
        return
    _judge_service(answer)
    if answer.status == 403:
        code, what = f"{verb}-refused", f"the key may not {verb} objects here ({permission})"
        fix = f"allow {permission} on the bucket and folder"
        raise CheckFailed(code, what, kind="parameters", fix=fix, pointer=POINTER)
    if answer.code == "NoSuchBucket":
        fix = "correct the name, or create the bucket"
        raise CheckFailed("bucket-missing", "there is no such bucket", kind="parameters", fix=fix, pointer=BUCKET)
    raise odd(answer)


def odd(answer: S3Answer) -> CheckFailed:
    """Return what to raise for an answer that S3 does not give."""
    what = f"this is not how S3 answers ({answer.status} {answer.code or 'without a code'})"
    fix = "see that the endpoint is the address of an S3 service"
    return CheckFailed("protocol-error", what, kind="unreachable", fix=fix, pointer="/credential/endpoint")


def _skew(date: str) -> str:
    try:
        theirs: datetime = parsedate_to_datetime(date)
        return f", which differs from its own by {abs((Clock().now() - theirs).total_seconds()):.0f} s"
    except (TypeError, ValueError):
        return ""
