"""Many pieces of work, each with another file operation that fails, each in a process of its own."""

import json
import os
import random
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from adapters.store.sqlite import SQLiteLog
from engine.errors import LogError
from engine.log import Receipt
from tests.suites import story
from tests.suites.api import Api
from tests.suites.faults import ENDS, ERRORS, Failing, Found, Trial, attempt


class CarelessLog(SQLiteLog):
    """A log that acknowledges what it could not store."""

    async def append(self, events, *, key=None, steady=()):
        try:
            return await super().append(events, key=key, steady=steady)
        except LogError:
            ids = tuple(event.event_id for event in events)
            return Receipt(events[-1].originator_id, events[-1].originator_version, 1, bytes(32), ids)


def careless(home):
    """Open an installation with such a log."""
    return story.installation(home, log=CarelessLog(home / "interlock.db"))


OPENED = {"as shipped": story.installation, "careless": careless}


def sweep(trials, folder, opened=story.installation):
    """Run trials, each in a process of its own forked off this one; yield each with what was found."""
    failing = Failing()
    warm_up(folder)
    for trial in trials:
        home = Path(tempfile.mkdtemp(prefix="faults", dir=folder))
        try:
            yield trial, _in_a_child(lambda home=home, trial=trial: attempt(failing, trial, home / "home", opened))
        finally:
            shutil.rmtree(home)


def warm_up(folder):
    """Do the work once without faults, so that children have everything imported and prepared."""
    with tempfile.TemporaryDirectory(dir=folder) as home, story.installation(Path(home)) as system:
        api = Api(system)
        api.begin("sftp")
        api.close()


def _in_a_child(do):
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                json.dump(do(), pipe)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return Found(**json.loads(said)) if said else Found(wrong="the process broke off")


def counted(folder):
    """Return how many operations of each error's kinds the whole work takes."""
    trials = [Trial(error, 1 << 40, "once") for error in ERRORS]
    found = dict(sweep(trials, folder))
    assert not any(one.wrong for one in found.values()), found
    return {trial.error: one.operations for trial, one in found.items()}


def chosen(operations, most, seed):
    """Return up to so many of all trials, spread evenly over the operations and mixed over errors and ends."""
    every = [Trial(*one) for one in _every(operations)]
    chance = random.Random(seed)
    if len(every) <= most:
        return every
    step = len(every) / most
    return [every[int(n * step + chance.random() * step)] for n in range(most)]


def _every(operations):
    for error, count in operations.items():
        for nth in range(1, count + 1):
            for end in ENDS:
                yield error, nth, end


def main():
    """Run the part of a sweep that the environment asks for; write a line of JSON for each run into the file `told`."""
    plan = json.loads(os.environ["FAULTS_PLAN"])
    told = Path(plan["folder"], "told")
    opened, folder = OPENED[plan["log"]], Path(plan["folder"])
    trials = chosen(counted(folder), plan["most"], seed=plan["seed"])
    with told.open("w") as lines:
        for trial, found in sweep(trials[plan["part"] :: plan["parts"]], folder, opened):
            print(json.dumps([asdict(trial), asdict(found)]), file=lines, flush=True)
