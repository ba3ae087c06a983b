"""A small workflow that the engine's tests write: a letter is drafted, sealed, posted, and delivered or lost."""

import asyncio
from functools import singledispatchmethod
from typing import Any

from pydantic import Field

from engine.aggregate import Workflow
from engine.application import Workflows
from engine.definition import Definition, Transition
from engine.envelope import Context
from engine.events import WorkflowEvent
from engine.guard import Guard, Passed, Refused
from engine.memory import MemoryLog

ANN = Context(actor="ann")
BOB = Context(actor="bob")


class Drafted(WorkflowEvent):
    """Somebody wrote a letter."""

    TOPIC = "letter.drafted"
    text: str = ""
    notes: dict[str, Any] = Field(default_factory=dict)


class Rewritten(WorkflowEvent):
    """Its text was changed."""

    TOPIC = "letter.rewritten"
    text: str = ""
    notes: dict[str, Any] = Field(default_factory=dict)


class Sealed(WorkflowEvent):
    """It was closed."""

    TOPIC = "letter.sealed"


class Posted(WorkflowEvent):
    """It was handed to the post."""

    TOPIC = "letter.posted"
    stamps: int
    to: str | None


class Delivered(WorkflowEvent):
    """It arrived."""

    TOPIC = "letter.delivered"


class Lost(WorkflowEvent):
    """It never arrived."""

    TOPIC = "letter.lost"


def _has_text(facts):
    return Passed() if facts["workflow"].text else Refused("no-text", "the letter is empty", "write something", "/text")


def _stamps_suffice(facts):
    if facts["stamps"] >= facts["postage"]:
        return Passed(f"{facts['stamps']} are enough")
    return Refused("stamps-missing", f"{facts['postage']} stamps are needed", "buy stamps", "/stamps", "the sender")


def _address_is_known(facts):
    return Passed() if facts["to"] else Refused("no-address", "nobody to send it to", "write an address", "/to")


DEFINITION = Definition(
    name="letter",
    version=1,
    initial="drafted",
    opening=Drafted,
    transitions=(
        Transition("rewrite", ("drafted", "sealed"), "drafted", Rewritten),
        Transition("seal", ("drafted",), "sealed", Sealed, (Guard("has_text", _has_text),)),
        Transition(
            "post",
            ("sealed",),
            "posted",
            Posted,
            (
                Guard("stamps_suffice", _stamps_suffice, ("stamps", "postage")),
                Guard("address_known", _address_is_known, ("to",)),
            ),
        ),
        Transition("deliver", ("posted",), "delivered", Delivered),
        Transition("lose", ("posted",), "lost", Lost),
    ),
    final=("delivered", "lost"),
)


class Letter(Workflow):
    """A letter as it stands."""

    definition = DEFINITION

    def prepare(self) -> None:
        self.text, self.to, self.stamps = "", None, 0
        self.notes = {}

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Most events change the state only."""

    @evolve.register
    def _(self, event: Drafted | Rewritten) -> None:
        self.text, self.notes = event.text, event.notes

    @evolve.register
    def _(self, event: Posted) -> None:
        self.to, self.stamps = event.to, event.stamps


def a_letter(text: str = "dear bob", context: Context = ANN, **facts: Any) -> Letter:
    """Return a new letter, not yet recorded."""
    letter = Letter.blank()
    letter.begin(context, text=text, **facts)
    return letter


def an_office(log: Any = None) -> Workflows:
    """Return an application over a log in memory."""
    return Workflows(log=log or MemoryLog())


def post(letter: Letter, context: Context = ANN, *, stamps: int = 2, to: str | None = "bob", postage: int = 1) -> None:
    """Post a letter with enough stamps."""
    letter.advance("post", context, knowing={"postage": postage}, stamps=stamps, to=to)


async def recorded(office: Workflows, *triggers: str, text: str = "dear bob") -> Letter:
    """Write a letter, take steps with it, each recorded in a turn of its own, and return it as it stands then."""
    letter = a_letter(text)
    await office.record(letter)
    for trigger in triggers:
        async with office.turn(letter) as turn:
            if trigger == "post":
                post(turn.of(letter))
            else:
                turn.of(letter).advance(trigger, ANN)
        letter = turn.of(letter)
    return letter


def an_office_with_letters(count: int = 3, *triggers: str) -> tuple[Workflows, list[Letter]]:
    """Return an office in which so many letters took the same steps, one step at a time for all of them."""

    async def write() -> tuple[Workflows, list[Letter]]:
        office = an_office()
        letters = [await recorded(office) for _ in range(count)]
        for trigger in triggers or ("seal", "post", "deliver"):
            for index, letter in enumerate(letters):
                async with office.turn(letter) as turn:
                    if trigger == "post":
                        post(turn.of(letter))
                    else:
                        turn.of(letter).advance(trigger, ANN)
                letters[index] = turn.of(letter)
        return office, letters

    return asyncio.run(write())
