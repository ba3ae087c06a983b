"""Where somebody goes on with a draft that they left."""

from workflows.connection.definition import DRAFT_STATES, STEPS


def resume_of(connection_id: str, state: str) -> dict[str, str] | None:
    """Return the step that comes next, and the address of what it asks for; None for what is no draft."""
    if state not in DRAFT_STATES:
        return None
    step = STEPS[DRAFT_STATES.index(state)]
    return {"step": step, "href": f"/v1/connections/{connection_id}/path"}
