"""A whole piece of work through the API while one file operation fails, and what must be true of it afterwards."""

import contextlib
import ctypes
import errno
import os
import traceback
from dataclasses import asdict, dataclass

from engine.errors import EngineError
from tests.suites import canaries, story
from tests.suites.api import Api
from tests.suites.crashes import Aftermath, Promised

WRITE, SYNC, TRUNCATE, CREATE, ENTRY, OPEN, READ = (1 << n for n in range(7))
"""Kinds of operation, as `faults_files.c` numbers them."""
CHANGING = WRITE | SYNC | TRUNCATE | CREATE | ENTRY
ANY = CHANGING | OPEN | READ
ERRORS = {
    "EIO": (errno.EIO, ANY),
    "ENOSPC": (errno.ENOSPC, WRITE | TRUNCATE | CREATE | ENTRY),
    "EDQUOT": (errno.EDQUOT, WRITE | TRUNCATE | CREATE | ENTRY),
    "EROFS": (errno.EROFS, CHANGING),
}
"""What may go wrong, and with which kinds of operation."""
ENDS = ("once", "mended", "killed")
"""The operation fails once; or all do from it on, until they are mended; or until the process is killed."""
HONEST = {"log-unavailable", "outcome-unknown", "vault-sealed"}
UNREADABLE = "log-corrupt"
"""What SQLite makes of EIO when it reads: the disk does not give back what it was given."""
READS = ("/v1/connections", "/v1/accounts", "/v1/audit/events", "/v1/catalog", "/healthz")


@dataclass(frozen=True)
class Trial:
    """One run: which error the operation number *nth* of those it can happen to meets, and how it ends."""

    error: str
    nth: int
    end: str


@dataclass
class Found:
    """What came of a run."""

    operations: int = 0
    met: int = 0
    refused: int = 0
    unknown: int = 0
    came_back: int = 0
    wrong: str = ""


class Failing:
    """The preloaded library in this process."""

    def __init__(self):
        self._library = ctypes.CDLL(None)
        self._library.faults_seen.restype = self._library.faults_met.restype = ctypes.c_long

    def arm(self, folder, trial):
        number, kinds = ERRORS[trial.error]
        lasting = trial.end != "once"
        self._library.faults_arm(os.fsencode(folder), kinds, ctypes.c_long(trial.nth), number, lasting)

    def mend(self):
        self._library.faults_disarm()

    @property
    def seen(self):
        return self._library.faults_seen()

    @property
    def met(self):
        return self._library.faults_met()


class Killed(BaseException):
    """The process is to end here, as if it were killed."""


