"""Pure reasons for refusing a step of a person, a service account, a role or a sandbox."""

from engine.guard import Facts, Guard, Passed, Refused, Verdict

ADMINISTRATOR = "administrator"
"""The role that holds everything; there is always somebody active who has it."""

DEFAULT_SANDBOX = "prod"


def _an_administrator_remains(facts: Facts) -> Verdict:
    workflow = facts["workflow"]
    losing = facts.get("role", ADMINISTRATOR) == ADMINISTRATOR and ADMINISTRATOR in workflow.roles
    if not losing or facts["administrators"] - {workflow.id}:
        return Passed()
    return Refused(
        "last-administrator",
        "this is the only active administrator, and without one nobody could give anybody a role",
        f"give the role {ADMINISTRATOR} to somebody else first",
        who="an administrator",
    )


def _is_new_to_it(facts: Facts) -> Verdict:
    if facts["role"] not in facts["workflow"].roles:
        return Passed()
    return Refused("role-held", f"the role {facts['role']} is held already", "nothing needs to be done", "/role")


def _holds_it(facts: Facts) -> Verdict:
    if facts["role"] in facts["workflow"].roles:
        return Passed()
    return Refused("role-not-held", f"the role {facts['role']} is not held", "nothing needs to be done", "/role")


def _is_ours(facts: Facts) -> Verdict:
    role = facts["workflow"]
    if not role.built_in:
        return Passed()
    return Refused(
        "built-in-role", f"the role {role.name} belongs to Interlock and stays as it is", "define another role"
    )


def _nobody_holds_it(facts: Facts) -> Verdict:
    count = len(facts["workflow"].holders)
    return Passed() if not count else Refused("role-in-use", f"{count} hold this role", "take it from them first")


def _is_not_the_default(facts: Facts) -> Verdict:
    if facts["workflow"].name != DEFAULT_SANDBOX:
        return Passed()
    return Refused(
        "default-sandbox",
        f"{DEFAULT_SANDBOX} is where everybody works who names no sandbox",
        "keep it; work in another one",
    )


administrator_remains = Guard("administrator_remains", _an_administrator_remains, ("administrators",))
new_to_it = Guard("new_to_it", _is_new_to_it, ("role",))
holds_it = Guard("holds_it", _holds_it, ("role",))
not_built_in = Guard("not_built_in", _is_ours)
nobody_holds_it = Guard("nobody_holds_it", _nobody_holds_it)
not_the_default = Guard("not_the_default", _is_not_the_default)
