"""What one file says of another: every name resolves, to a value of the kind that is needed.

Lives here      which check a value of each kind needs; calendars and classes of service.
Lives elsewhere schedules and programmes (``names_schedule``), one file's form (``parsing``),
                walking the folder (``loading``).
"""

from __future__ import annotations

from meterledger.rulebook.errors import broken
from meterledger.rulebook.names_schedule import Book, check_program, check_schedule, need
from meterledger.rulebook.parsing import Entry, ParsedSeries
from meterledger.rulebook.parsing_schedules import ScheduleBody
from meterledger.rulebook.schedule import Program, ServiceClass, TimeOfUse


def check_names(series: ParsedSeries, book: Book) -> None:
    """Check what a file's values say of other files.

    :raises TariffFileBroken: naming the file, the entry's line, what is wrong and what to do
    """
    for entry in series.entries:
        value = entry.dated.value
        if isinstance(value, TimeOfUse):
            need(value.holidays, "holidays", series, entry, book)
        if isinstance(value, ServiceClass):
            for code in value.schedules:
                need(code, "schedule", series, entry, book)
                _check_one_class(code, series, entry, book)
        if isinstance(value, ScheduleBody):
            check_schedule(value, series, entry, book)
        if isinstance(value, Program):
            check_program(value, series, entry, book)


def _check_one_class(code: str, series: ParsedSeries, entry: Entry, book: Book) -> None:
    """A schedule is of one class on a day: two files may not name it for the same days."""
    for other in book.values():
        if other.kind != "service_class" or other.name <= series.name:
            continue
        for one in other.entries:
            if code in one.dated.value.schedules and one.dated.days.overlaps(entry.dated.days):
                raise broken(
                    f"The schedule '{code}' is of the class of '{other.name}' and of that of "
                    f"'{series.name}' on the same days",
                    file=other.file,
                    line=one.line,
                    do="Name it in one of the two, or let one end where the other begins",
                )
