"""A landing zone in a bucket: the installation's own key and endpoint, from the environment that AWS tools read."""

import os

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import CheckFailed, Checks
from adapters.destinations.folders import folder_parts
from adapters.destinations.s3 import check_bucket, check_key
from adapters.destinations.s3_client import S3Client, S3Key
from engine.secret import Secret


async def probe_bucket(attempt: Attempt, zone: str, checks: Checks) -> None:
    """Prove the installation's key; with parameters, write an object under the zone's prefix and remove it."""
    checks.plan = ("resolve", "connect", "tls", "authenticate")
    if attempt.parameters is not None:
        checks.plan = (*checks.plan, "authorise", "write", "clean_up")
    bucket, _, prefix = zone.removeprefix("s3://").partition("/")
    access_key, secret_key, token = (
        os.environ.get(f"AWS_{name}", "") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
    )
    if not access_key or not secret_key:
        what = "the installation has no key for its landing zone"
        raise _ours("zone-key-missing", what, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    key = S3Key(access_key, Secret(secret_key), Secret(token) if token else None)
    region = os.environ.get("AWS_REGION", "") or os.environ.get("AWS_DEFAULT_REGION", "")
    try:
        client = S3Client(attempt.door, key, region=region, endpoint=os.environ.get("AWS_ENDPOINT_URL", ""))
    except ValueError:
        raise _ours("region-malformed", "AWS_REGION is no region", "set AWS_REGION to one like eu-west-1") from None
    try:
        if attempt.parameters is None:
            await check_key(client, key, checks)
        else:
            folder = (*folder_parts(prefix), *folder_parts(attempt.parameter("folder_path")))
            await check_bucket(client, key, bucket, folder, checks)
    except CheckFailed as error:
        # Nobody who connects can mend the installation's own key or bucket.
        if error.code == "folder-refused":
            raise
        raise _ours(error.code, str(error), f"an operator must see to it: {error.fix}") from None
    finally:
        checks.principal = ""


def _ours(code: str, what: str, fix: str) -> CheckFailed:
    return CheckFailed(code, what, kind="configuration", fix=fix)
