"""What can go wrong with a command line, before, while and after the API is asked."""

from collections.abc import Mapping
from typing import Any


class WrongUse(Exception):
    """The command line itself is wrong; nothing was sent."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class ProblemAnswer(Exception):
    """The API refused, and said why: `problem` is the parsed application/problem+json."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP status {status}"))
        self.status, self.problem = status, problem

    @property
    def code(self) -> str:
        """The stable code of the problem."""
        return str(self.problem.get("code") or str(self.problem.get("type", "")).rpartition("/")[2])


class ServerTrouble(Exception):
    """The server cannot be reached, or does not answer as Interlock does."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class Failed(Exception):
    """The command ran, and its answer is bad news that has been printed already."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code
