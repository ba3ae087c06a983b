"""Installations to back up: people at work in them, what a copy must hold, and backups that somebody touched."""

import asyncio
import json
import os
import random
import sqlite3
import threading
from contextlib import closing, contextmanager
from hashlib import sha256
from uuid import UUID

from adapters.safekeeping import make_backup, restore_backup
from adapters.settings import Settings
from adapters.store.sqlite_reader import SQLiteReader
from adapters.vault.file import FileVault
from tests.suites import canaries, story

COLUMNS = "position, sequence, stream, version, topic, sandbox, event_id, leaf, chain, key, request, batch, body"


def backed_up(home, target):
    """Back up a home, and return what is told of it."""
    return make_backup(Settings(home=home), target)


def restored(backup, home, *, expect=None):
    """Restore a backup to a home, and return what is told of it."""
    return restore_backup(Settings(home=home), backup, expect)


def keep_key(home, other):
    """Put the key file of a home into another one, as somebody does who kept it apart."""
    other.mkdir(mode=0o700, exist_ok=True)
    (other / "master.key").write_bytes((home / "master.key").read_bytes())


def rows(path, upto):
    """Return all that a log's file says up to a position."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
        events = file.execute(f"SELECT {COLUMNS} FROM events WHERE position<=? ORDER BY position", (upto,)).fetchall()
        keys = {row[9] for row in events}
        openings = [row for row in file.execute("SELECT key, stream FROM openings ORDER BY key") if row[0] in keys]
    return events, openings


def live_accounts(path):
    """Return the accounts that a log's file ends with: those it opened, without those it deleted."""
    events, _ = rows(path, 2**62)
    opened = {UUID(bytes=row[2]) for row in events if row[4] == "account.authorised"}
    return opened - {UUID(bytes=row[2]) for row in events if row[4] == "account.deleted"}


def expect_openable(home):
    """Check that a home has exactly the secrets of the accounts that its log ends with, and that its key opens them."""
    vault = FileVault(home / "vault", home / "master.key")
    assert vault.sealed == ""
    assert set(vault.accounts()) == live_accounts(home / "interlock.db")
    assert vault.check() == []


def _again(system, target):
    body = {"credential": {**story.credential("sftp"), "password": canaries.NEW_PASSWORD}}
    return system.submit("account", "reauthorise", body, story.ANN, target=target)


async def _work(system, stop, chance):
    accounts, done = [], 0
    while not stop.is_set():
        opened = await story.open_account(system)
        accounts.append(opened)
        done += 1
        if chance.random() < 0.3:
            await system.submit("connection", "select", {"destination": "sftp"}, story.ANN, key=f"{chance.random()}")
        if chance.random() < 0.3:
            await _again(system, chance.choice(accounts))
        if len(accounts) > 2 or chance.random() < 0.6:
            gone = accounts.pop(chance.randrange(len(accounts)))
            await system.submit("account", "delete", {}, story.ANN, target=gone)
    return done


@contextmanager
def at_work(system, threads=2):
    """Let people open, change and delete accounts in threads of their own for as long as the block lasts."""
    stop, done, failures = threading.Event(), [], []

    def run(number):
        try:
            done.append(asyncio.run(_work(system, stop, random.Random(number))))
        except BaseException as error:
            failures.append(error)

    working = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in working:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in working:
            thread.join()
    assert not failures, failures
    assert all(done), "nobody did anything"


class Meanwhile(SQLiteReader):
    """A log, read by a backup, to which *happen(number)* something does each time a part of it has been read."""

    def __init__(self, path, happen):
        super().__init__(path)
        self.happen, self.parts = happen, 0

    def filings(self, after, *, limit):
        found = super().filings(after, limit=limit)
        self.parts += 1
        self.happen(self.parts)
        return found


def rehashed(backup):
    """Make the manifest of a backup fit its files again, as a forger would."""
    facts = json.loads((backup / "manifest.json").read_bytes())
    del facts["digest"]
    for name in facts["files"]:
        content = (backup / name).read_bytes()
        facts["files"][name] = [len(content), sha256(content).hexdigest()]
    write_manifest(backup, facts)


def write_manifest(backup, facts):
    """Write a manifest with the digest that belongs to it."""
    digest = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    (backup / "manifest.json").write_text(json.dumps({**facts, "digest": digest}))


def alter_row(path, position):
    """Change one event of a log's file, and leave no other trace."""
    with closing(sqlite3.connect(path)) as file:
        (guard,) = file.execute("SELECT sql FROM sqlite_master WHERE name='events_no_update'").fetchone()
        file.execute("DROP TRIGGER events_no_update")
        changed = "CAST(replace(CAST(body AS TEXT), '\"ann\"', '\"bob\"') AS BLOB)"
        file.execute(f"UPDATE events SET body={changed} WHERE position=?", (position,))
        file.execute(guard)
        file.commit()


def forked(work):
    """Run *work()* in a process of its own, forked from this one; return its id and a pipe with what it returns."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        os.write(writing, str(work()).encode())
    except BaseException as error:
        os.write(writing, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(0)
