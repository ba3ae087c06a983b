"""Markdown out of texts that anybody may have written: nothing in them is taken for a mark, a link or HTML."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

_MARKS = re.compile(r"[\\`*{}\[\]#~]|(?<![^\W_])_|_(?![^\W_])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_OPENING = re.compile(r"^(?:[-+=](?=\s|$|[-=])|\d+[.)](?=\s|$))")
_BLANKS = {"": "(empty)", " ": "a blank", "\t": "a tab", "\n": "a line feed", "\r": "a carriage return"}
_URL = re.compile(r"https?://[^\s/@]+(?:/[^\s]*)?", re.IGNORECASE)


def text(value: object) -> str:
    """Return a text that stands for itself, on one line."""
    words = " ".join("".join(one if one.isprintable() else " " for one in str(value)).split())
    marked = _MARKS.sub(lambda found: f"\\{found[0]}", "".join(_HTML.get(one, one) for one in words))
    return _OPENING.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], marked)


def code(value: object) -> str:
    """Return a value as it is typed; one that a span of code cannot show safely is shown as a text."""
    shown = str(value)
    if shown in _BLANKS:
        return _BLANKS[shown]
    if not shown.strip() or shown != " ".join(shown.split()) or not shown.isprintable() or re.search("[`<>]", shown):
        return text(shown) or "(blank)"
    return f"`{shown}`"


def link(title: str, address: str) -> str:
    """Return a link to a page of the web; any other address is shown, not linked."""
    if not _URL.fullmatch(address) or not address.isprintable():
        return text(address)
    target = quote(address, safe="%/:?&=#,;@+-._~$").replace("&", "&amp;")
    return f"[{text(title)}]({target})"


def bullets(lines: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {line}" for line in lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what stands in its cells is Markdown already, without line breaks."""
    cells = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    lines = [heads, ["---"] * len(heads), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def either(words: Sequence[str], joint: str = "or") -> str:
    """Return words as they are listed in a sentence: `a, b or c`."""
    return f" {joint} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
