"""A parcel on its way: a second workflow, on the engine alone. Run it: python examples/parcel.py"""

from functools import singledispatchmethod

from engine import Context, Definition, Guard, Passed, Refusal, Refused, Transition, Workflow, WorkflowEvent, Workflows
from engine.explain import path
from engine.history import steps
from engine.verification import verify


class Registered(WorkflowEvent):
    TOPIC = "parcel.registered"
    grams: int


class Labelled(WorkflowEvent):
    TOPIC = "parcel.labelled"


class HandedOver(WorkflowEvent):
    TOPIC = "parcel.handed_over"


class Delivered(WorkflowEvent):
    TOPIC = "parcel.delivered"


class Returned(WorkflowEvent):
    TOPIC = "parcel.returned"


def _light_enough(facts):
    grams, limit = facts["workflow"].grams, facts["limit"]
    if grams <= limit:
        return Passed(f"{grams} g of at most {limit} g")
    return Refused("too-heavy", f"{grams} g are over the carrier's limit of {limit} g", "choose another carrier")


class Parcel(Workflow):
    definition = Definition(
        name="parcel",
        version=1,
        initial="registered",
        opening=Registered,
        transitions=(
            Transition("label", ("registered", "labelled"), "labelled", Labelled),
            Transition(
                "hand_over", ("labelled",), "handed_over", HandedOver, (Guard("weight", _light_enough, ("limit",)),)
            ),
            Transition("deliver", ("handed_over",), "delivered", Delivered),
            Transition("return_to_sender", ("handed_over",), "returned", Returned),
        ),
        final=("delivered", "returned"),
    )

    def prepare(self) -> None:
        self.grams = 0

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None: ...

    @evolve.register
    def _(self, event: Registered) -> None:
        self.grams = event.grams


if __name__ == "__main__":
    office, ann = Workflows(), Context("ann")
    parcel = office.open(Parcel, ann, grams=2_400)
    print(f"{parcel.state}; to deliver it: {', '.join(path(parcel, 'delivered'))}")
    for trigger, limit in (("deliver", 0), ("label", 0), ("hand_over", 2_000), ("hand_over", 30_000), ("deliver", 0)):
        try:
            parcel = office.change(parcel, trigger, ann, knowing={"limit": limit})
            print(f"{trigger}: now {parcel.state}")
        except Refusal as refusal:
            print(f"{trigger}: refused; {refusal} ({refusal.fix})")
    for step in steps(office, Parcel, parcel.id):
        print(f"  {step.logged.originator_version}. {step.state_before or 'nothing'} -> {step.event.state}")
    result = verify(office.log.read(), office.decode, {"parcel": Parcel.definition})
    print(f"{result.events} events, {'nothing was altered' if result.sound else result.findings}")
