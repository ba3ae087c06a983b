"""A process that works on an installation until it is killed, and says what it sends and what was acknowledged."""

import asyncio
import json
import os
import random
import sys
import threading
import traceback
from contextlib import closing

from tests.suites import canaries, story

LIVELY = 6
"""Connections that one task has under way at a time."""
TASKS = "abcdefgh"
"""Tasks of each of the two threads: enough that commands of several are stored together."""


class Worker:
    """Sends legal commands only; each connection and account belongs to one task, so that one command is under way."""

    def __init__(self, system, say, number, chance):
        self.system, self.say, self.number, self.chance = system, say, number, chance
        self.connections, self.accounts, self.sent = {}, {}, 0

    async def run(self):
        """Work until the process is killed."""
        while True:
            await self._command(*self._choose())

    def _choose(self):
        """Return kind, trigger, target and body of something legal to do next."""
        pick = self.chance.random()
        if (pick < 0.15 and len(self.connections) < LIVELY) or not self.connections:
            return "connection", "select", None, {"destination": self.chance.choice(story.DESTINATIONS)}
        if pick < 0.25 or (pick < 0.35 and not self.accounts):
            body = {"destination": "sftp", "credential": story.credential("sftp"), "name": "Shop"}
            return "account", "authorise", None, body
        if pick < 0.35:
            return self._about_an_account()
        target = self.chance.choice(list(self.connections))
        state, destination = self.connections[target]
        trigger = self.chance.choice(self._legal(state))
        return "connection", trigger, target, story.usual_body(trigger, destination)

    def _about_an_account(self):
        target = self.chance.choice(list(self.accounts))
        trigger = self.chance.choice(("rename", "reauthorise", "delete"))
        again = {**story.credential("sftp"), "password": canaries.NEW_PASSWORD}
        bodies = {"rename": {"name": "Shop 2"}, "reauthorise": {"credential": again}, "delete": {}}
        return "account", trigger, target, bodies[trigger]

    def _legal(self, state):
        if state == "saved":
            return ("edit_parameters", "edit_alerts", "edit_marketing_actions", "disable", "delete")
        if state == "disabled":
            return ("enable", "delete")
        place = story.STATES.index(state)
        return (*story.WAY[:place], *(story.WAY[place],) * 6, "discard")

    async def _command(self, kind, trigger, target, body):
        self.sent += 1
        key = f"{self.number}-{self.sent}"
        self.say({"sent": key, "kind": kind, "trigger": trigger, "target": target, "body": body})
        outcome = await self.system.submit(kind, trigger, body, story.ANN, target=target, key=key)
        receipt, state = outcome.receipt, outcome.shown["state"]
        told = {"id": str(receipt.stream), "version": receipt.version, "digest": receipt.digest.hex()}
        self.say({"acknowledged": key, **told, "state": state, "account": outcome.shown.get("account_id")})
        known = self.connections if kind == "connection" else self.accounts
        if state in ("deleted", "discarded"):
            known.pop(told["id"], None)
        else:
            known[told["id"]] = (state, outcome.shown["destination"])


def work(home, say, number, resumed, make_log=None):
    """Work on an installation in two threads of many tasks, the first of which goes on with what was begun."""

    def both(thread, system):
        workers = [Worker(system, say, f"{number}-{thread}-{n}", random.Random(f"{number}{thread}{n}")) for n in TASKS]
        if thread == 0:
            workers[0].connections.update(resumed)

        async def run():
            await asyncio.gather(*(worker.run() for worker in workers))

        try:
            asyncio.run(run())
        except BaseException:
            say({"failed": traceback.format_exc()})
            raise

    prober = story.ScriptedProber()
    prober.naps = 1
    log = make_log(home / "interlock.db", say) if make_log else None
    with story.installation(home, prober=prober, log=log) as system:
        threads = [threading.Thread(target=both, args=(n, system), daemon=True) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def fork(home, number, resumed, make_log=None):
    """Start such a process out of this one, with everything imported already; return its id and what it says."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        # Two threads share the pipe: one write of less than 4096 bytes is never torn.
        work(home, lambda told: os.write(writing, json.dumps(told).encode() + b"\n"), number, resumed, make_log)
    except BaseException:
        with closing(os.fdopen(writing, "wb")) as pipe:
            pipe.write(json.dumps({"failed": traceback.format_exc()}).encode() + b"\n")
    finally:
        sys.stdout.flush()
        os._exit(1)
