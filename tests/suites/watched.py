"""A Hypothesis state machine over a whole installation that watches what is true of every command."""

import asyncio
import io
import json
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from adapters.telemetry import configure
from engine.errors import EngineError, KeyReused
from tests.suites import canaries, story
from tests.suites.expectations import Expectations, passed_every_step
from workflows.account.aggregate import Account
from workflows.connection.aggregate import Connection

LOOP = asyncio.new_event_loop()


class Watched(RuleBasedStateMachine):
    """A subclass gives the rules: they send commands through `_send`, and say whether each must be accepted."""

    def start(self, on_disk):
        """Open an installation, in memory or in a folder of its own."""
        self.lines = io.StringIO()
        configure("info", "json", self.lines)
        self.home = Path(tempfile.mkdtemp(prefix="interlock-stranger-")) if on_disk else None
        self.clock, self.prober = story.fixed_clock(), story.ScriptedProber()
        self.prober.naps = 1
        self._open()
        self.known = Expectations()
        self.receipts = []
        self.seen = 0

    def wait(self, work):
        """Run something asynchronous to its end, in a loop that all sequences share: that is quicker than a new one."""
        return LOOP.run_until_complete(work)

    def _open(self):
        self.opened = story.installation(self.home, prober=self.prober, clock=self.clock)
        self.system = self.opened.__enter__()
        self.log = self.system.workflows.log

    # What is true of every command ------------------------------------------------------------------------------

    def _send(self, kind, trigger, body, caller, *, accepted, target=None, **options):
        """Send a command that must be accepted, or must not; return the outcome, None when it was refused."""
        self.clock.move(timedelta(seconds=7))
        outcome, refusal = None, None
        try:
            outcome = self.wait(self.system.submit(kind, trigger, body, caller, target=target, **options))
        except EngineError as error:
            refusal = error
        if refusal is not None:
            self._refusal_left_only_an_attempt(refusal)
            assert not accepted, f"{trigger} was refused: {refusal}"
            return None
        self._everything_is_in_order(outcome)
        assert accepted, f"{trigger} was accepted"
        if options.get("key"):
            self.receipts.append((kind, trigger, body, caller, target, options["key"], outcome.receipt))
        return outcome

    def _refusal_left_only_an_attempt(self, error):
        new = self.log.read(self.seen)
        assert [row.topic for row in new] == ["attempt.refused"], f"a refusal left {[row.topic for row in new]}"
        assert error.attempt == new[0].event_id
        assert not canaries.traces(f"{error!r} {error} {error.fix} {vars(error)!r}")
        self._nothing_shows(new)

    def _everything_is_in_order(self, *outcomes):
        new = self.log.read(self.seen)
        self._nothing_shows(new)
        for outcome in outcomes:
            assert not canaries.traces(json.dumps(outcome.as_dict()) + repr(outcome))
        for stream in {row.originator_id for row in new}:
            self._stands_as_its_history_says(stream)

    def _stands_as_its_history_says(self, stream):
        rows = self.log.read_stream(stream)
        kind = {"connection": Connection, "account": Account}.get(rows[0].topic.partition(".")[0])
        if kind is None:
            return
        kept = self.wait(self.system.workflows.get(kind, stream))
        assert kept.describe() == self.system.workflows.load(kind, stream).describe()
        if kind is Connection:
            assert passed_every_step([row.topic for row in rows]), "a saved connection has not passed every step"

    def _nothing_shows(self, rows):
        for row in rows:
            assert not canaries.traces(row.state), f"{row.topic} holds a secret"
        self.seen = self.log.head().position

    def _no_used_account_is_gone(self):
        for known in self.known.connections.values():
            connection = self.wait(self.system.workflows.get(Connection, known.id))
            if connection.account_id and connection.state not in ("deleted", "discarded", "expired"):
                account = self.wait(self.system.workflows.get(Account, connection.account_id))
                assert account.state != "deleted", "an account in use was deleted"
                assert connection.id in account.connections

    # Again, later, and at the end -------------------------------------------------------------------------------

    def _repeat(self, accepted, other):
        """Send an accepted command again under its key, with the same or another body."""
        kind, trigger, body, caller, target, key, receipt = accepted
        body = {**body, "colour": "blue"} if other else body
        self.clock.move(timedelta(seconds=7))
        again = self.system.submit(kind, trigger, body, caller, target=target, key=key)
        if other:
            with pytest.raises(KeyReused) as reused:
                self.wait(again)
            self._refusal_left_only_an_attempt(reused.value)
        else:
            outcome = self.wait(again)
            assert (outcome.receipt, outcome.replayed) == (receipt, True), "the same key gave another receipt"
            assert self.log.head().position == self.seen, "a repeated command left something"

    def _reopen(self):
        self.opened.__exit__(None, None, None)
        self._open()

    def teardown(self):
        if not hasattr(self, "system"):
            return
        try:
            # After a failure, what follows from it would only hide it.
            if sys.exc_info()[0] is None:
                self._everything_adds_up()
        finally:
            self.opened.__exit__(None, None, None)
            if self.home is not None:
                shutil.rmtree(self.home)

    def _everything_adds_up(self):
        for accepted in self.receipts:
            self._repeat(accepted, False)
        assert story.differing_views(self.system) == [], "a view is not what its rebuild makes of the log"
        verified = self.system.verify(story.ANN)
        assert verified["sound"], verified["findings"]
        rows = [row for view in self.system.views.all for row in self.system.views.rows(view)]
        assert not canaries.traces(repr(rows))
        assert not canaries.traces(self.lines.getvalue()), "a log line shows a secret"
        if self.home is not None:
            self._nothing_is_left_on_disk()

    def _nothing_is_left_on_disk(self):
        assert canaries.traces_in_files(self.home) == {}
        living = {str(known.id) for known in self.known.accounts.values() if known.state != "deleted"}
        assert {path.stem for path in (self.home / "vault").glob("*.json")} == living, "the vault and the log disagree"
