"""Names that people give to accounts, judged as those of connections are."""

from engine.errors import Invalid
from workflows.restated import NAME
from workflows.texts import composed, faults, is_visible


def checked_name(name: str | None, pointer: str) -> str | None:
    """Return *name* as it is kept: accents composed, no blanks at its edges; None stays None.

    Raises:
        Invalid: nothing of it can be seen, it is too long, or it holds characters that mislead.
    """
    if name is None:
        return None
    text = composed(name).strip()
    problems = list(faults(text, joiners=True))
    if not problems and not is_visible(text):
        problems = ["must show something: it is empty, or nothing in it can be seen"]
    if len(text) > NAME.max_length:
        problems = [f"must be at most {NAME.max_length} characters"]
    if problems:
        raise Invalid([(pointer, problem) for problem in problems])
    return text
