"""A draft survives kill -9 at any moment: everything acknowledged is there, and at most one command more.

What only a power cut could lose (SQLite without a sync at each commit, say) no test of this kind can find: the system
keeps what a killed process had written. `tests/adapters/store` looks at the settings of the file instead.
"""

import json
import os

import pytest

from adapters.store.sqlite import SQLiteLog
from tests.suites.crashes import Aftermath, Promised, kill_at_work
from tests.suites.story import installation

CRASHES = int(os.environ.get("TEST_CRASHES", "30"))
LIVES = 5
"""How often one installation is killed before a new one takes its place."""

pytestmark = [pytest.mark.crash, pytest.mark.timeout(0 if CRASHES > 30 else 300)]


def crash(home, promised, number, resumed=None, make_log=None):
    """Kill a process at a random moment, and see what it left; return what can be gone on with."""
    kill_at_work(home, promised, number, resumed, make_log)
    with installation(home) as system:
        aftermath = Aftermath(home, system, promised)
        aftermath.check()
        return aftermath.under_way()


@pytest.mark.parametrize("half", [0, 1])
def test_what_was_acknowledged_is_there_after_kill_9_at_any_moment(half, tmp_path):
    for number in range(half, CRASHES, 2):
        life = number // 2 % LIVES
        if life == 0:
            home, promised, resumed = tmp_path / f"home {number}", Promised(), {}
        resumed = crash(home, promised, number, resumed)


class HastyLog(SQLiteLog):
    """A log that acknowledges before it has committed."""

    def __init__(self, path, say):
        super().__init__(path)
        self.say = say

    async def append(self, events, *, key=None, steady=()):
        if key is not None:
            body, version = json.loads(events[-1].state), events[-1].originator_version
            told = {"id": str(events[-1].originator_id), "version": version, "state": body["state"], "digest": None}
            self.say({"acknowledged": body["envelope"]["key"], **told})
        return await super().append(events, key=key, steady=steady)


def test_a_process_that_acknowledges_before_the_commit_is_caught(tmp_path):
    def crash_again_and_again():
        for number in range(max(CRASHES, 30)):
            crash(tmp_path / str(number), Promised(), number, make_log=HastyLog)

    with pytest.raises(AssertionError, match="was acknowledged, "):
        crash_again_and_again()
