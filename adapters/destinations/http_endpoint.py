"""HTTP endpoints: whether one is there, takes our credential, and answers a POST in time.

The probe posts an empty JSON array with the header `X-Interlock-Probe: 1`: an empty batch asks for what a delivery asks
for (the method, the headers, the credential), and carries no profile that a receiver could mistake for data.
"""

import re
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from adapters.destinations.attempt import Attempt
from adapters.destinations.busy import later
from adapters.destinations.checks import CheckFailed, Checks
from adapters.egress import AnswerTooLarge, parse_url
from engine.secret import MASK
from workflows.probe import CheckStatus

POINTER = "/fields/http_endpoint"
SLOW_SECONDS = 2.0
"""Within this time an endpoint must answer a delivery."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_OURS = frozenset(
    ("accept-encoding", "connection", "content-length", "cookie", "expect", "host", "keep-alive", "te", "trailer")
) | {"transfer-encoding", "upgrade"}


async def probe(attempt: Attempt, checks: Checks) -> None:
    """Post an empty batch to the endpoint; without parameters there is no host yet, and nothing can be tried."""
    if attempt.variant not in ("none", "bearer"):
        what = "signing in by this variant is not part of this release: nothing was tried"
        checks.add("authenticate", CheckStatus.NOT_TESTABLE, "variant-not-supported", what)
        return
    if attempt.parameters is None:
        what = "only the parameters name the host: the credential is tried when they are set"
        checks.add("authenticate", CheckStatus.NOT_TESTABLE, "host-not-known", what)
        return
    url = _with_query(attempt.parameter("http_endpoint"), attempt.parameter("query_parameters"))
    checks.host_pointer = POINTER
    checks.plan = ("resolve", "connect", "tls", "authenticate", "write")
    target = parse_url(url)
    checks.plan = [name for name in checks.plan if name != "tls" or target.scheme == "https"]
    headers = _headers(attempt.parameter("headers"))
    checks.tried = f"POST {target.shown}"
    if attempt.variant == "bearer":
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        headers["Authorization"] = f"Bearer {_token(attempt)}"
        checks.tried += f" with Authorization: Bearer {MASK}"
    started = time.perf_counter()
    own = {"Content-Type": "application/json", "X-Interlock-Probe": "1"}
    with checks.making("authenticate"):
        status, answered = await _post(attempt, url, headers | own, checks)
        seconds = time.perf_counter() - started
        _judge_credential(attempt, status)
        if not 200 <= status < 300:
            what = f"it answered {status}, which says nothing about the credential"
            checks.add("authenticate", CheckStatus.NOT_TESTABLE, "credential-not-judged", what)
        elif attempt.variant != "bearer":
            checks.add("authenticate", CheckStatus.PASSED, "passed", "the endpoint asks for no credential")
    with checks.making("write"):
        _judge_endpoint(checks, status, answered, seconds)


async def _post(attempt: Attempt, url: str, headers: dict[str, str], checks: Checks) -> tuple[int, Mapping[str, str]]:
    """Return status and headers of the answer; a long page that says no says it by its status, too."""
    try:
        answer = await attempt.door.request("POST", url, headers=headers, content=b"[]", stage=checks.stage)
    except AnswerTooLarge as error:
        if error.status < 300:
            raise
        return error.status, error.headers
    return answer.status, answer.headers


def _judge_credential(attempt: Attempt, status: int) -> None:
    if status not in (401, 403):
        return
    if attempt.variant == "bearer":
        what, fix = f"the endpoint refused the bearer token (it answered {status})", "send a token that it accepts"
        raise CheckFailed("credential-rejected", what, kind="credential", fix=fix, pointer="/credential/bearer_token")
    what, fix = f"the endpoint asks for a credential (it answered {status})", "sign in with the variant bearer"
    raise CheckFailed("credential-required", what, kind="credential", fix=fix, pointer="/variant")


def _judge_endpoint(checks: Checks, status: int, headers: Mapping[str, str], seconds: float) -> None:
    answered = f"the endpoint answered {status}"
    if 300 <= status < 400:
        what, fix = f"{answered}, a redirect; a credential is never sent on", "give the address it redirects to"
        raise CheckFailed("redirected", what, kind="parameters", fix=fix, pointer=POINTER)
    if status in (404, 405, 410):
        code = {404: "not-found", 405: "method-refused", 410: "gone"}[status]
        fix = "give the address that takes POST requests"
        raise CheckFailed(code, answered, kind="parameters", fix=fix, pointer=POINTER)
    if status == 429:
        what, fix = f"{answered}: it {later(headers)}", "try again later"
        raise CheckFailed("busy", what, kind="unreachable", fix=fix, pointer=POINTER)
    if status >= 500:
        what = f"{answered}: it {later(headers)}" if status == 503 and "retry-after" in headers else answered
        fix = "try again later, or see the endpoint's own log"
        raise CheckFailed("endpoint-fails", what, kind="unreachable", fix=fix, pointer=POINTER)
    if status >= 400:
        what = f"{answered} to an empty batch: it is there, but whether it takes deliveries is not known"
        checks.add("write", CheckStatus.WARNING, "probe-refused", what, fix="see that it takes JSON arrays by POST")
    elif not 200 <= status < 300:
        raise CheckFailed("protocol-error", answered, kind="unreachable", pointer=POINTER)
    elif seconds > SLOW_SECONDS:
        what = f"it took {seconds:.1f} s; a delivery must be answered within {SLOW_SECONDS:g} s"
        checks.add("write", CheckStatus.WARNING, "slow-answer", what, fix="answer first, work afterwards")


def _token(attempt: Attempt) -> str:
    token = attempt.secret("bearer_token").reveal()
    if not _TOKEN.fullmatch(token):
        what = "the token is empty, or holds a blank, a line break or a character beyond ASCII"
        fix = "send the token itself, without quotes and line breaks"
        raise CheckFailed("credential-malformed", what, kind="credential", fix=fix, pointer="/credential/bearer_token")
    return token


def _headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else ():
        name, colon, value = (part.strip() for part in pair.partition(":"))
        if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise _wrong("headers", "is no list like header1:value1,header2:value2")
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            raise _wrong("headers", "names a header that belongs to the connection itself")
        if name.lower() in (known.lower() for known in headers):
            raise _wrong("headers", "names a header twice")
        headers[name] = value
    return headers


def _with_query(url: str, query: str) -> str:
    if not query.strip():
        return url
    pairs = parse_qsl(query.strip(), keep_blank_values=True, max_num_fields=100)
    if not pairs:
        raise _wrong("query_parameters", "is no list like parameter1=value&parameter2=value")
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}"


def _wrong(field: str, what: str) -> CheckFailed:
    return CheckFailed("parameters-malformed", what, kind="parameters", fix="correct it", pointer=f"/fields/{field}")
