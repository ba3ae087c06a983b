"""A Definition as Mermaid text, with where a workflow stands, what is possible and what is blocked."""

from collections.abc import Iterable

from engine.definition import Definition
from engine.explain import ActionReport


def mermaid(
    definition: Definition, state: str = "", done: Iterable[str] = (), actions: Iterable[ActionReport] = ()
) -> str:
    """Return a Mermaid state diagram; `done` states, the present one and blocked steps are marked when given."""
    blocked = {action.command for action in actions if not action.allowed and action.target is not None}
    lines = ["stateDiagram-v2", f"    [*] --> {definition.initial}"]
    for row in definition.transitions:
        label = f"{row.trigger} (blocked)" if row.trigger in blocked else row.trigger
        lines += [f"    {source} --> {row.target}: {label}" for source in row.sources]
    lines += [f"    {final} --> [*]" for final in definition.final]
    lines += ["    classDef done fill:#d7f0dd,color:#123", "    classDef here fill:#1f6feb,color:#fff"]
    lines += [f"    class {name} done" for name in dict.fromkeys(done) if name != state]
    lines += [f"    class {state} here"] if state else []
    return "\n".join(lines) + "\n"
