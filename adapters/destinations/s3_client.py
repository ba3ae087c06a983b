"""S3Client: the few calls of S3 that probes and lists need, each one request through the door."""

import re
from contextlib import nullcontext
from dataclasses import dataclass
from urllib.parse import quote

from adapters.destinations.busy import later
from adapters.destinations.sigv4 import encoded_path, signed_headers
from adapters.egress import Door, DoorResponse, Stage, Url, parse_url
from engine.clock import Clock
from engine.secret import Secret

_REGION = re.compile(r"[a-z]{2}(-[a-z0-9]+){1,4}")
_CODE = re.compile(rb"<Code>([A-Za-z0-9]{1,64})</Code>")
_NAMED_REGION = re.compile(rb"<Region>([a-z0-9-]{1,32})</Region>")
_BUCKET = re.compile(rb"<Name>([A-Za-z0-9._-]{1,255})</Name>")
_LIMIT = 4 * 1024 * 1024  # not every service keeps to max-buckets, and an account may have 10,000
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Key:
    """What signs: an access key, its secret, and for temporary keys a session token."""

    access_key: str
    secret_key: Secret
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class S3Answer:
    """An answer of S3. `code` is its own error code (`NoSuchBucket`), empty when it went well or gave none.

    `listing` says that it is a list of buckets or objects, which only an S3 service gives;
    `later` is what it asks for when it is busy. `names` are the buckets of a list of buckets, `more` if it goes on.
    """

    status: int
    code: str
    region: str
    date: str
    listing: bool
    later: str
    names: tuple[str, ...] = ()
    more: bool = False

    @classmethod
    def of(cls, response: DoorResponse) -> "S3Answer":
        """Read status, code and region; the XML is searched, never parsed: it comes from anywhere."""
        code = _CODE.search(response.body)
        named = _NAMED_REGION.search(response.body)
        region = response.headers.get("x-amz-bucket-region", "") or (named[1].decode() if named else "")
        ok = response.status < 300
        listing = ok and re.search(rb"<(ListAllMyBuckets|ListBucket)Result[\s>]", response.body) is not None
        shown = region if _REGION.fullmatch(region) else ""
        text = "" if ok or code is None else code[1].decode()
        names = tuple(name.decode() for name in _BUCKET.findall(response.body)) if listing else ()
        more = listing and b"<ContinuationToken>" in response.body
        date, asked = response.headers.get("date", ""), later(response.headers)
        return cls(response.status, text, shown, date, listing, asked, names, more)


class S3Client:
    """Speaks to S3 itself, or to *endpoint*, where buckets are part of the path."""

    def __init__(
        self, door: Door, key: S3Key, *, region: str = "", endpoint: str = "", clock: Clock | None = None
    ) -> None:
        """Raises ValueError for a region that is none, DoorRefused for an endpoint that is no plain URL."""
        self.region = region or DEFAULT_REGION
        if not _REGION.fullmatch(self.region) and not (endpoint and re.fullmatch(r"[a-z0-9-]{1,32}", self.region)):
            raise ValueError("no region")
        self._door, self._key, self._clock = door, key, clock or Clock()
        self._endpoint: Url | None = parse_url(endpoint.rstrip("/")) if endpoint else None

    def base(self, bucket: str = "") -> Url:
        """Return the address that requests about *bucket* go to, without a path."""
        if self._endpoint is not None:
            return self._endpoint
        host = f"s3.{self.region}.amazonaws.com" + (".cn" if self.region.startswith("cn-") else "")
        # The certificate covers one label before the host: a bucket with dots stays in the path.
        return parse_url(f"https://{bucket}.{host}" if self._is_host(bucket) else f"https://{host}")

    async def list_buckets(self, stage: Stage = nullcontext, *, most: int = 1) -> S3Answer:
        """Ask which buckets there are, *most* of them: any answer but a refused signature proves the key."""
        return await self._send("GET", (), query=f"max-buckets={most}", stage=stage)

    async def look(self, bucket: str, prefix: str, stage: Stage = nullcontext) -> S3Answer:
        """List at most one object under *prefix*."""
        query = f"list-type=2&max-keys=1&prefix={quote(prefix, safe='-_.~')}"
        return await self._send("GET", (bucket,), query=query, stage=stage)

    async def put(self, bucket: str, key: str, content: bytes) -> S3Answer:
        """Write an object."""
        return await self._send("PUT", (bucket, *key.split("/")), content=content)

    async def delete(self, bucket: str, key: str) -> S3Answer:
        """Remove an object."""
        return await self._send("DELETE", (bucket, *key.split("/")))

    def _is_host(self, bucket: str) -> bool:
        return self._endpoint is None and bool(bucket) and "." not in bucket

    async def _send(
        self, method: str, parts: tuple[str, ...], *, query: str = "", content: bytes = b"", stage: Stage = nullcontext
    ) -> S3Answer:
        bucket = parts[0] if parts else ""
        base = self.base(bucket)
        path = base.target.partition("?")[0].rstrip("/")
        rest = parts[1:] if self._is_host(bucket) else parts
        path += encoded_path(*rest) if rest else "/"
        headers = signed_headers(
            method, base.authority, path, query, content, key=self._key.access_key, secret=self._key.secret_key,
            region=self.region, now=self._clock.now(), token=self._key.token,
        )  # fmt: skip
        url = f"{base.scheme}://{base.authority}{path}" + (f"?{query}" if query else "")
        answer = await self._door.request(method, url, headers=headers, content=content, stage=stage, limit=_LIMIT)
        return S3Answer.of(answer)
