"""Choices out of a REST interface: one GET through the door, with the account's credential, answered by a list."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from adapters.destinations.answered_list import choices_in
from adapters.destinations.attempt import Attempt
from adapters.destinations.busy import later
from adapters.destinations.checks import CheckFailed
from adapters.egress import Url, parse_host, parse_url
from engine.secret import Secret
from workflows.catalog import DestinationSpec, Variant
from workflows.fields import Field, OptionsRequest
from workflows.options import OptionsAnswer

MOST_BYTES = 2 * 1024 * 1024
_LONGEST_VALUE = 1024
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_NAMED = re.compile(r"\{([a-z0-9_]+)\}")
_FIX = "try the account, re-authorise it if it lapsed, and see whether it may list this at the destination"


async def ask(attempt: Attempt, spec: DestinationSpec, field: Field) -> OptionsAnswer:
    """Return the choices that the destination answers; raises CheckFailed or DoorError for what stands in the way."""
    request = field.options.request if field.options else None
    if request is None:
        return OptionsAnswer.unsupported(f"{spec.name} does not say how it is asked for this list")
    variant = spec.variant(attempt.variant)
    headers = _credential(attempt, variant, request)
    if headers is None:
        return OptionsAnswer.unsupported(f"this release cannot ask for lists with {variant.title}")
    host = _host(attempt, spec, variant)
    if host is None:
        return OptionsAnswer.unsupported(f"{spec.name} does not say which host is asked for this list")
    url = _address(host, attempt, request)
    answer = await attempt.door.request("GET", url, headers={"Accept": "application/json", **headers}, limit=MOST_BYTES)
    _judge(answer.status, answer.headers)
    return choices_in(answer.body, request, field)


def _credential(attempt: Attempt, variant: Variant, request: OptionsRequest) -> dict[str, str] | None:
    """Return the headers that prove who asks; None when this way to sign in cannot be put into headers."""
    secrets = [field.name for field in variant.fields if field.secret]
    if variant.kind == "none":
        return {}
    if variant.kind != "credential" or variant.type not in ("bearer", "basic", "api-key") or len(secrets) != 1:
        return None
    secret = attempt.secret(secrets[0])
    if variant.type == "basic":
        return _basic(attempt, variant, secret)
    if not _VISIBLE.fullmatch(secret.reveal()):
        what = "the credential is empty, or holds a blank, a line break or a character beyond ASCII"
        raise CheckFailed("credential-malformed", what, kind="credential", fix="re-authorise the account")
    if variant.type == "bearer":
        return {"Authorization": f"Bearer {secret.reveal()}"}
    return {request.key_header: secret.reveal()}


def _basic(attempt: Attempt, variant: Variant, password: Secret) -> dict[str, str] | None:
    names = [field.name for field in variant.fields if not field.secret and not _is_host(field)]
    if not names:
        return None
    user = attempt.given("username" if "username" in names else names[0])
    if ":" in user:
        what, fix = "a user name with a colon cannot be sent", "re-authorise the account"
        raise CheckFailed("credential-malformed", what, kind="credential", fix=fix)
    return {"Authorization": f"Basic {b64encode(f'{user}:{password.reveal()}'.encode()).decode()}"}


def _is_host(field: Field) -> bool:
    return field.host or field.format in ("url", "host")


def _host(attempt: Attempt, spec: DestinationSpec, variant: Variant) -> Url | None:
    """Return where the credential goes: a host that the credential itself names, else the one of the parameters."""
    own = next((field for field in variant.fields if _is_host(field) and not field.secret), None)
    named = own or spec.host_field
    if named is None:
        return None
    text = attempt.given(named.name) if own else attempt.parameter(named.name)
    if not text:
        raise CheckFailed("host-missing", "there is no host yet", kind="parameters", fix=f"fill in {named.title}")
    if "://" in text:
        return parse_url(text)
    host = parse_host(text)
    return parse_url(f"https://[{host}]" if ":" in host else f"https://{host}")


def _address(host: Url, attempt: Attempt, request: OptionsRequest) -> str:
    """Return the address: the host's own path and the request's, which no value can leave."""
    path = _NAMED.sub(lambda found: _segment(_value(attempt, found[1])), request.path)
    pairs = {name: _value(attempt, field) for name, field in request.query.items()}
    query = urlencode({name: value for name, value in pairs.items() if value}, quote_via=quote)
    url = f"{host.scheme}://{host.authority}{host.target.partition('?')[0].rstrip('/')}/{path.lstrip('/')}"
    return f"{url}{'&' if '?' in path else '?'}{query}" if query else url


def _segment(value: str) -> str:
    if value in ("", ".", ".."):
        what, fix = "a field that is part of the address holds nothing that can be", "correct the fields it depends on"
        raise CheckFailed("parameters-malformed", what, kind="parameters", fix=fix)
    return quote(value, safe="")


def _value(attempt: Attempt, name: str) -> str:
    """Return a field's value as it goes into an address; an open part of the credential where the form has none."""
    value = (attempt.parameters or {}).get(name)
    text = attempt.given(name) if value is None else _text(value)
    if len(text) > _LONGEST_VALUE or any("\ud800" <= character <= "\udfff" for character in text):
        what, fix = "a field that is part of the question cannot be sent", "correct the fields it depends on"
        raise CheckFailed("parameters-malformed", what, kind="parameters", fix=fix)
    return text


def _text(value: Any) -> str:
    match value:
        case Secret():
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ",".join(map(_text, value))
    return str(value)


def _judge(status: int, headers: Mapping[str, str]) -> None:
    answered = f"the destination answered {status}"
    if 200 <= status < 300:
        return
    if status in (401, 403):
        code, what = "credential-rejected", f"the destination refused the account's credential (it answered {status})"
        raise CheckFailed(code, what, kind="credential", fix=_FIX)
    if 300 <= status < 400:
        what, fix = f"{answered}, a redirect; a credential is never sent on", "give the host that answers itself"
        raise CheckFailed("redirected", what, kind="parameters", fix=fix)
    if status == 429 or status >= 500:
        busy = status == 429 or (status == 503 and "retry-after" in headers)
        what = f"{answered}: it {later(headers)}" if busy else answered
        raise CheckFailed("busy" if busy else "destination-fails", what, kind="unreachable", fix="try again later")
    if status in (404, 410):
        what, fix = f"{answered}: it has no such list", "see that the fields it depends on are right"
        raise CheckFailed("list-not-found", what, kind="parameters", fix=fix)
    what, fix = f"{answered} to the question for this list", "see that the fields it depends on are right"
    raise CheckFailed("list-refused", what, kind="parameters", fix=fix)
