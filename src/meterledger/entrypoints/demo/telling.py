"""The story as printed: a line for each month, what was odd, one bill, what holds.

Lives here      words and tables for a person; color on a terminal, plain text elsewhere.
Lives elsewhere the facts (``chronicle``), the checks (``proofs``).
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from meterledger.entrypoints.cli.words import STANDING_WORDS
from meterledger.entrypoints.demo.chronicle import FileTold, MonthTold, PaymentTold
from meterledger.entrypoints.demo.proofs import HomeEnergy
from meterledger.entrypoints.demo.town import LAST_RUN_DAY, Simulated, Town
from meterledger.kernel.money import usd_display

PLAIN_WIDTH = 112
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


class Teller:
    """Prints the story as it happens."""

    def __init__(self, console: Console | None = None) -> None:
        """On a terminal its width is used; elsewhere lines are as wide as the tables need."""
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH

    def opening(self, town: Town, book_name: str, sheets: int) -> None:
        """Who lives here, by which book."""
        simulated = sum(isinstance(home.source, Simulated) for home in town.homes)
        real = len(town.homes) - simulated
        first = min(stay.from_day for stay in town.stays)
        self.console.print()
        self.console.rule(Text("A town lives its months", style="bold"), align="left")
        self.console.print(
            f"{len(town.homes)} homes, {real} on real meter series and {simulated} simulated, "
            f"{len({stay.account_id for stay in town.stays})} accounts, three reading cycles, five "
            f"rate options, {first} to {LAST_RUN_DAY}.\n"
            f"Tariff book {book_name}: {sheets} dated series. Real series are moved to these months "
            "by whole weeks; whose they are: src/meterledger/entrypoints/demo/data/README.md"
        )
        self.console.print()
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
        for event in month.events:
            self._aside("moves", event.day, event.sentence + ".")
        for told in month.files:
            self._file(told)
        for day, held in month.held:
            self._aside("HELD", day, held.sentence, style="yellow")
        for payment in month.payments:
            self._payment(payment)

    def _file(self, told: FileTold) -> None:
        because = f" ({told.note})" if told.note else ""
        if told.status == "refused":
            self._aside("REFUSED", told.day, f"{told.sentence}{because}", style="red")
        elif told.status == "known":
            sentence = f"{told.name} is known already: nothing changed{because}."
            self._aside("known", told.day, sentence)
        elif told.note or told.quarantined:
            aside = f", {told.quarantined} lines set aside" if told.quarantined else ""
            self._aside("read", told.day, f"{told.name}: {told.readings} readings{aside}{because}.")

    def _payment(self, told: PaymentTold) -> None:
        if told.status == "known":
            self._aside(
                "known",
                told.day,
                f"payment {told.key} of {usd_display(told.cents)} came twice and posted once.",
            )
        elif told.status == "refused":
            self._aside("REFUSED", told.day, told.sentence, style="red")

    def _aside(self, word: str, day: object, sentence: str, style: str = "dim") -> None:
        text = Text.assemble((f"{word:<8}", style), f"{day}  {sentence}")
        self.console.print(Padding(text, (0, 0, 0, 9)))

    def bill(self, record: dict[str, Any], address: str) -> None:
        """One bill, every line with its clause."""
        self.console.print()
        title = f"One bill, line by line: {record['bill']}"
        self.console.rule(Text(title, style="bold"), align="left")
        usage = record["usage"]
        self.console.print(
            f"{record['schedule']} at {address}, {record['from']} to {record['to']}, "
            f"{_kwh(usage['energy_wh'])} kWh in {usage['interval_count']:,} intervals of "
            f"{usage['interval_seconds'] // 60} minutes, due {record['due']}"
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


def energy_sentence(homes: list[HomeEnergy]) -> tuple[bool, str]:
    """Energy measured = energy billed + energy held, to the watt-hour, home by home."""
    measured = sum(one.measured_wh for one in homes)
    billed = sum(one.billed_wh for one in homes)
    held = sum(one.held_wh for one in homes)
    off = [one.home.name for one in homes if one.unexplained_wh != 0]
    sentence = (
        f"{measured:,} Wh measured = {billed:,} Wh billed + {held:,} Wh held, "
        f"{measured - billed - held:,} Wh unexplained, in each of {len(homes)} homes"
    )
    return (not off, sentence if not off else f"{sentence}; not in {', '.join(off)}")


def _columns(words: list[str]) -> str:
    first, *rest = words
    cells = [first.ljust(_COLUMNS[0][1])]
    cells += [word.rjust(width) for word, (_, width) in zip(rest, _COLUMNS[1:], strict=True)]
    return "  ".join(cells)


def _kwh(wh: int) -> str:
    return f"{wh // 1000:,}.{wh % 1000:03d}"
