"""Kills a working process at a random moment, opens what it left, and compares that with what it had acknowledged."""

import contextlib
import json
import os
import random
import select
import signal
import time
from dataclasses import dataclass, field
from uuid import UUID

from adapters.vault.file import FileVault
from tests.suites import canaries, story
from tests.suites.crash_worker import fork
from tests.suites.expectations import LEADS_TO

ENDED = ("deleted", "discarded", "expired")


@dataclass
class Promised:
    """What processes acknowledged before they died, and what they had sent without an answer."""

    acknowledged: dict[str, list[dict]] = field(default_factory=dict)
    pending: dict[str, dict] = field(default_factory=dict)

    def hear(self, told):
        """Take down one thing that a process said."""
        assert "failed" not in told, told["failed"]
        if "sent" in told:
            self.pending[told["sent"]] = told
        else:
            self.pending.pop(told["acknowledged"], None)
            self.acknowledged.setdefault(told["id"], []).append(told)


def kill_at_work(home, promised, number, resumed=None, make_log=None):
    """Let a process work for a while, kill it with SIGKILL, and hear all that it said until then.

    The moment lies by chance: while it opens the installation, or so many commands later and a little more.
    """
    chance = random.Random(number)
    commands, more = chance.choice((0, chance.randrange(10), chance.randrange(60))), chance.random()
    pid, pipe = fork(home, number, resumed or {}, make_log)
    try:
        heard = _listen(pipe, commands, more * (0.02 if commands else 0.1))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    while part := os.read(pipe, 1 << 20):
        heard += part
    os.close(pipe)
    for line in heard.splitlines():
        promised.hear(json.loads(line))
    assert os.WIFSIGNALED(status), "it ended before it was killed"


def _listen(pipe, commands, more):
    """Return what a process says up to its so many acknowledgements, and for a few milliseconds more."""
    heard, give_up = b"", time.monotonic() + 60
    end = None if commands else time.monotonic() + more
    while (left := (end or give_up) - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0]:
            part = os.read(pipe, 1 << 20)
            heard += part
            if not part:
                break
        if end is None and heard.count(b'"acknowledged"') >= commands:
            end = time.monotonic() + more
    return heard


