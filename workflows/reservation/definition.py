"""The tables of a reservation, and of a quota."""

from engine.definition import Definition, Transition
from workflows.reservation import events

RESERVATION = Definition(
    name="reservation",
    version=1,
    initial="taken",
    opening=events.ReservationTaken,
    transitions=(
        Transition("release", ("taken",), "free", events.ReservationReleased),
        Transition("take", ("free",), "taken", events.ReservationTaken),
    ),
)

QUOTA = Definition(
    name="quota",
    version=1,
    initial="counting",
    opening=events.PlaceTaken,
    transitions=(Transition("take_place", ("counting",), "counting", events.PlaceTaken),),
)
