"""What goes wrong, as somebody at a terminal reads it: one line, a way to fix it, an exit code; never a traceback."""

import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.cli.errors import Failed, ProblemAnswer, ServerTrouble, WrongUse
from adapters.cli.speech import in_commands
from engine.errors import EngineError, Forbidden, Invalid, LogCorrupt, UnknownTopic

if TYPE_CHECKING:
    from engine.secret import Secret

_MASK = "••••••"

FAILED, WRONG_USE, REFUSED, STALE, NOT_PERMITTED, NOT_SOUND, PROBE_FAILED = 1, 2, 3, 4, 5, 6, 7

EXIT_CODES = {
    0: "ok",
    FAILED: "failed",
    WRONG_USE: "wrong use",
    REFUSED: "refused by the workflow",
    STALE: "stale version",
    NOT_PERMITTED: "not permitted",
    NOT_SOUND: "integrity broken",
    PROBE_FAILED: "probe failed",
}
_BY_STATUS = {401: NOT_PERMITTED, 403: NOT_PERMITTED, 412: STALE, 428: STALE, 502: PROBE_FAILED, 504: PROBE_FAILED}
_OF_A_PROBE = ("credential-rejected", "parameters-rejected")
_OF_THE_LOG = (LogCorrupt.code, UnknownTopic.code)
_OF_A_PROBE_BEGINNINGS = ("destination-", "host-key-", "probe-")


def exit_code_of(status: int, codes: Iterable[str]) -> int:
    """Return the exit code for a refusal, by its status and the codes of the problem and its failed guards."""
    if any(code in _OF_THE_LOG for code in codes):
        return NOT_SOUND
    if any(code in _OF_A_PROBE or code.startswith(_OF_A_PROBE_BEGINNINGS) for code in codes):
        return PROBE_FAILED
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return REFUSED if 400 <= status < 500 and status != 429 else FAILED


def printable(text: object) -> str:
    """Return text that does nothing to a terminal: control characters and changes of direction are shown as `?`."""
    shown = str(text).replace("\t", "\\t")
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in shown)


def report(error: BaseException, *, explain: bool, debug: bool, secrets: "Iterable[Secret]" = ()) -> int:
    """Tell *error* on standard error, and return the exit code it stands for."""
    hidden = [secret.reveal() for secret in secrets if secret]
    code, lines = _told(error, explain, debug)
    for line in lines:
        text = printable(line)
        for value in hidden:
            text = text.replace(value, _MASK)
        print(text, file=sys.stderr)
    return code


def _told(error: BaseException, explain: bool, debug: bool) -> tuple[int, list[str]]:
    match error:
        case Failed():
            return error.exit_code, []
        case ProblemAnswer():
            failed = [str(guard.get("code")) for guard in error.problem.get("guards") or () if _failed(guard)]
            told = [in_commands(line) for line in _problem(error.problem, explain)]
            return exit_code_of(error.status, [error.code, *failed]), told
        case WrongUse():
            return WRONG_USE, [f"error: {error}", *_fix(error.fix)]
        case ServerTrouble():
            return FAILED, [f"error: {error}", *_fix(error.fix)]
        case Invalid():
            named = [f"  {pointer or '/'}: {message}" for pointer, message in error.errors]
            return FAILED, ["error: what was given is not valid", *named, *_fix(error.fix)]
        case EngineError():
            told = [f"error: {error}", *_fix(error.fix)]
            return _of_the_engine(error), [in_commands(line) for line in told]
        case OSError():
            # Which file and why; the class and the number help nobody.
            where = f"{error.filename}: " if error.filename else ""
            return FAILED, [
                f"error: {where}{error.strerror or type(error).__name__}",
                *_fix("check the path, its rights and the disk"),
            ]
    return FAILED, _unexpected(error, debug)


def _of_the_engine(error: EngineError) -> int:
    if isinstance(error, Forbidden):
        return NOT_PERMITTED
    return NOT_SOUND if isinstance(error, (LogCorrupt, UnknownTopic)) else FAILED


def _problem(problem: Mapping[str, Any], explain: bool) -> Iterator[str]:
    # Where fields are named one by one, the detail only says the same in one line.
    whole = problem.get("title") if problem.get("errors") else problem.get("detail")
    yield f"error: {whole or problem.get('title') or problem.get('detail')}"
    for guard in problem.get("guards") or ():
        if _failed(guard):
            where = f" at {guard['pointer']}" if guard.get("pointer") else ""
            who = f" (who can: {guard['who']})" if guard.get("who") else ""
            yield f"  ✗ {guard.get('name')} [{guard.get('code')}]{where}: {guard.get('message')}{who}"
            if guard.get("fix") and guard["fix"] != problem.get("fix"):
                yield f"      fix: {guard['fix']}"
        elif explain:
            mark = "✓" if guard.get("passed") else "?"
            yield f"  {mark} {guard.get('name')}: {guard.get('message') or guard.get('code')}"
    for wrong in problem.get("errors") or ():
        yield f"  {wrong.get('pointer') or '/'}: {wrong.get('message') or wrong.get('detail')}"
    for missed in problem.get("missed") or ():
        what = missed.get("sentence") or missed.get("type") or missed.get("topic")
        yield f"  missed: version {missed.get('version')}: {what}"
    for check in problem.get("checks") or ():
        if explain or check.get("status") == "failed":
            yield f"  {check.get('name')}: {check.get('status')}: {check.get('message') or check.get('tried')}"
    if problem.get("allowed_commands") and explain:
        yield f"possible now: {', '.join(problem['allowed_commands'])}"
    if problem.get("path_to_goal") and explain:
        yield f"the way there: {', '.join(map(str, problem['path_to_goal']))}"
    yield from _fix(str(problem.get("fix") or ""))
    if problem.get("retryable"):
        yield "trying again may help"


def _failed(guard: Mapping[str, Any]) -> bool:
    return guard.get("passed") is False


def _fix(text: str) -> list[str]:
    return [f"fix: {text}"] if text else []


def _unexpected(error: BaseException, debug: bool) -> list[str]:
    from uuid import uuid4

    told = [
        f"error: something unexpected went wrong ({type(error).__name__}, error id {uuid4()})",
        "fix: run it again with INTERLOCK_DEBUG=1 and report where it happened",
    ]
    if debug:
        # Places only: a message, or the locals of a frame, would show what somebody typed.
        told += [
            f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    return told
