"""A stranger who tries anything in any order, as a Hypothesis state machine over a whole installation."""

import asyncio
import json
from datetime import timedelta
from itertools import permutations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from engine.errors import Conflict, EngineError
from tests.suites import canaries, story
from tests.suites.asks import HOW, NONSENSE, TRIGGERS, USERS, VARIETY, ask
from tests.suites.expectations import Ask, KnownAccount, KnownConnection
from tests.suites.watched import Watched

CALLERS = {"prod": story.ANN, "dev": story.ELSEWHERE}
PICK = st.integers(0, 9)
"""Which connection, or account, counted from the newest."""

AFTER = ("edit_parameters", "edit_alerts", "edit_marketing_actions", "disable", "delete")
AFTERWARDS = st.sampled_from(AFTER)
TO, WHERE = st.sampled_from(story.DESTINATIONS), st.sampled_from(("prod", "prod", "prod", "dev"))


class Stranger(Watched):
    """Every rule sends something, and says by hand what must come of it."""

    @initialize(
        on_disk=st.sampled_from((False,) * 11 + (True,)),
        begun=st.lists(st.tuples(TO, st.integers(0, 5)), min_size=2, max_size=3),
        kept=st.lists(st.tuples(TO, WHERE), min_size=2, max_size=2),
    )
    def begin(self, on_disk, begun, kept):
        """Open an installation where some connections are under way, or saved, and some accounts are kept."""
        self.start(on_disk)
        for to, steps in begun:
            self.select(to, "prod")
            self.go_on(0, steps)
        for to, where in kept:
            self.create_account(to, where, "ann", 0)
        if not self.known.accounts:
            self.create_account("sftp", "prod", "ann", 0)

    def connection(self, which):
        """Return one of the connections."""
        known = list(self.known.connections.values())
        return known[-1 - which % len(known)]

    def account(self, which):
        """Return one of the accounts."""
        known = list(self.known.accounts.values())
        return known[-1 - which % len(known)]

    @rule(to=TO, where=WHERE)
    def select(self, to, where):
        outcome = self._send("connection", "select", {"destination": to}, CALLERS[where], accepted=True)
        found = outcome.receipt.stream
        self.known.connections[found] = KnownConnection(found, to, where, self.clock.now(), etags=[outcome.etag])

    def _ask(self, known, asked, *, accepted=None, **options):
        now = self.clock.now() + timedelta(seconds=7)
        expected = self.known.accepts(known, asked, now) if accepted is None else accepted
        caller = CALLERS[known.sandbox]
        outcome = self._send(
            "connection", asked.trigger, asked.body, caller, target=known.id, accepted=expected, **options
        )
        if outcome is not None:
            self.known.accepted(known, asked, outcome.shown, now, outcome.etag)
            assert (outcome.shown["state"], outcome.shown["version"]) == (known.state, known.version)
        assert self.log.newest(known.id).originator_version == known.version

    @rule(which=PICK, trigger=st.sampled_from(TRIGGERS), variety=VARIETY, how=st.sampled_from(HOW), back=VARIETY)
    def anything(self, which, trigger, variety, how, back):
        """Send any command: as it is, with a key, on a version that may be old, or from another sandbox."""
        known = self.connection(which)
        asked, tag = ask(trigger, known.destination, variety), known.etags[-1 - back % len(known.etags)]
        match how:
            case "plain":
                self._ask(known, asked)
            case "key":
                self._ask(known, asked, key=f"key {len(self.receipts)} {variety}")
            case "version":
                stale = tag != known.etags[-1]
                self._ask(known, asked, if_match=tag, must_match=True, accepted=False if stale else None)
            case "foreign":
                other = CALLERS["dev" if known.sandbox == "prod" else "prod"]
                self._send("connection", trigger, asked.body, other, target=known.id, accepted=False)
            case "nonsense":
                caller, body = CALLERS[known.sandbox], NONSENSE[back]
                self._send("connection", trigger, body, caller, target=known.id, accepted=False)

    @rule(which=PICK, steps=st.integers(1, 5))
    def go_on(self, which, steps):
        """Do what comes next, with nothing wrong in it; with a saved connection, one of the things that may be done."""
        known = self.connection(which)
        if known.state in ("saved", "disabled"):
            trigger = "enable" if known.state == "disabled" else AFTER[steps - 1]
            self._ask(known, ask(trigger, known.destination, 0))
        for state, trigger in zip(story.STATES, story.WAY, strict=False):
            if known.state == state and steps:
                self._ask(known, ask(trigger, known.destination, 0))
                steps -= 1

    @rule(which=PICK, steps=st.lists(st.sampled_from(story.WAY), min_size=1, max_size=4), variety=VARIETY)
    def jump(self, which, steps, variety):
        """Take steps of setting up in any order: going back, doing one again, leaving some out."""
        known = self.connection(which)
        for step in steps:
            self._ask(known, ask(step, known.destination, variety))

    @rule(which=PICK, account=PICK, both=st.sampled_from((False, False, False, True)))
    def authenticate_with(self, which, account, both):
        """Choose a kept account; both an account and a credential are too much."""
        known, kept = self.connection(which), self.account(account)
        body = {"account_id": str(kept.id)} | (story.new_credential("sftp") if both else {})
        self._ask(known, Ask("authenticate", body, sound=not both, account=kept.id))
        self._no_used_account_is_gone()

    @rule(which=PICK, triggers=st.tuples(*[st.sampled_from(TRIGGERS)] * 2), variety=VARIETY)
    def two_writers(self, which, triggers, variety):
        """Send two commands at once: what was accepted must make sense in one order or the other."""
        known, now = self.connection(which), self.clock.now()
        asks = [ask(trigger, known.destination, variety) for trigger in triggers]
        caller = CALLERS[known.sandbox]

        async def both():
            sent = [self.system.submit("connection", a.trigger, a.body, caller, target=known.id) for a in asks]
            return await asyncio.gather(*sent, return_exceptions=True)

        results = self.wait(both())
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, EngineError):
                raise result
        won = [(a, r) for a, r in zip(asks, results, strict=True) if not isinstance(r, EngineError)]
        self._everything_is_in_order(*(outcome for _, outcome in won))
        orders = [order for order in permutations(won) if self.known.make_sense(known.id, order, now)]
        assert orders, f"accepted in no order that makes sense: {[a.trigger for a, _ in won]} from {known.state}"
        for asked, outcome in sorted(won, key=lambda pair: pair[1].receipt.version):
            self.known.accepted(known, asked, outcome.shown, now, outcome.etag)
        if not won:
            # A conflict has a winner: when both lose, both were wrong in themselves.
            assert not any(isinstance(result, Conflict) for result in results)
            assert not any(self.known.accepts(known, a, now) for a in asks)
        assert self.log.newest(known.id).originator_version == known.version
        self._no_used_account_is_gone()

    # Accounts ---------------------------------------------------------------------------------------------------

    @rule(to=TO, where=WHERE, user=st.sampled_from(USERS), variety=VARIETY)
    def create_account(self, to, where, user, variety):
        asks = to != "data-landing-zone"
        good = asks and variety < 4
        credential = story.credential(to, user, good=variety != 4) if asks else {}
        credential = story.malformed(to) if asks and variety == 5 else credential
        body = {"destination": to, "credential": credential, "name": f"{user}'s", "variant": None}
        body["variant"] = "bearer" if to == "http-api" else None
        outcome = self._send("account", "authorise", body, CALLERS[where], accepted=good)
        if outcome is not None:
            found = outcome.receipt.stream
            self.known.accounts[found] = KnownAccount(found, to, where, user)

    @rule(
        which=PICK,
        trigger=st.sampled_from(("rename", "expire", "reauthorise", "reauthorise", "delete")),
        variety=VARIETY,
    )
    def change_account(self, which, trigger, variety):
        self._change(self.account(which), trigger, variety)

    @rule(which=PICK, trigger=st.sampled_from(("expire", "expire", "delete", "reauthorise")), then=AFTERWARDS)
    def change_its_account(self, which, trigger, then):
        """Do something to the account that a connection uses, and go on with the connection."""
        known = self.connection(which)
        if known.account is not None:
            self._change(self.known.accounts[known.account], trigger, 1)
            places = dict(zip(story.STATES, story.WAY, strict=False)) | {"disabled": "enable"}
            self._ask(known, ask(places.get(known.state, then), known.destination, 0))

    def _change(self, known, trigger, variety):
        body, sound, leads_to = {}, known.state != "deleted", known.state
        match trigger:
            case "rename":
                body = {"name": "Shop" if variety else "\u200b"}
                sound = sound and variety > 0
            case "expire":
                sound, leads_to = known.state == "authorised", "expired"
            case "reauthorise":
                user = USERS[variety % 2]
                body = {"credential": story.credential(known.destination, user, good=variety != 3)}
                same = known.destination == "http-api" or user == known.user  # a token does not say whose it is
                sound, leads_to = sound and variety != 3 and same, "authorised"
            case "delete":
                sound, leads_to = sound and not self.known.users(known.id), "deleted"
        outcome = self._send("account", trigger, body, CALLERS[known.sandbox], target=known.id, accepted=sound)
        if outcome is not None:
            known.state = leads_to
            assert outcome.shown["state"] == leads_to
        self._no_used_account_is_gone()

    # Again, later, elsewhere ------------------------------------------------------------------------------------

    @precondition(lambda self: self.receipts)
    @rule(which=st.integers(0, 50), other=st.booleans())
    def repeat(self, which, other):
        """Send an accepted command again: with the same key, and the same or another body."""
        self._repeat(self.receipts[which % len(self.receipts)], other)

    @rule(days=st.sampled_from((1, 9, 31)), sweep=st.booleans())
    def time_passes(self, days, sweep):
        self.clock.move(timedelta(days=days))
        if not sweep:
            return
        now = self.clock.now()
        old = [known for known in self.known.connections.values() if self.known.is_old(known, now)]
        assert self.wait(self.system.timers.fire()) == len(old)
        for known in old:
            tag = self.system.explain.get(CALLERS[known.sandbox], "connection", known.id)["etag"]
            self.known.accepted(known, Ask("expire", {}), {}, now, tag)
        self._everything_is_in_order()

    @rule(which=PICK, goal=st.sampled_from(("saved", "deleted", "catalog_selected")))
    def look(self, which, goal):
        """Ask what may be done: nothing changes, nothing shows, and what is not in order is not called possible."""
        known = self.connection(which)
        caller, explain, lists = CALLERS[known.sandbox], self.system.explain, self.system.lists
        found = self.wait(explain.actions(caller, "connection", known.id))
        for action in found["actions"]:
            asked = ask(action["command"], known.destination, 0)
            possible = self.known.accepts(known, asked, self.clock.now())
            # What cannot be judged yet is left open; what is called impossible would be refused.
            assert action["allowed"] or not possible, f"{action['command']} is possible"
        told = [found, explain.history(caller, "connection", known.id), self.system.cards.browse(caller, explain=True)]
        told += [self.wait(explain.path(caller, known.id, goal)), lists.connections(caller, state=known.state)]
        told += [self.wait(explain.diagram(caller, "connection", known.id)), lists.audit_events(caller)]
        assert not canaries.traces(json.dumps(told))
        assert str(known.id) in [row["id"] for row in told[4]["items"]]
        assert self.log.head().position == self.seen

    @rule()
    def begin_anew(self):
        """Forget everything that was in memory; on disk, close the installation and open it again."""
        if self.home is not None:
            self._reopen()
        self.system.workflows.forget(*self.known.connections, *self.known.accounts)
