"""A process whose file operations are recorded: it works on an installation, and notes what was acknowledged when."""

import asyncio
import ctypes
import json
import os
from pathlib import Path

from adapters.store.sqlite import SQLiteLog
from tests.suites import canaries, story

VARIANTS = {
    "as shipped": (),
    "checkpoints early": ("wal_autocheckpoint=12",),
    "synchronous NORMAL": ("wal_autocheckpoint=12", "synchronous=NORMAL"),
    "synchronous OFF": ("wal_autocheckpoint=12", "synchronous=OFF"),
}
"""Settings of the writing connection; the last two lose what they acknowledged, on purpose."""


class Noted:
    """Notes every receipt in the record, after the command has been answered."""

    def __init__(self):
        self._library = ctypes.CDLL(None)

    def take(self, outcome):
        told = {"position": outcome.receipt.position}
        self._library.record_note(json.dumps(told).encode())
        return outcome


async def connect(system, note, destination):
    """Set up one connection to the end."""
    outcome = note(await system.submit("connection", "select", {"destination": destination}, story.ANN))
    for trigger in story.WAY:
        body = story.usual_body(trigger, destination)
        outcome = note(await story.send(system, trigger, outcome.receipt.stream, body))
    return outcome


async def keep_accounts(system, note):
    """Keep an account, change its secret, and give up another one."""
    for user in ("ann", "bob"):
        body = {"destination": "sftp", "credential": story.credential("sftp", user), "name": user}
        account = note(await system.submit("account", "authorise", body, story.ANN)).receipt.stream
    await system.submit("account", "delete", {}, story.ANN, target=account)
    body = {"destination": "sftp", "credential": story.credential("sftp"), "name": "Shop"}
    account = note(await system.submit("account", "authorise", body, story.ANN)).receipt.stream
    again = {**story.credential("sftp"), "password": canaries.NEW_PASSWORD}
    note(await system.submit("account", "reauthorise", {"credential": again}, story.ANN, target=account))


async def work(system, note):
    """Do several things at once, as in a service under load."""
    await keep_accounts(system, note)
    await asyncio.gather(*(connect(system, note, destination) for destination in story.DESTINATIONS))


def opened(home, variant):
    """Open an installation whose log has the settings of a variant."""
    if not VARIANTS[variant]:
        return story.installation(home)
    log = SQLiteLog(home / "interlock.db")
    for setting in VARIANTS[variant]:
        log._writer.execute(f"PRAGMA {setting}")
    return story.installation(home, log=log)


def main():
    home, variant = Path(os.environ["RECORD_FOLDER"], "home"), os.environ["VARIANT"]
    noted = Noted()
    for _ in range(2):  # opened anew, closed in between: the end of a process writes as well
        with opened(home, variant) as system:
            asyncio.run(work(system, noted.take))
