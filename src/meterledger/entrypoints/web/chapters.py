"""The tariff book's contents and its chapters, each as it stands or stood on a day.

Lives here      gathering what these two pages show.
Lives elsewhere one provision (``provisions``), values in words (``clauses``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.chapter_words import (
    STATES,
    StateWords,
    chapter_title,
    natural_key,
    state_words,
)
from meterledger.entrypoints.web.addresses import (
    SheetPage,
    block_address,
    chapter_address,
    provision_address,
    sheets_of,
    values_of,
)
from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.clauses import (
    ValueWords,
    entry_address,
    series_address,
    short_meaning,
    value_words,
)
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.shelf import Claims, claims
from meterledger.entrypoints.web.system import Library
from meterledger.kernel.standing import Standing
from meterledger.rulebook.blocks import Instrument
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.provisions import Clause, Provision
from meterledger.rulebook.series import NoRuleInForce

KIND_TITLES = {
    "statute": "Statutes",
    "commission_rule": "Commission rules",
    "tariff": "Tariff",
    "practice": "Practices of the company",
    "company_promise": "Promises of the company",
    "information": "Information",
}


@dataclass(slots=True)
class ChapterRow:
    """A chapter in the contents: how many paragraphs of a rank's texts are in which state."""

    title: str
    address: str
    instruments: dict[str, Instrument] = field(default_factory=dict)
    provisions: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def numbers(self) -> list[int]:
        """The counts in the order of the states."""
        return [self.counts[one.state] for one in STATES]


@dataclass(frozen=True, slots=True)
class RankPart:
    """The instruments of one rank and kind, with their chapters and the sheets held of them."""

    rank: int
    title: str
    instruments: tuple[tuple[Instrument, tuple[SheetPage, ...]], ...]
    chapters: tuple[ChapterRow, ...]


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder of values whose sheet's text is not held."""

    title: str
    address: str
    values: int
    standings: str


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A value in a list, with what is in force on the day."""

    name: str
    meaning: str
    address: str
    now: ValueWords | None
    standing: str


@dataclass(frozen=True, slots=True)
class ProvisionRow:
    """A provision in its chapter, as it stood on the day; silence is shown as such."""

    provision: Provision
    address: str
    state: StateWords
    clause: Clause | None
    page_address: str
    silence: str
    values: tuple[SeriesRow, ...]


@dataclass(frozen=True, slots=True)
class ParagraphPart:
    """One paragraph of one printed page, with the provisions it states."""

    clause: Clause
    page_address: str
    rows: tuple[ProvisionRow, ...]

    @property
    def carried_forward(self) -> bool:
        """Whether the text has ended and is carried forward."""
        return self.clause.standing is Standing.CARRIED_FORWARD


@public("read the tariff book")
def contents(request: HttpRequest, library: Library) -> HttpResponse:
    """Instruments by rank with their chapters, rate options, and values without a text."""
    known = day_asked(request, "known")
    view = library.book.as_known(known) if known else library.view
    parts = _parts(view, claims(library))
    context = {
        "view": view,
        "parts": parts,
        "states": STATES,
        "schedules": [
            (view.series(code).meaning, series_address(view, code))
            for code in view.schedule_codes()
        ],
        "folders": _folders(view),
        "provisions": len(view.provisions()),
        "pages": len(view.pages.blocks),
        "known": known,
    }
    return render(request, "web/book.html", context)


@public("read a chapter of the tariff book")
def chapter_page(request: HttpRequest, library: Library, chapter: str) -> HttpResponse:
    """A chapter's provisions in order of paragraph, and its values, on a day.

    :raises NoSuchValue: if the book has no such chapter
    """
    view, today = library.view, library.now.date()
    day = day_asked(request, "on") or today
    provisions = [one for one in view.provisions() if one.chapter == chapter]
    own = {name for one in provisions for name in values_of(view).get(one.id, ())}
    others = [name for name in _in_folder(view, chapter) if name not in own]
    if not provisions and not others:
        known = sorted({one.chapter for one in view.provisions()} | _folder_names(view))
        raise NoSuchValue(
            f"The book has no chapter '{chapter[:60]}'", do=f"Read one of {', '.join(known)}"
        )
    rows = [_provision_row(view, one, day, claims(library)) for one in provisions]
    context = {
        "title": chapter_title(chapter),
        "parts": _by_paragraph(rows),
        "silent": [row for row in rows if row.clause is None],
        "others": [series_row(view, name, day) for name in others],
        "days": _days_of_change(provisions),
        "day": day,
        "today": today,
    }
    return render(request, "web/chapter.html", context)


def series_row(view: BookView, name: str, day: date, *, within: str = "") -> SeriesRow:
    """A value as it stood on a day; ``within`` is the title under which it is shown."""
    series = view.series(name)
    now = series.covering(day)
    return SeriesRow(
        name=name,
        meaning=short_meaning(series.meaning, within),
        address=entry_address(view, name, day) or series_address(view, name),
        now=value_words(view.kind_of(name), series.unit, now) if now else None,
        standing=now.standing.value.replace("_", " ") if now else "",
    )


def _parts(view: BookView, claimed: Claims) -> list[RankPart]:
    """The chapters by the rank and kind of their instruments, the highest rank first."""
    ranks: dict[tuple[int, str], dict[str, ChapterRow]] = {}
    for provision in view.provisions():
        for version in provision.versions:
            instrument = view.pages.instruments[view.pages.blocks[version.block].instrument]
            chapters = ranks.setdefault((instrument.rank, instrument.kind), {})
            if provision.chapter not in chapters:
                title = chapter_title(provision.chapter)
                chapters[provision.chapter] = ChapterRow(title, chapter_address(provision.chapter))
            row = chapters[provision.chapter]
            state = claimed.states.get((provision.id, version.block))
            row.instruments[instrument.name] = instrument
            row.provisions.add(provision.id)
            row.counts[state_words(state.value if state else None).state] += 1
    return [
        RankPart(
            rank,
            KIND_TITLES[kind],
            _instruments(view, chapters.values()),
            tuple(row for _, row in sorted(chapters.items())),
        )
        for (rank, kind), chapters in sorted(ranks.items())
    ]


def _instruments(
    view: BookView, rows: Iterable[ChapterRow]
) -> tuple[tuple[Instrument, tuple[SheetPage, ...]], ...]:
    sheets = sheets_of(view).values()
    found = {name: one for row in rows for name, one in row.instruments.items()}
    return tuple(
        (instrument, tuple(one for one in sheets if one.instrument == name))
        for name, instrument in sorted(found.items(), key=lambda one: natural_key(one[0]))
    )


def _folders(view: BookView) -> list[FolderRow]:
    """Folders whose values stand on no provision: their sheets' texts are not held."""
    named: dict[str, list[str]] = {}
    for name in view.names():
        if not view.provision_of(name) and view.kind_of(name) != "schedule":
            named.setdefault(_folder(view, name), []).append(name)
    return [
        FolderRow(
            title=chapter_title(folder),
            address=chapter_address(folder),
            values=len(names),
            standings=_standings(view, names),
        )
        for folder, names in sorted(named.items())
    ]


