"""Whether what one file of the book says of another is so: citations, provisions, pages, readings.

Lives here      checks that need the whole book's texts; each names file, line and what to do.
Lives elsewhere names that values use of each other (``names``), one file's form (``parsing``,
                ``blocks``, ``provisions``, ``readings``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from meterledger.kernel.citation import Citation
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.kernel.written_days import EARLIEST_YEAR, day_from_text
from meterledger.rulebook.blocks import BLOCKS_FILE, GAPS_FILE, INSTRUMENTS_FILE, Pages
from meterledger.rulebook.errors import TariffFileBroken, broken
from meterledger.rulebook.parsing import ParsedSeries
from meterledger.rulebook.provisions import AfterLastText, Provision
from meterledger.rulebook.readings import Changes, ReadingRecord

Parsed = dict[str, ParsedSeries]


def check_texts(
    parsed: Parsed,
    pages: Pages,
    provisions: dict[str, Provision],
    readings: dict[str, ReadingRecord],
) -> list[TariffFileBroken]:
    """Every reference in the book that leads nowhere. A book without pages has none to check."""
    found: list[TariffFileBroken] = []
    if pages.blocks:
        found += _pages(pages)
        for series in parsed.values():
            found += _citations(series, pages)
    for provision in provisions.values():
        found += _versions(provision, pages)
    for series in parsed.values():
        found += _series(series, parsed, pages, provisions, readings)
    for reading in readings.values():
        found += _reading(reading, parsed, provisions)
    return found


def _pages(pages: Pages) -> Iterator[TariffFileBroken]:
    for block in pages.blocks.values():
        if block.instrument not in pages.instruments:
            yield broken(
                f"The page '{block.block}' is of '{block.instrument}', which {INSTRUMENTS_FILE} "
                "does not know",
                file=BLOCKS_FILE,
                line=block.line,
                do=f"Correct the name, or add the instrument to {INSTRUMENTS_FILE}",
            )


def _citations(series: ParsedSeries, pages: Pages) -> Iterator[TariffFileBroken]:
    for entry in series.entries:
        dated = entry.dated
        filed = dated.standing in (Standing.FILED, Standing.CARRIED_FORWARD)
        for citation, weight in (
            (dated.citation, filed),
            *((one, False) for one in dated.limited_by),
        ):
            what, do = pages.what_is_wrong_with(citation, filed=weight)
            if what:
                yield broken(what, file=series.file, line=entry.line, do=do)
        what, do = _outside_its_page(dated.citation, dated.days.from_day, dated.standing, pages)
        if what:
            yield broken(what, file=series.file, line=entry.line, do=do)


def _outside_its_page(
    citation: Citation, from_day: date, standing: Standing, pages: Pages
) -> tuple[str, str]:
    """A filed value begins on a day on which its page is in force; carried forward, after it."""
    block = pages.block_cited(citation)
    if block is None:
        return "", ""
    where = f"{citation.sheet}, revision {citation.revision}, was in force {block.days}"
    if standing is Standing.FILED and from_day not in block.days:
        return (
            f"The value begins on {from_day}, and {where}",
            "Correct the day or cite the revision that was in force on it",
        )
    if standing is Standing.CARRIED_FORWARD and from_day in block.days:
        return (
            f"The value is carried forward from {from_day}, and {where}",
            "Begin it on the day on which the page ended, or state that it is filed",
        )
    return "", ""


def _versions(provision: Provision, pages: Pages) -> Iterator[TariffFileBroken]:
    for version in provision.versions:
        block = pages.blocks.get(version.block)
        if block is None:
            yield broken(
                f"'{provision.id}' stands on the page '{version.block}', which {BLOCKS_FILE} does "
                "not know",
                file=provision.file,
                line=version.line,
                do=f"Correct the page, or add it to {BLOCKS_FILE}",
            )
        elif version.paragraph not in block.paragraphs:
            yield broken(
                f"The page '{version.block}' has no paragraph '{version.paragraph}'",
                file=provision.file,
                line=version.line,
                do=f"Cite one it has ({', '.join(sorted(block.paragraphs))})",
            )
        elif not _within(version.days, block.days):
            yield broken(
                f"The version is in force {version.days}, and its page '{version.block}' was "
                f"{block.days}",
                file=provision.file,
                line=version.line,
                do="Correct the days, or name the page that was in force on them",
            )
    if provision.gap and provision.gap not in pages.gaps:
        yield broken(
            f"'{provision.id}' names the gap '{provision.gap}', which {GAPS_FILE} does not know",
            file=provision.file,
            line=provision.line,
            do=f"Correct the gap, or add it to {GAPS_FILE}",
        )


def _within(days: Validity, page: Validity) -> bool:
    """Whether a page is in force on every one of the days."""
    return days.from_day in page and (
        page.until_day is None or (days.until_day is not None and days.until_day <= page.until_day)
    )


def _series(
    series: ParsedSeries,
    parsed: Parsed,
    pages: Pages,
    provisions: dict[str, Provision],
    readings: dict[str, ReadingRecord],
) -> Iterator[TariffFileBroken]:
    first = series.entries[0].line if series.entries else 1
    if series.gap and series.gap not in pages.gaps:
        yield broken(
            f"The file names the gap '{series.gap}', which {GAPS_FILE} does not know",
            file=series.file,
            line=1,
            do=f"Correct the gap, or add it to {GAPS_FILE}",
        )
    if series.provision and series.provision not in provisions:
        yield broken(
            f"'{series.name}' is said to stand in the provision '{series.provision}', which the "
            "book does not have",
            file=series.file,
            line=1,
            do="Correct the id, or add the provision to its chapter's provisions.yaml",
        )
    if series.reading_key and readings and series.reading_key not in readings:
        yield broken(
            f"'{series.name}' rests on the reading '{series.reading_key}', which the book does not "
            "have",
            file=series.file,
            line=1,
            do="Correct the key, or add the reading to readings/",
        )
    if series.limits:
        capped = parsed.get(series.limits)
        if capped is None or capped.kind != series.kind or capped.unit != series.unit:
            what = "which is in no file" if capped is None else "which is of another kind or unit"
            yield broken(
                f"'{series.name}' limits '{series.limits}', {what}",
                file=series.file,
                line=1,
                do="Name a value of the same kind and unit",
            )
    if series.starts and series.entries:
        yield from _starts(series, readings, first)
    for entry in series.entries:
        dated = entry.dated
        if dated.gap and dated.gap not in pages.gaps:
            yield broken(
                f"The value names the gap '{dated.gap}', which {GAPS_FILE} does not know",
                file=series.file,
                line=entry.line,
                do=f"Correct the gap, or add it to {GAPS_FILE}",
            )
        provision = provisions.get(series.provision)
        carried = dated.standing is Standing.CARRIED_FORWARD
        if carried and provision is not None and (provision.gap and not dated.gap):
            yield broken(
                "The value is carried forward and does not name the gap because of which it is",
                file=series.file,
                line=entry.line,
                do=f"Add gap: {provision.gap}",
            )
        if carried and provision is not None and not _may_be_carried(provision):
            yield broken(
                f"The value is carried forward, and its provision says '"
                f"{provision.after_last_text.value}' after the last text",
                file=series.file,
                line=entry.line,
                do="Take the entry out, or correct what holds after the last text",
            )


def _may_be_carried(provision: Provision) -> bool:
    return provision.after_last_text is AfterLastText.CARRY_FORWARD


def _starts(
    series: ParsedSeries, readings: dict[str, ReadingRecord], line: int
) -> Iterator[TariffFileBroken]:
    reading = readings.get(series.starts)
    first_day = series.entries[0].dated.days.from_day
    if reading is None:
        yield broken(
            f"'{series.name}' starts by the reading '{series.starts}', which the book does not "
            "have",
            file=series.file,
            line=1,
            do="Correct the key, or add the reading to readings/",
        )
        return
    if not all(_is_day(option) for option in reading.options):
        yield broken(
            f"'{series.name}' starts by the reading '{series.starts}', whose options are not days",
            file=series.file,
            line=1,
            do="Name a reading whose options are days",
        )
    elif reading.choices[-1].option != first_day.isoformat():
        yield broken(
            f"The limit begins on {first_day}, and the reading '{series.starts}' chose "
            f"{reading.choices[-1].option}",
            file=series.file,
            line=line,
            do="State the chosen day, or choose the day in the reading",
        )


def _is_day(option: str) -> bool:
    return day_from_text(option, first=EARLIEST_YEAR) is not None


def _reading(
    reading: ReadingRecord, parsed: Parsed, provisions: dict[str, Provision]
) -> Iterator[TariffFileBroken]:
    for one in reading.provisions:
        if one not in provisions:
            yield broken(
                f"The reading '{reading.key}' concerns the provision '{one}', which the book does "
                "not have",
                file=reading.file,
                line=1,
                do="Correct the id",
            )
    if reading.changes is Changes.VALUE:
        series = parsed.get(reading.value)
        if series is None or series.reading_key != reading.key:
            yield broken(
                f"The reading '{reading.key}' is said to be carried by '{reading.value}', whose "
                "file does not say so",
                file=reading.file,
                line=1,
                do=f"Name the value whose reading_key is {reading.key}",
            )
