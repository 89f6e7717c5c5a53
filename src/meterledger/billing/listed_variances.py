"""The lists of waivers and variances for named places: whether the list of a day names one.

Lives here      finding a place, project or order on the lists; what standing there does, and where.
Lives elsewhere variances from the commission's rules for what we do (``rule_variances``), the
                rules that a building may be exempt from (``rent_inclusion``).
Read first      Pilots E, sheet 161.1; conflicts C-WAIVER-LIST-END and C-STAMP-PRECEDENCE.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue, NoRuleInForce
from meterledger.rulebook.terms import Terms

STAMP_OR_PRINT, STAMP_FIRST = "dates.precedence", "stamp_first"
_WORD = re.compile(r"[^\W_]+")
_REST_OF_NAME = re.compile(r"[,(/]")
_DRAWN_BY = re.compile(r"\(bounds in the (.+)\)")
_ONE, _SEVERAL = "subdivision", "subdivisions"
"""What the list calls its places beside their names: people leave it out."""


class NamedByNoSheet(NoRuleInForce):
    """No list in force on the day names what was asked about."""


class Effect(Enum):
    """What standing on a list does."""

    WAIVER = "the rules on unregulated competition are waived for premises inside the area"
    VARIANCE = "a variance is recorded for the premises"


_LISTS = {
    Effect.WAIVER: (
        "variances.competition.EAO-988",
        "variances.competition.EO-93-16",
        "variances.competition.EO-93-156",
        "variances.competition.EO-93-166",
        "variances.competition.EO-93-186",
        "variances.competition.EO-93-266",
        "variances.competition.EO-95-27",
        "variances.competition.EO-96-431",
        "variances.competition.EO-2002-1091",
        "variances.competition.EE-2013-0511",
        "variances.competition.EE-2019-0395",
    ),
    Effect.VARIANCE: (
        "variances.other.EO-89-7",
        "variances.other.EO-93-108",
        "variances.other.EO-96-447",
        "variances.other.EO-97-58",
        "variances.other.EO-97-467",
        "variances.other.EO-98-6",
        "variances.other.EO-98-68",
        "variances.other.EE-2000-465",
        "variances.other.EE-2001-514",
    ),
}
_WHAT = {Effect.WAIVER: "area", Effect.VARIANCE: "project"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a list: the provision that states it, and the names of its two values."""

    effect: Effect
    provision: str

    @property
    def order(self) -> str:
        return f"{self._values}_order"

    @property
    def what(self) -> str:
        return f"{self._values}_{_WHAT[self.effect]}"

    @property
    def _values(self) -> str:
        return self.provision.lower().replace(".", "_").replace("-", "_")


_ROWS = tuple(_Row(effect, one) for effect, list_ in _LISTS.items() for one in list_)