class Aftermath:
    """An installation opened after a crash, and what must be true of it."""

    def __init__(self, home, system, promised):
        self.home, self.system, self.promised = home, system, promised
        self.log = system.workflows.log
        events = [system.workflows.decode(row) for row in self.log.read(limit=1_000_000)]
        self.streams = {}
        for row, event in zip(self.log.read(limit=1_000_000), events, strict=True):
            self.streams.setdefault(str(row.originator_id), []).append((row, event))

    def check(self):
        """Check everything; then finish by their keys the commands that had no answer."""
        self.every_acknowledged_command_is_stored()
        self.each_object_stands_where_it_was_left_or_one_command_further()
        self.the_log_verifies_and_the_views_are_what_a_rebuild_makes()
        self.every_recorded_account_opens_and_no_orphan_is_left()
        for key, sent in list(self.promised.pending.items()):
            self.a_retry_has_one_effect(key, sent)
        self.promised.pending.clear()
        assert canaries.traces_in_files(self.home) == {}

    def every_acknowledged_command_is_stored(self):
        for stream, receipts in self.promised.acknowledged.items():
            rows = self.streams.get(stream, [])
            for told in receipts:
                assert len(rows) >= told["version"], f"version {told['version']} was acknowledged, {len(rows)} stored"
                row, event = rows[told["version"] - 1]
                assert told["digest"] in (None, row.leaf.hex()), "another event is stored than was acknowledged"
                assert told["state"] in (None, event.state)

    def each_object_stands_where_it_was_left_or_one_command_further(self):
        pending = {sent["target"]: sent for sent in self.promised.pending.values() if sent["target"]}
        begun = [sent for sent in self.promised.pending.values() if not sent["target"]]
        unknown = 0
        for stream, rows in self.streams.items():
            kind, state = rows[0][1].TOPIC.partition(".")[0], rows[-1][1].state
            told = self.promised.acknowledged.get(stream)
            if kind == "connection" and told is None:
                unknown += 1
                assert state == "catalog_selected"
            elif kind == "connection" and len(rows) != told[-1]["version"]:
                assert len(rows) == told[-1]["version"] + 1, "more than one command without an answer took effect"
                trigger = pending[stream]["trigger"]
                assert state == LEADS_TO.get(trigger, told[-1]["state"])
            elif kind == "connection":
                assert state == told[-1]["state"] or told[-1]["state"] is None
            if kind in ("connection", "account"):
                shown = self.system.explain.get(story.ANN, kind, stream)
                assert (shown["version"], shown["state"]) == (len(rows), state)
        assert unknown <= sum(sent["trigger"] == "select" for sent in begun)

    def the_log_verifies_and_the_views_are_what_a_rebuild_makes(self):
        verified = self.system.verify(story.ANN)
        assert verified["sound"], verified
        assert story.differing_views(self.system) == []
        assert self.system.health.report()["ready"]

    def living_accounts(self):
        """Return the accounts that are on record and not deleted, as rows."""
        return self.system.lists.accounts(story.ANN, limit=None)["items"]

    def every_recorded_account_opens_and_no_orphan_is_left(self):
        vault = FileVault(self.home / "vault", self.home / "master.key")
        living = {UUID(row["id"]) for row in self.living_accounts()}
        strays = set(vault.accounts()) ^ living
        # What is older than the whole log might belong to another one, and is left alone.
        first = next(iter(self.streams.values()))[0][0].event_id if self.streams else UUID(int=2**128 - 1)
        assert all(stray.int >> 80 < first.int >> 80 for stray in strays), "vault and log disagree about accounts"
        assert living <= set(vault.accounts())
        assert vault.check() == []
        for account in living:
            version = next(
                e.vault_version for _, e in reversed(self.streams[str(account)]) if hasattr(e, "vault_version")
            )
            for secret in vault.get("prod", account, version).values():
                assert secret.reveal() in canaries.ALL
        folder = self.home / "vault"
        # An unfinished file of a killed process is encrypted as well, and swept when it is an hour old.
        assert not folder.exists() or {path.suffix for path in folder.iterdir()} <= {".json", ".unfinished"}
        vault.close()

    def a_retry_has_one_effect(self, key, sent):
        """Send again what had no answer: whether it had been recorded or not, it is recorded once now."""
        target, before = sent["target"], self.log.head().position
        kept = len(self.streams.get(target, ()))
        accounts = len(self.living_accounts())
        told = self.promised.acknowledged.get(target)
        outcome = self._submit(key, sent)
        again = self._submit(key, sent)
        assert (again.receipt, again.replayed) == (outcome.receipt, True)
        assert outcome.replayed == (self.log.head().position == before)
        if target and sent["kind"] == "connection":
            assert outcome.receipt.version == told[-1]["version"] + 1
            assert outcome.receipt.version == kept + (not outcome.replayed)
        if sent["trigger"] == "authorise":
            assert len(self.living_accounts()) == accounts + (not outcome.replayed)
        self.promised.hear(
            {
                "acknowledged": key,
                "id": str(outcome.receipt.stream),
                "version": outcome.receipt.version,
                "digest": outcome.receipt.digest.hex(),
                "state": outcome.shown["state"],
            }
        )

    def _submit(self, key, sent):
        return self.system.wait(
            self.system.submit(sent["kind"], sent["trigger"], sent["body"], story.ANN, target=sent["target"], key=key)
        )

    def under_way(self):
        """Return the connections that somebody could go on with: id to state and destination."""
        rows = self.system.lists.connections(story.ANN, limit=None)["items"]
        return {row["id"]: (row["state"], row["destination"]) for row in rows}
