"""Speech: what the API says in addresses and headers, in the words of the command line."""

_WORDS = (
    ("send If-Match with the ETag of the last answer", "say --if-match and the etag that `show` prints"),
    ("send the ETag of the last answer", "say --if-match and the etag that `show` prints"),
    ("POST /v1/probes", "interlock probe"),
    ("POST /v1/audit/verify", "interlock audit verify"),
    ("GET /v1/catalog lists them", "interlock catalog list shows them"),
    ("GET /v1/catalog", "interlock catalog list"),
    ("GET /v1/connections", "interlock connections list"),
    ("GET /v1/accounts", "interlock accounts list"),
    ("GET .../actions", "interlock connections actions ID"),
    ("GET /v1/projections", "interlock projections status"),
    ("GET /readyz", "interlock projections status"),
    ("see /v1/openapi.json for every address", "interlock --help shows what is possible"),
    ("see /v1/openapi.json", "interlock --help shows what is possible"),
    ("/Idempotency-Key", "--key"),
    ("Idempotency-Key", "--key"),
    ("/If-Match", "--if-match"),
    ("If-Match", "--if-match"),
    ("/X-Sandbox", "--sandbox"),
    ("/as_of", "--as-of"),
)
"""What is said, and what somebody types instead; whole sentences before their parts."""


def in_commands(text: str) -> str:
    """Return *text* with addresses and headers as the commands and options that stand for them."""
    for said, typed in _WORDS:
        text = text.replace(said, typed)
    return text
