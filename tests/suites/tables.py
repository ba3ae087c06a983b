"""Hypothesis strategies for small random workflows: tables with guards that a drawn set of facts decides."""

from hypothesis import assume
from hypothesis import strategies as st

from engine.aggregate import Workflow
from engine.definition import Definition, Transition
from engine.errors import DefinitionError
from engine.events import WorkflowEvent
from engine.guard import Guard, Passed, Refused

TRIGGERS = ("push", "pull", "turn", "lift")
FACTS = ("warm", "dry", "light")


class Began(WorkflowEvent):
    """A random workflow began."""

    TOPIC = "random.began"


class Moved(WorkflowEvent):
    """A random workflow took a step."""

    TOPIC = "random.moved"


def guard_on(fact: str, wanted: bool, needed: bool) -> Guard:
    """Return a guard that passes if a fact is as wanted (absent counts as False unless the fact is needed)."""

    def verdict(facts):
        if bool(facts.get(fact)) is wanted:
            return Passed(f"{fact} is {wanted}")
        return Refused(f"{fact}-not-{wanted}", f"{fact} is not {wanted}")

    return Guard(f"{fact}_{wanted}_{needed}", verdict, (fact,) if needed else ())


GUARDS = tuple(guard_on(fact, wanted, needed) for fact in FACTS for wanted in (True, False) for needed in (True, False))


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Draw a definition of up to five states; tables that would be refused are drawn again."""
    states = [f"s{number}" for number in range(draw(st.integers(1, 5)))]
    rows = []
    for trigger in TRIGGERS:
        free = list(states)
        for _ in range(draw(st.integers(0, 2))):
            if not free:
                break
            sources = draw(st.lists(st.sampled_from(free), min_size=1, max_size=len(free), unique=True))
            free = [state for state in free if state not in sources]
            guards = draw(st.lists(st.sampled_from(GUARDS), max_size=3, unique_by=lambda guard: guard.name))
            rows.append(Transition(trigger, tuple(sources), draw(st.sampled_from(states)), Moved, tuple(guards)))
    ends = tuple(state for state in states if not any(state in row.sources for row in rows))
    try:
        return Definition("random", 1, "s0", Began, tuple(rows), final=ends)
    except DefinitionError:
        assume(False)
        raise


facts_known = st.dictionaries(st.sampled_from(FACTS), st.booleans())


def a_workflow(definition: Definition, state: str) -> Workflow:
    """Return a workflow of *definition* that stands in *state*."""
    kind = type("RandomWorkflow", (Workflow,), {"definition": definition})
    workflow = kind.blank()
    workflow.state = state
    return workflow