class Work:
    """Somebody who connects a destination and keeps an account; each answer is either given or honestly refused."""

    def __init__(self, home, failing, trial, found, *, opened=story.installation):
        self.home, self.failing, self.trial, self.found, self.opened = home, failing, trial, found, opened
        self.promised, self.told = Promised(), ""

    def run(self):
        with contextlib.ExitStack() as stack:
            system = self._open(stack)
            self.api = Api(system)
            stack.callback(self.api.close)
            answer = self._send("/v1/connections", {"destination": "sftp"}, {})
            for trigger in story.WAY:
                answer = self._step(answer, trigger, story.usual_body(trigger, "sftp"))
            body = {"destination": "amazon-s3", "credential": story.credential("amazon-s3"), "name": "Lake"}
            account = self._send("/v1/accounts", body, {})
            account = self._step(account, "reauthorise", {"credential": story.credential("amazon-s3")})
            self._refused_for_another_reason(answer)
            self._step(account, "delete", {})
            shown = self._read_in_the_end()
            assert [row["state"] for row in shown.json()["items"]] == ["saved"]
        self.failing.mend()

    def _read_in_the_end(self):
        answer = self.api.get("/v1/connections")
        if answer.status_code == 503:
            self._is_an_honest_answer(answer)
            self._trouble()
            answer = self.api.get("/v1/connections")
        assert answer.status_code == 200, answer.text
        return answer

    def _open(self, stack):
        try:
            return stack.enter_context(self.opened(self.home))
        except EngineError as error:
            self._is_honest(error.code, str(error), error.fix)
            self._trouble()
            return stack.enter_context(self.opened(self.home))

    def _step(self, before, trigger, body):
        kind = "connection" if "connection" in before.json() else "account"
        where = f"/v1/{kind}s/{before.json()[kind]['id']}/commands/{trigger}"
        return self._send(where, body, {"if-match": before.headers["etag"]})

    def _send(self, path, body, headers):
        headers["idempotency-key"] = f"{len(self.promised.acknowledged)} {path}"
        answer = self.api.post(path, body, headers=headers)
        if answer.status_code == 503:
            self._is_an_honest_answer(answer)
            told = answer.json()["code"]
            self._trouble()
            answer = self.api.post(path, body, headers=headers)
            replayed = answer.headers.get("idempotency-replayed") == "true"
            assert not replayed or told == "outcome-unknown", f"{path} was told to have had no effect, and was done"
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        self._hear(answer.json())
        return answer

    def _hear(self, told):
        kind = "connection" if "connection" in told else "account"
        receipt, shown = told["receipt"], told[kind]
        self.promised.hear(
            {
                "acknowledged": receipt["events"][-1],
                "id": shown["id"],
                "version": receipt["version"],
                "digest": receipt["digest"],
                "state": shown["state"],
            }
        )

    def _refused_for_another_reason(self, saved):
        """A refusal is an event as well: it is on record, or its answer says that it is not."""
        answer = self._try_to_save_again(saved)
        if answer.status_code == 503:
            self._is_an_honest_answer(answer)
            self._trouble()
            answer = self._try_to_save_again(saved)
        assert answer.status_code == 409, answer.text

    def _try_to_save_again(self, saved):
        where = f"/v1/connections/{saved.json()['connection']['id']}/commands/save"
        return self.api.post(where, {}, headers={"if-match": saved.headers["etag"]})

    def _is_an_honest_answer(self, answer):
        problem = answer.json()
        again = answer.headers.get("retry-after", "").isdigit()
        assert again or problem["code"] == UNREADABLE, answer.text
        self._is_honest(problem["code"], problem["detail"], problem["fix"])

    def _is_honest(self, code, text, fix):
        assert code in HONEST or (code, self.trial.error) == (UNREADABLE, "EIO"), f"{code}: {text}"
        assert fix, f"nothing is said about what helps: {text}"
        assert self.failing.met, f"there was no fault, but {text}"
        self.told = code
        self.found.refused += 1
        self.found.unknown += code == "outcome-unknown"

    def _trouble(self):
        """Go on in trouble for a while, if it lasts; return when it is over."""
        if self.trial.end == "once":
            return
        if hasattr(self, "api"):
            for path in READS:
                answer = self.api.get(path)
                assert answer.status_code in (200, 503), f"{path}: {answer.status_code} {answer.text}"
        if self.trial.end == "killed":
            raise Killed
        self.failing.mend()


def attempt(failing, trial, home, opened=story.installation):
    """Do the work with one fault, then look at what it left; return what was found."""
    found = Found()
    work = Work(home, failing, trial, found, opened=opened)
    try:
        failing.arm(home, trial)
        with contextlib.suppress(Killed):
            work.run()
        found.operations, found.met = failing.seen, failing.met
        failing.mend()
        look(home, work, found)
    except BaseException:
        failing.mend()
        found.met = found.met or failing.met
        found.wrong = traceback.format_exc()
    return asdict(found)


def look(home, work, found):
    """Open what was left, without faults, and insist that it is sound and holds what was acknowledged, no more."""
    with story.installation(home) as system:
        left = Aftermath(home, system, work.promised)
        left.every_acknowledged_command_is_stored()
        if work.trial.nth % 4 == 0:
            left.the_log_verifies_and_the_views_are_what_a_rebuild_makes()
            assert canaries.traces_in_files(home) == {}
        assert system.verify(story.ANN)["sound"]
        left.every_recorded_account_opens_and_no_orphan_is_left()
        found.came_back = sum(_more_than_told(stream, rows, work.promised) for stream, rows in left.streams.items())
        if found.came_back:
            assert (work.trial.end, work.told) == ("killed", "outcome-unknown"), f"{work.told}, but it was done"


def _more_than_told(stream, rows, promised):
    """Tell whether a connection or an account that was told of holds more than was, or a connection was never told."""
    told = promised.acknowledged.get(stream)
    return len(rows) > told[-1]["version"] if told else rows[0][1].TOPIC.startswith("connection.")
