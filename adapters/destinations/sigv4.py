"""AWS Signature Version 4 for S3: the headers that prove who sends a request."""

import hmac
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from engine.secret import Secret


def signed_headers(
    method: str, host: str, path: str, query: str, content: bytes, *,
    key: str, secret: Secret, region: str, now: datetime, token: Secret | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return the headers to send; *path* and *query* are encoded already, the query's parameters in order."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    headers = {"host": host, "x-amz-content-sha256": sha256(content).hexdigest(), "x-amz-date": moment}
    if token:
        headers["x-amz-security-token"] = token.reveal()
    names = ";".join(sorted(headers))
    canonical = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join((method, path, query, canonical, names, headers["x-amz-content-sha256"]))
    to_sign = "\n".join(("AWS4-HMAC-SHA256", moment, scope, sha256(request.encode()).hexdigest()))
    signing = f"AWS4{secret.reveal()}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    signature = hmac.new(signing, to_sign.encode(), sha256).hexdigest()
    proof = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": proof}


def encoded_path(*parts: str) -> str:
    """Join parts to a path in the one encoding that S3 signs."""
    return "/" + "/".join(quote(part, safe="-_.~") for part in parts)
