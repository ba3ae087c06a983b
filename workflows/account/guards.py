"""Pure reasons for refusing a step of an account."""

from engine.guard import Facts, Guard, Passed, Refused, Verdict
from workflows.probe import refusal_of


def _nothing_uses_it(facts: Facts) -> Verdict:
    users = sorted(str(connection) for connection in facts["workflow"].connections)
    if not users:
        return Passed()
    return Refused(
        "account-in-use",
        f"{len(users)} connection(s) use this account: {', '.join(users[:5])}{' ...' if len(users) > 5 else ''}",
        "delete or discard these connections first, or give them another account",
    )


def _same_identity(facts: Facts) -> Verdict:
    before, after = facts["workflow"].principal, facts["principal"]
    if before == after or not before:
        return Passed()
    return Refused(
        "other-identity",
        "the destination says that the new credential is somebody else's",
        "use a credential of the same identity, or connect a new account",
        "/credential",
    )


def _probe_found_no_fault(facts: Facts) -> Verdict:
    failed = facts["probe"].failure
    return refusal_of(failed) if failed else Passed(f"the probe says: {facts['probe'].outcome.value}")


unused = Guard("unused", _nothing_uses_it)
same_identity = Guard("same_identity", _same_identity, ("principal",))
probe_passed = Guard("probe_passed", _probe_found_no_fault, ("probe",))
