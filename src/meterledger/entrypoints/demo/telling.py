"""The story as printed: a line for each month, what was odd, one bill, what holds.

Lives here      words and tables for a person; color on a terminal, plain text elsewhere.
Lives elsewhere the facts (``chronicle``), the checks (``proofs``).
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from meterledger.entrypoints.cli.words import STANDING_WORDS
from meterledger.entrypoints.demo.chronicle import FileTold, MonthTold, PaymentTold
from meterledger.entrypoints.demo.finance import Books
from meterledger.entrypoints.demo.folder import Life
from meterledger.entrypoints.demo.proofs import HomeEnergy
from meterledger.entrypoints.demo.town import LAST_RUN_DAY, Simulated, Town
from meterledger.facts.bills import HeldBill
from meterledger.kernel.money import usd_display
from meterledger.kernel.written_counts import many
from meterledger.usecases.finance_aging import BUCKETS

PLAIN_WIDTH = 120
_COLUMNS = (
    ("month", 8),
    ("files", 5),
    ("intervals", 10),
    ("kWh read", 11),
    ("bills", 6),
    ("kWh billed", 11),
    ("billed", 12),
    ("held", 5),
    ("paid", 12),
)


_STYLES = {
    "REFUSED": "red",
    "HELD": "yellow",
    "decided": "green",
    "rebill": "green",
    "returned": "red",
    "unknown": "yellow",
}


class _Aside(NamedTuple):
    """Something that is not everyday, beneath its month."""

    day: date
    word: str
    sentence: str


class Teller:
    """Prints the story as it happens."""

    def __init__(self, console: Console | None = None) -> None:
        """On a terminal its width is used; elsewhere lines are as wide as the tables need."""
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self._holds_told: set[str] = set()

    def opening(self, town: Town, book_name: str, sheets: int, *, life: Life) -> None:
        """Who lives here, by which book, and how far they have come."""
        simulated = sum(isinstance(home.source, Simulated) for home in town.homes)
        real = len(town.homes) - simulated
        first = min(stay.from_day for stay in town.stays)
        self.console.print()
        self.console.rule(Text("A town lives its months", style="bold"), align="left")
        self.console.print(
            f"{len(town.homes)} homes, {real} on real meter series and {simulated} simulated, "
            f"{len({stay.account_id for stay in town.stays})} accounts, three reading cycles, five "
            f"rate options, {first} to {LAST_RUN_DAY}.\n"
            f"Tariff book {book_name}: {sheets} dated series. Real series are moved here "
            "by whole weeks; whose they are: src/meterledger/entrypoints/demo/data/README.md"
        )
        self.console.print()
        if life is Life.LIVED:
            self.console.print("The town has lived its months; --fresh lets it begin anew.")
            return
        if life is Life.LIVING:
            self.console.print("Going on where it stopped: what is done already stays as it is.")
        self.console.print(Text(_columns([name for name, _ in _COLUMNS]), style="bold"))

    def month(self, month: MonthTold) -> None:
        """One line, and beneath it what was not everyday."""
        stored = [one for one in month.files if one.status == "stored"]
        self.console.print(
            _columns(
                [
                    month.first_day.strftime("%Y-%m"),
                    str(len(month.files)),
                    f"{sum(one.readings for one in stored):,}",
                    _kwh(month.measured_wh),
                    str(len(month.bills)),
                    _kwh(month.billed_wh),
                    usd_display(month.billed_cents),
                    str(len(month.held)),
                    usd_display(month.paid_cents),
                ]
            )
        )
        asides = [_Aside(one.day, "moves", f"{one.sentence}.") for one in month.events]
        asides += [_Aside(one.day, "night", f"{one.sentence}.") for one in month.nights]
        asides += [aside for one in month.files if (aside := _of_file(one)) is not None]
        asides += [aside for one in month.payments if (aside := _of_payment(one)) is not None]
        asides += [self._of_hold(day, held) for day, held in month.held]
        asides += [_Aside(one.day, one.word, one.sentence) for one in month.acts]
        asides += _of_late(month)
        for aside in sorted(asides, key=lambda one: one.day):
            style = _STYLES.get(aside.word, "dim")
            text = Text.assemble((f"{aside.word:<9}", style), f"{aside.day}  {aside.sentence}")
            self.console.print(Padding(text, (0, 0, 0, 9)))

    def _of_hold(self, day: date, held: HeldBill) -> _Aside:
        """A hold in full the first time; afterwards that it still stands."""
        if held.sentence in self._holds_told:
            return _Aside(day, "HELD", f"Account {held.account_id}: still held, as before.")
        self._holds_told.add(held.sentence)
        return _Aside(day, "HELD", held.sentence)

    def bill(self, record: dict[str, Any], address: str) -> None:
        """One bill, every line with its clause."""
        self.console.print()
        title = f"One bill, line by line: {record['bill']}"
        self.console.rule(Text(title, style="bold"), align="left")
        usage = record["usage"]
        self.console.print(
            f"{record['schedule']} at {address}, {record['from']} to {record['to']}, "
            f"{_kwh(usage['energy_wh'])} kWh in {usage['interval_count']:,} intervals of "
            f"{_length(usage['interval_seconds'])}, due {record['due']}"
        )
        table = Table(box=None, padding=(0, 2, 0, 0), expand=False)
        for heading, justify in (
            ("line", "left"),
            ("days", "left"),
            ("quantity", "right"),
            ("price", "right"),
            ("USD", "right"),
            ("clause", "left"),
        ):
            table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for line in record["lines"]:
            table.add_row(
                line["label"],
                f"{line['from'][5:]} to {line['to'][5:]}",
                f"{line['quantity']} {line['unit']}",
                line["price_usd"],
                line["usd"],
                line["citations"][0]["text"],
            )
        table.add_row(Text("Total", style="bold"), "", "", "", Text(record["total_usd"]), "")
        self.console.print(table)
        if record["standing"] != "filed":
            words = STANDING_WORDS[record["standing"]]
            self.console.print(f"Standing: {record['standing']} - {words}.")

    def books(self, books: Books) -> None:
        """Aging and trial balance, with what they tie to."""
        self.console.print()
        self.console.rule(Text(f"The books on {books.aging.at}", style="bold"), align="left")
        aging = Table(box=None, padding=(0, 2, 0, 0), expand=False)
        aging.add_column("owed, by days past due")
        for name in (*BUCKETS, "credits"):
            aging.add_column(name, justify="right")
        for word, row in (*books.aging.by_class.items(), ("all", books.aging.totals)):
            aging.add_row(word.replace("_", " "), *(usd_display(cents) for cents in row))
        self.console.print(aging)
        self.console.print()
        trial = Table(box=None, padding=(0, 2, 0, 0), expand=False)
        for name in ("account", "debits", "credits", "closing"):
            trial.add_column(name, justify="left" if name == "account" else "right")
        for one in books.trial.rows:
            cents = (one.debit_cents, one.credit_cents, one.closing_cents)
            trial.add_row(f"{one.ledger_account} {one.name}", *map(usd_display, cents))
        self.console.print(trial)
        for tie in (*books.aging.ties, *books.trial.ties):
            sign = "=" if tie.holds else "IS NOT"
            left, right = tie.words(tie.left_cents), tie.words(tie.right_cents)
            self.console.print(f"{tie.says}: {left} {sign} {right}")
        for item in books.monitors.items:
            if item.count:
                self.console.print(
                    f"Unexplained: {item.words}, {item.count}, {usd_display(item.cents)}; "
                    f"{item.owner} looks."
                )

    def proofs(self, lines: list[tuple[bool, str]]) -> None:
        """What was counted at the end, each line with its verdict."""
        self.console.print()
        self.console.rule(Text("What holds", style="bold"), align="left")
        for holds, sentence in lines:
            word, style = ("holds ", "green") if holds else ("BROKEN", "bold red")
            self.console.print(Text.assemble((word, style), f"  {sentence}"))

    def closing(self, sentences: list[str]) -> None:
        """What to do next."""
        self.console.print()
        for sentence in sentences:
            self.console.print(sentence, soft_wrap=True)


def _of_late(month: MonthTold) -> list[_Aside]:
    """One line for the late charges of a month."""
    charged = sum(one.charged for one in month.late)
    if not charged:
        return []
    considered = sum(one.considered for one in month.late)
    sentence = (
        f"{considered} accounts looked at before their bills, {charged} charged for paying late: "
        f"{usd_display(month.late_cents)}."
    )
    return [_Aside(month.late[-1].day, "late", sentence)]


def _of_file(told: FileTold) -> _Aside | None:
    """What is worth saying of a file; nothing of an everyday one."""
    because = f" ({told.note})" if told.note else ""
    if told.status == "refused":
        return _Aside(told.day, "REFUSED", f"{told.sentence}{because}")
    if told.status == "known":
        return _Aside(told.day, "known", f"{told.name}: nothing changed{because}.")
    if not told.note and not told.quarantined:
        return None
    aside = f", {many(told.quarantined, 'line')} set aside" if told.quarantined else ""
    return _Aside(
        told.day, "read", f"{told.name}: {many(told.readings, 'reading')}{aside}{because}."
    )


def _of_payment(told: PaymentTold) -> _Aside | None:
    if told.status == "posted":
        return None
    if told.status == "refused":
        return _Aside(told.day, "REFUSED", told.sentence)
    amount = usd_display(told.cents)
    return _Aside(told.day, "known", f"payment {told.key} of {amount} came again: posted once.")


def energy_sentence(homes: list[HomeEnergy]) -> tuple[bool, str]:
    """Energy measured = billed + held + replaced since, to the watt-hour, home by home."""
    measured = sum(one.measured_wh for one in homes)
    billed = sum(one.billed_wh for one in homes)
    held = sum(one.held_wh for one in homes)
    off = [one.home.name for one in homes if one.unexplained_wh != 0]
    since = sum(one.replaced_wh for one in homes)
    late = f" {'+' if since > 0 else '-'} {abs(since):,} Wh read late, billed on estimates" * (
        since != 0
    )
    sentence = (
        f"{measured:,} Wh measured = {billed:,} Wh billed + {held:,} Wh held{late}, "
        f"{measured - billed - held - since:,} Wh unexplained, in each of {len(homes)} homes"
    )
    return (not off, sentence if not off else f"{sentence}; not in {', '.join(off)}")


def _columns(words: list[str]) -> str:
    first, *rest = words
    cells = [first.ljust(_COLUMNS[0][1])]
    cells += [word.rjust(width) for word, (_, width) in zip(rest, _COLUMNS[1:], strict=True)]
    return "  ".join(cells)


def _length(seconds: int | None) -> str:
    return "several lengths" if seconds is None else f"{seconds // 60} minutes"


def _kwh(wh: int) -> str:
    return f"{wh // 1000:,}.{wh % 1000:03d}"
