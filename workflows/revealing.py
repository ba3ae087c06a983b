"""Names of headers and query parameters whose values prove something, and would stand readable in the history."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PROVES = frozenset(
    {"apikey", "auth", "authentication", "authorisation", "authorization", "bearer", "cookie", "cookie2", "cookies"}
    | {"credential", "credentials", "jwt", "oauth", "pass", "passphrase", "passwd", "password", "pwd", "secret"}
    | {"secrets", "session", "sessionid", "sid", "sig", "signature", "token"}
)
_ENDINGS: tuple[str, ...] = (
    *("token", "secret", "password", "passwd", "signature", "sessionid", "sessid"),
    *("apikey", "accesskey", "privatekey", "secretkey", "subscriptionkey", "functionskey", "authkey"),
)
_KEYS_OF = frozenset(
    {"access", "account", "admin", "api", "app", "application", "auth", "client", "encryption", "function", "functions"}
    | {"hmac", "host", "license", "licence", "master", "private", "secret", "service", "shared", "signing"}
    | {"ssh", "storage", "subscription", "write"}
)
"""Whose key it is makes it one that opens something; a partition key or a sort key opens nothing."""

ADVICE = "names something that proves who calls: use the account's credential instead, which is never shown"


def proves_something(name: str) -> bool:
    """Tell whether a name, percent-encoded or not, is one of a token, a key, a password, a signature or a session."""
    words = [word.lower() for word in _WORDS.findall(unquote_plus(name))]
    if words and words[0] == "x":
        words = words[1:]
    if any(word in _PROVES or word.endswith(_ENDINGS) for word in words):
        return True
    joined = "".join(words)
    return joined == "key" or joined.endswith(_ENDINGS) or any(map(_opens, words, words[1:]))


def _opens(owner: str, word: str) -> bool:
    return word in ("key", "keys") and owner in _KEYS_OF


def proving_pair(query: str) -> int | None:
    """Return the number of the first pair of a query whose name proves something, None if there is none."""
    return first_proving(pair.partition("=")[0] for pair in re.split("[&;]", query))


def first_proving(names: Iterable[str]) -> int | None:
    """Return the number, from 1 on, of the first name that proves something, None if there is none."""
    return next((number for number, name in enumerate(names, start=1) if proves_something(name)), None)
