"""Health: whether the installation can do its work, part by part."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.system.views import FreshViews
from engine.application import Workflows
from engine.errors import EngineError
from engine.follower import Lag


class Health:
    """Whether the installation can do its work, and if not, why."""

    def __init__(
        self, workflows: Workflows, views: FreshViews, vault_problem: Callable[[], str | None], catalog: Any
    ) -> None:
        self._workflows, self._views = workflows, views
        self._vault_problem, self._catalog = vault_problem, catalog
        self._unsound = ""

    def report(self) -> dict[str, Any]:
        """Return `{ready, checks}`: log, vault, catalog and each view, with what is wrong and what to do."""
        checks = [self._log(), self._vault(), *self._projections(), self._specs()]
        return {"ready": all(check["ok"] for check in checks if check["name"] != "catalog"), "checks": checks}

    def verified(self, found: Mapping[str, Any]) -> None:
        """Take over what a verification of the log came to; one that found nothing clears what was met before."""
        wrong = [*found["store"], *(finding["message"] for finding in found["findings"])]
        self._unsound = "" if found["sound"] else f"verification found: {wrong[0]}"
        if found["sound"]:
            self._workflows.unreadable = ""

    def _log(self) -> dict[str, Any]:
        try:
            head = self._workflows.log.head()
        except EngineError as error:
            return {"name": "log", "ok": False, "message": str(error), "fix": error.fix}
        if trouble := self._workflows.unreadable or self._unsound:
            return {"name": "log", "ok": False, "message": trouble, "fix": "interlock audit verify names the row"}
        return {"name": "log", "ok": True, "message": f"{head.sequence} events, position {head.position}", "fix": ""}

    def _vault(self) -> dict[str, Any]:
        problem = self._vault_problem()
        fix = "put the key file back that this vault was made with" if problem else ""
        return {"name": "vault", "ok": problem is None, "message": problem or "open", "fix": fix}

    def _projections(self) -> list[dict[str, Any]]:
        try:
            checks = [_told(lag) for lag in self._views.lags()]
        except EngineError as error:
            return [{"name": "views", "ok": False, "message": str(error), "fix": error.fix}]
        if trouble := self._views.supervisor.trouble("log"):
            checks.append({"name": "views", "ok": False, "message": trouble, "fix": "see the check of the log"})
        return checks

    def _specs(self) -> dict[str, Any]:
        problems = getattr(self._catalog, "problems", ())
        message = "; ".join(f"{file}: {why}" for file, why in problems) or f"{len(self._catalog.all())} destinations"
        return {"name": "catalog", "ok": not problems, "message": message, "fix": ""}


def _told(lag: Lag) -> dict[str, Any]:
    message, fixes = f"at position {lag.position}", []
    if lag.behind:
        message += f", {lag.behind} behind (it catches up when asked), the oldest for {lag.seconds:.0f} s"
    failed = [parked.position for parked in lag.parked if not parked.held]
    held = [parked.position for parked in lag.parked if parked.held]
    if failed:
        message += f"; parked: {_some(failed)}"
        fixes.append("interlock audit verify says what is wrong with the parked events; retry takes them in again")
    if held:
        message += f"; left out by an operator: {_some(held)}"
    if lag.trouble:
        message += f"; not followed: {lag.trouble}"
        fixes.append("it is tried again by itself; see the log of the server")
    ok = not (failed or lag.trouble)
    return {"name": f"view {lag.name}", "ok": ok, "message": message, "fix": "; ".join(fixes)}


def _some(positions: Sequence[int]) -> str:
    return ", ".join(map(str, positions[:5])) + (f" and {len(positions) - 5} more" if len(positions) > 5 else "")
