"""What each row of a list offers: every command that people send from there, enabled or not, and why not."""

from typing import Any

from adapters.system.explaining import Explanations
from adapters.system.outcome import ACTIVATION
from workflows.permissions import Caller

_OFFERED = (
    "rename",
    "hand_over",
    "discard",
    "edit_parameters",
    "edit_marketing_actions",
    "edit_alerts",
    "set_tags",
    "apply_labels",
    "enable",
    "disable",
    "delete",
)


async def with_actions(explain: Explanations, caller: Caller, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of connections with what each offers to *caller*, by the guards that decide for real."""
    return [{**item, "actions": await _of(explain, caller, item)} for item in items]


async def _of(explain: Explanations, caller: Caller, item: dict[str, Any]) -> list[dict[str, Any]]:
    judged = (await explain.actions(caller, "connection", item["id"]))["actions"]
    verdicts = {one["command"]: one for one in judged}
    offered = [_short(verdicts[name]) for name in _OFFERED]
    if not item["draft"]:
        onward = "export_datasets" if item["data_kind"] == "datasets" else "activate"
        offered.append({"command": onward, "enabled": False, "reason": ACTIVATION})
    return offered


def _short(verdict: dict[str, Any]) -> dict[str, Any]:
    if verdict["allowed"]:
        return {"command": verdict["command"], "enabled": True, "reason": ""}
    refusing = next((guard for guard in verdict["guards"] if guard["passed"] is False), None)
    reason = refusing["message"] if refusing else "not possible from where it stands"
    return {"command": verdict["command"], "enabled": False, "reason": reason}