@dataclass(frozen=True, slots=True)
class ListedFacts:
    """A place, a project or an order that may stand on the lists."""

    named: str = fact(
        "The area, subdivision or project as the list names it, or the number of the order."
    )
    outside_bounds: bool = fact(
        "Whether the premises lie outside what is so named, as its bounds are drawn.", default=False
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of a list."""

    order: str = fact("The order under which it stands there.")
    what: str = fact("The area or project, as the list states it.")
    bounds_by: str | None = fact("The agreement that draws its bounds; null if the list has none.")
    effect: Effect = fact("What it does for premises inside.")


@dataclass(frozen=True, slots=True)
class Listed:
    """Whether a list of the day names it, and what that does."""

    listed: bool = fact("Whether a list in force on the day names it.")
    applies: bool = fact("Whether it does anything for the premises: never outside the bounds.")
    listings: tuple[Listing, ...] = fact("Each row that names it; [] if none does.")


def decide_listed(facts: ListedFacts, terms: Terms) -> Decision[Listed]:
    """Whether the lists of the day name a place, project or order, and with what effect.

    A row that a later page added is not on the list of an earlier day. What no page names is not
    thereby unlisted: the first page of the lists is not held.

    :raises NamedByNoSheet: where no page that is held names it, or none of the day is held
    :raises ReviewNeeded: where the lists after the last page held are left to a person
    """
    asked = _words(facts.named)
    rows = [row for row in _ROWS if asked in _names(row, terms)]
    if not rows:
        raise _named_by_none(facts.named, terms)
    listings: list[Listing] = []
    reasons: list[Reason] = []
    for row in rows:
        missing = _not_on_the_list(row, facts, terms)
        if missing:
            reasons += missing
            continue
        listing, why = _listing(row, facts, terms)
        listings.append(listing)
        reasons += why
    applies = bool(listings) and not facts.outside_bounds
    return Decision(Listed(bool(listings), applies, tuple(listings)), tuple(reasons))


def _listing(row: _Row, facts: ListedFacts, terms: Terms) -> tuple[Listing, list[Reason]]:
    """A row of the day's list, and what it does for the premises."""
    order, what = terms.text(row.order), terms.text(row.what)
    drawn = _DRAWN_BY.search(what.value)
    found = Listing(order.value, what.value, drawn.group(1) if drawn else None, row.effect)
    reasons = [Reason(f"order {order.value} is listed for {what.value}", what.citation)]
    printed = _printed_day_of_addition(row, terms)
    if printed is not None:
        words = f"its page prints {printed}, and was stamped {what.days.from_day}: the stamp counts"
        reasons.append(Reason(words, what.citation))
    if facts.outside_bounds:
        words = "the premises lie outside its bounds, and it does nothing for them"
        return found, [*reasons, Reason(words, what.citation)]
    reasons.append(Reason(row.effect.value, what.citation))
    if row.effect is Effect.VARIANCE:
        words = "the list does not say from which rule: look it up in the order"
        reasons.append(Reason(words, order.citation))
    return found, reasons


def _not_on_the_list(row: _Row, facts: ListedFacts, terms: Terms) -> list[Reason]:
    """Why the day's list does not have the row yet; nothing where it has it."""
    if _entry_of(row, terms) is None:
        return _added_later(row, facts, terms)
    printed = _printed_day_of_addition(row, terms)
    if printed is None or terms.reading(STAMP_OR_PRINT) == STAMP_FIRST:
        return []
    found = f"it was added by a page that prints {printed}: the printed day counts"
    return [Reason(found, terms.clause(row.provision).citation)]


def _added_later(row: _Row, facts: ListedFacts, terms: Terms) -> list[Reason]:
    """That the list of the day is held and lacks the row, which a later page added.

    :raises NamedByNoSheet: where the list of the day is not held
    """
    others = (one for one in _ROWS if one.effect is row.effect)
    on_the_list = next((one for one in others if _entry_of(one, terms) is not None), None)
    later = terms.not_yet(row.provision)
    if on_the_list is None or later is None:
        raise _named_by_none(facts.named, terms)
    page = terms.clause(on_the_list.provision).citation
    added = f"it was added by the page of {later.version.days.from_day}"
    return [Reason("the list of the day does not name it", page), Reason(added, later.citation)]


def _printed_day_of_addition(row: _Row, terms: Terms) -> date | None:
    """The day that the page prints, where it added the row by a stamp earlier than that and than
    this day: only then does it matter which of the two counts.
    """
    entry = _entry_of(row, terms)
    printed = terms.printed_later(row.provision)
    if entry is None or printed is None:
        return None
    before = terms.on(entry.days.from_day - timedelta(days=1))
    return printed if before.not_yet(row.provision) is not None else None


def _entry_of(row: _Row, terms: Terms) -> DatedValue[str] | None:
    """The row as the list of the day states it, or None."""
    return next((one for one in terms.past_of(row.what) if terms.day in one.days), None)


def _names(row: _Row, terms: Terms) -> set[tuple[str, ...]]:
    """By what the row may be called: as the list of the day states it, else the first later one."""
    names: set[tuple[str, ...]] = set()
    for value in (row.order, row.what):
        for entry in terms.past_of(value):
            if entry.days.until_day is None or terms.day < entry.days.until_day:
                names |= {_words(name) for name in _names_in(entry.value)}
                break
    return names - {()}


def _names_in(text: str) -> Iterator[str]:
    """The whole text, the name at its beginning, and that without the word for what it is.

    Names of several places in one row are joined by "and".
    """
    name = _REST_OF_NAME.split(text)[0].strip()
    yield text
    yield name
    before, _, kind = name.rpartition(" ")
    places = {_ONE: [before], _SEVERAL: before.split(" and ")}.get(kind.casefold(), [])
    for place in places:
        yield place
        yield f"{place} {_ONE}"


def _words(text: str) -> tuple[str, ...]:
    """A name without regard to capitals, points and hyphens."""
    return tuple(_WORD.findall(text.casefold()))


def _named_by_none(named: str, terms: Terms) -> NamedByNoSheet:
    """The refusal for a name that no page held has by that day, with names like it."""
    known = {
        " ".join(_words(name)): name
        for row in _ROWS
        if (entry := _entry_of(row, terms)) is not None
        for name in _names_in(entry.value)
    }
    near = difflib.get_close_matches(" ".join(_words(named)), known, n=3, cutoff=0.6)
    like = f"Names like it: {', '.join(known[one] for one in near)}. " if near else ""
    return NamedByNoSheet(
        f"No list in force on {terms.day} names '{named[:60]}'",
        where="facts.named",
        why="The first page of the lists and pages of other days are not held",
        do=f"{like}Name it as the list does, or by its order; else look into those pages",
    )


RULES = (
    Rule(
        id="variances.listed",
        title="Waivers and variances listed for named places",
        room="billing",
        kind="eligibility",
        chapter="restrictions_and_variances",
        provisions=tuple(row.provision for row in _ROWS),
        governing_day="the day of the decision that rests on it",
        facts=ListedFacts,
        outcome=Listed,
        values=tuple(name for row in _ROWS for name in (row.order, row.what)),
        decide=decide_listed,
        readings=(STAMP_OR_PRINT,),
    ),
)
