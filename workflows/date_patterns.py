"""DatePattern: dates and moments written in the pattern letters of Java, as far as files need them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from workflows.texts import Malformed

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Written = Callable[[datetime], str]
_OF_A_DATE: dict[str, Written | str] = {
    # A text is a template of str.format, which is several times as fast as a function for each part.
    "yyyy": "{0.year:04}",
    "MM": "{0.month:02}",
    "M": "{0.month}",
    "dd": "{0.day:02}",
    "d": "{0.day}",
    "yy": lambda at: f"{at.year % 100:02}",
    "MMM": lambda at: _MONTHS[at.month - 1][:3],
    "MMMM": lambda at: _MONTHS[at.month - 1],
    "EEE": lambda at: _DAYS[at.weekday()][:3],
    "EEEE": lambda at: _DAYS[at.weekday()],
}
_OF_A_DAY: dict[str, Written | str] = {
    "HH": "{0.hour:02}",
    "H": "{0.hour}",
    "mm": "{0.minute:02}",
    "m": "{0.minute}",
    "ss": "{0.second:02}",
    "s": "{0.second}",
    "SSSSSS": "{0.microsecond:06}",
    "hh": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "h": lambda at: str((at.hour - 1) % 12 + 1),
    "a": lambda at: "AM" if at.hour < 12 else "PM",
    "SSS": lambda at: f"{at.microsecond // 1000:03}",
    # Every moment is written in UTC, for which X says Z, and x and Z say zero.
    **dict.fromkeys(("X", "XX", "XXX"), "Z"),
    "xxx": "+00:00",
    "xx": "+0000",
    "Z": "+0000",
}
_MEANT = {"D": "the day of the month is dd", "S": "seconds are ss, their fraction SSS", "u": "the year is yyyy"}
KNOWN = ", ".join([*_OF_A_DATE, *_OF_A_DAY])


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A pattern that was taken apart. `literals` is all the text that comes out as it stands."""

    parts: tuple[Written, ...]
    literals: str

    def write(self, value: date) -> str:
        """Return a date or a moment in this pattern; a moment in UTC, one without a zone is taken for UTC."""
        at = _in_utc(value)
        return "".join([part(at) for part in self.parts])


def date_pattern(text: str, *, of_a_day: bool = True, week_years: bool = False) -> DatePattern:
    """Take a pattern apart; without `of_a_day` it is one for dates, which have no hours.

    In the names of files everybody writes YYYY for the year: `week_years` takes it as yyyy. Elsewhere it is refused,
    since to Java it is the year that the week belongs to.

    Raises:
        Malformed: it has letters that are not known here, or brackets or quotes without their other half.
    """
    parts: list[Written | str] = []
    literals, fields = "", 0
    for kind, piece in _pieces(text):
        if kind == "text":
            literals += piece
            parts.append(piece.replace("{", "{{").replace("}", "}}"))
            continue
        name = piece.replace("Y", "y") if week_years else piece
        written = _OF_A_DATE.get(name) or _OF_A_DAY.get(name)
        if written is None:
            raise Malformed(_unknown(name))
        if name in _OF_A_DAY and not of_a_day:
            raise Malformed("has letters of hours, minutes or seconds, which a date does not have")
        fields += 1
        parts.append(written)
    if not fields:
        raise Malformed("has no letters of a date in it, so every value would look the same")
    return DatePattern(tuple(_joined(parts)), literals)


def _joined(parts: list[Written | str]) -> Iterator[Written]:
    """Yield one function for each row of templates, and the functions between them."""
    for is_template, group in groupby(parts, lambda part: isinstance(part, str)):
        if is_template:
            yield "".join(map(str, group)).format
        else:
            yield from (part for part in group if not isinstance(part, str))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield ("field" or "text", piece); optional sections always come out, since every moment has all its fields."""
    at, open_sections = 0, 0
    while at < len(text):
        character = text[at]
        if character == "'":
            literal, at = _quoted(text, at)
            yield "text", literal
            continue
        end = at + 1
        if character.isascii() and character.isalpha():
            while end < len(text) and text[end] == character:
                end += 1
            yield "field", text[at:end]
        elif character in "[]":
            open_sections += 1 if character == "[" else -1
            if open_sections < 0:
                raise Malformed("has a ] without its [")
        elif character in "{}#":
            raise Malformed("has one of { } #, which are reserved; put text between single quotes")
        else:
            yield "text", character
        at = end
    if open_sections:
        raise Malformed("has a [ without its ]")


def _quoted(text: str, at: int) -> tuple[str, int]:
    """Return the text between single quotes, and where it ends; two quotes stand for one."""
    if text.startswith("''", at):
        return "'", at + 2
    literal, end = "", at + 1
    while True:
        close = text.find("'", end)
        if close < 0:
            raise Malformed("has a single quote without its other half")
        literal += text[end:close]
        if not text.startswith("''", close):
            return literal, close + 1
        literal, end = literal + "'", close + 2


def _unknown(letters: str) -> str:
    if "Y" in letters:
        return "has Y, the year that the week belongs to; the year is yyyy"
    hint = _MEANT.get(letters[0], "")
    return f"has letters that are not known here{f' ({hint})' if hint else ''}; known: {KNOWN}"


def _in_utc(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
