"""What each code means to a caller of the API: its status, its title, and what mends it when the error does not say."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code: the HTTP status, what it means in one sentence, and what helps in general."""

    status: int
    title: str
    fix: str = ""


_AGAIN = "read it again and decide anew"
_CREDENTIAL = "correct the credential; the checks say what the destination answered"
_REACH = "see that the host answers from where Interlock runs, then send the same again"
_FIELDS = "correct the named fields"
_OPERATOR = "ask whoever runs this installation; GET /readyz says more"
_VERIFY = "POST /v1/audit/verify names the row"

MEANINGS: Mapping[str, Meaning] = {
    # The request itself
    "unauthenticated": Meaning(401, "The request proves nobody's identity", "send a good bearer token"),
    "body-refused": Meaning(400, "The body of the request cannot be taken", "send one JSON object"),
    "malformed-body": Meaning(400, "The body is not a JSON object that means one thing only", "send one JSON object"),
    "body-too-slow": Meaning(408, "The body did not arrive in time", "send it again, in one go"),
    "body-too-large": Meaning(413, "The body is longer than any command can be", "send less than 1 MiB"),
    "body-of-another-kind": Meaning(415, "The body is not plain JSON in UTF-8", "send application/json"),
    "malformed-request": Meaning(400, "The request cannot be understood", "see /v1/openapi.json"),
    "malformed-cursor": Meaning(400, "The cursor is not one that this list gave", "begin again without a cursor"),
    "no-such-address": Meaning(404, "There is nothing at this address", "see /v1/openapi.json for every address"),
    "method-not-allowed": Meaning(405, "This address does not take this method", "use one that Allow names"),
    "invalid": Meaning(422, "What was sent is not valid", _FIELDS),
    "unstorable": Meaning(422, "What was sent could not be stored and read back unchanged", _FIELDS),
    "not-found": Meaning(404, "There is nothing of that id here", "list what there is"),
    "sandbox-not-found": Meaning(404, "There is no such sandbox", "ask whoever manages sandboxes for the right name"),
    "forbidden": Meaning(403, "A permission is missing", "ask somebody who manages roles for the permission named"),
    # Versions and keys
    "stale-version": Meaning(412, "Somebody changed this since you read it", _AGAIN),
    "version-required": Meaning(428, "A change must say on which version it was decided", "send If-Match"),
    "key-reused": Meaning(422, "The idempotency key was used before with another body", "use a new key"),
    "key-in-flight": Meaning(409, "The first use of this idempotency key has not ended yet", "send it again soon"),
    "conflict": Meaning(409, "Somebody else recorded a decision first", _AGAIN),
    # The workflow
    "refused": Meaning(409, "The command was refused and changed nothing", "GET .../actions says what is possible"),
    "transition-refused": Meaning(409, "The step is not possible from here", "take the steps of path_to_goal first"),
    "guard-failed": Meaning(409, "A rule forbids this step as things stand", "see the guards that refused"),
    "not-connectable": Meaning(409, "This destination cannot be connected", "choose another destination"),
    "sign-in-by-redirect": Meaning(
        422, "One signs in at the partner, and this installation has no client there", "use an account kept earlier"
    ),
    "value-taken": Meaning(409, "Another connection has what only one may have", "choose another value"),
    "limit-reached": Meaning(409, "As many exist as are allowed", "delete what is not needed"),
    "receiver-unfit": Meaning(409, "They could not go on with the draft", "hand it over to somebody who may connect"),
    "not-yours": Meaning(403, "Only its owner, or who manages access, may hand a draft over", "ask its owner"),
    "label-missing": Meaning(403, "An access label is not held", "apply labels that you hold"),
    "account-in-use": Meaning(409, "Connections use this account", "delete or discard them first"),
    "account-expired": Meaning(409, "The account's authorisation has lapsed", "authorise it again"),
    "account-deleted": Meaning(409, "The account is deleted", "use another account"),
    "account-of-other-destination": Meaning(
        422, "The account belongs to another destination", "choose another account"
    ),
    "other-identity": Meaning(409, "The new credential is somebody else's", "use one of the same identity"),
    "host-altered": Meaning(422, "The credential was given for another host", "authenticate with one for the new host"),
    "destination-withdrawn": Meaning(
        409, "The catalog no longer has this destination", "put its entry back into the catalog folder, and start again"
    ),
    "spec-changed": Meaning(
        409, "The destination now asks for other things than when the draft began", "take the steps again that it names"
    ),
    "draft-too-young": Meaning(409, "The draft has not lain untouched for long enough", "wait, or discard it"),
    "unknown-alert": Meaning(422, "The alert is not on offer for this destination", "choose among those on offer"),
    "unknown-marketing-action": Meaning(422, "There is no such marketing action", "choose among those known"),
    "locked-marketing-action": Meaning(422, "The destination cannot do without this marketing action", "add it"),
    # Access
    "name-taken": Meaning(409, "There is one of that name already", "use it, or another name"),
    "last-administrator": Meaning(409, "An administrator must remain", "make somebody else one first"),
    "role-held": Meaning(409, "The role is held already", "nothing needs to be done"),
    "role-not-held": Meaning(409, "The role is not held", "nothing needs to be done"),
    "built-in-role": Meaning(409, "The role belongs to Interlock and stays as it is", "define another role"),
    "role-in-use": Meaning(409, "Somebody holds the role", "take it from them first"),
    "default-sandbox": Meaning(409, "Everybody works there who names no sandbox", "keep it"),
    "token-refused": Meaning(401, "The token proves nobody's identity", "send a good bearer token"),
    "token-expired": Meaning(401, "The token has expired", "issue another one"),
    # The destination
    "credential-rejected": Meaning(422, "The destination refused the credential", _CREDENTIAL),
    "parameters-rejected": Meaning(422, "The destination refused the parameters", "see the checks; correct the fields"),
    "destination-unreachable": Meaning(502, "The destination cannot be reached", _REACH),
    "destination-timeout": Meaning(504, "The destination did not answer in time", _REACH),
    "host-key-unknown": Meaning(
        422, "The host key is not known yet", "compare the fingerprint, then send it as host_key"
    ),
    "host-key-changed": Meaning(422, "The host shows another key than the one confirmed", "ask whoever runs the host"),
    "probe-refused": Meaning(422, "This installation does not go there", "see the check that failed"),
    "probe-failed": Meaning(422, "A check of the destination failed", "see the check that failed"),
    # The way out of this installation; probes tell of it by their checks
    "door": Meaning(502, "Something outside could not be reached", _REACH),
    "address-refused": Meaning(
        422, "This installation does not go to that address", "an operator may allow the network"
    ),
    "unreachable": Meaning(502, "Nobody answers there", _REACH),
    "timeout": Meaning(504, "No complete answer came in time", _REACH),
    "answer-too-large": Meaning(502, "The answer from outside is too long", "see that the address is the right one"),
    # The installation
    "log-error": Meaning(503, "The event log is in trouble", _OPERATOR),
    "log-unavailable": Meaning(503, "The event log cannot be read or written now", "send the same again later"),
    "outcome-unknown": Meaning(
        503, "The event log broke off before it said whether it stored this", "send the same again with the same key"
    ),
    "log-busy": Meaning(503, "Another process owns the event log", _OPERATOR),
    "log-corrupt": Meaning(503, "What is stored cannot be what was written", _VERIFY),
    "schema-mismatch": Meaning(503, "The event log was written by another release", _OPERATOR),
    "unknown-topic": Meaning(503, "A stored event is of a kind that this release does not know", _VERIFY),
    "too-many-feeds": Meaning(503, "As many feeds are open as may be", "open it again later from the last id"),
    "occupied": Meaning(409, "There is something already where something new was to be put", "choose another place"),
    "no-backup": Meaning(422, "The folder is no backup, or one that was never finished", "name another folder"),
    "vault-error": Meaning(503, "The vault does not hold what was asked for", _OPERATOR),
    "vault-sealed": Meaning(503, "The vault cannot be opened now", _OPERATOR),
    "engine-error": Meaning(500, "Something went wrong inside", _OPERATOR),
    "definition-error": Meaning(500, "A table of steps makes no sense", _OPERATOR),
    "secret-leak": Meaning(500, "A secret was about to be stored, and was not", _OPERATOR),
    "token-unusable": Meaning(500, "The administrator's token cannot be used", _OPERATOR),
    "internal-error": Meaning(500, "Something unexpected went wrong inside", "tell the operator the id in instance"),
}
"""Every code that an answer may carry; a failed guard is looked up by the guard's code, then as guard-failed."""