def _standings(view: BookView, names: Iterable[str]) -> str:
    found = {dated.standing for name in names for dated in view.series(name).values}
    ordered = sorted(found, key=lambda one: one.weakness)
    return ", ".join(one.value.replace("_", " ") for one in ordered).capitalize()


def _folder(view: BookView, name: str) -> str:
    return view.file_of(name).partition("/")[0]


def _folder_names(view: BookView) -> set[str]:
    return {_folder(view, name) for name in view.names()}


def _in_folder(view: BookView, chapter: str) -> list[str]:
    return [
        name
        for name in view.names()
        if _folder(view, name) == chapter and view.kind_of(name) != "schedule"
    ]


def _provision_row(
    view: BookView, provision: Provision, day: date, claimed: Claims
) -> ProvisionRow:
    clause, silence = None, ""
    try:
        clause = view.clause(provision.id, day)
        block = clause.block
    except NoRuleInForce as refusal:
        silence, block = refusal.what, provision.versions[-1].block
    state = claimed.states.get((provision.id, block))
    return ProvisionRow(
        provision=provision,
        address=provision_address(provision.id),
        state=state_words(state.value if state else None),
        clause=clause,
        page_address=block_address(view, block),
        silence=silence,
        values=tuple(
            row
            for name in values_of(view).get(provision.id, ())
            if (row := series_row(view, name, day, within=provision.title)).now is not None
        ),
    )


def _by_paragraph(rows: Iterable[ProvisionRow]) -> list[ParagraphPart]:
    """Provisions in force, together where one paragraph of a page states them, in its order."""
    groups: dict[tuple[str, str, Standing], list[tuple[Clause, ProvisionRow]]] = {}
    for row in rows:
        if row.clause is not None:
            key = (row.clause.block, row.clause.citation.paragraph, row.clause.standing)
            groups.setdefault(key, []).append((row.clause, row))
    parts = [
        ParagraphPart(group[0][0], group[0][1].page_address, tuple(row for _, row in group))
        for group in groups.values()
    ]
    return sorted(
        parts,
        key=lambda one: (
            natural_key(one.clause.citation.paragraph),
            natural_key(one.clause.citation.sheet),
        ),
    )


def _days_of_change(provisions: Iterable[Provision]) -> list[date]:
    """The days on which some text of the chapter began or ended."""
    found: set[date] = set()
    for provision in provisions:
        for version in provision.versions:
            found.add(version.days.from_day)
            if version.days.until_day is not None:
                found.add(version.days.until_day)
    return sorted(found)
