"""One demo: the town lives in an opened system, is told, and what must hold is counted.

Lives here      living, counting and the answer of ``demo --json``.
Lives elsewhere the command line (``cli/demo``), the story and its proofs (beside this).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from meterledger.billing import WayOut
from meterledger.entrypoints.demo.chronicle import MonthTold
from meterledger.entrypoints.demo.deposits import LATE_HOME
from meterledger.entrypoints.demo.episodes import BUDGET_HOME
from meterledger.entrypoints.demo.finance import Books, books_of, money_holds
from meterledger.entrypoints.demo.paper import PaperTold
from meterledger.entrypoints.demo.proofs import (
    all_bills,
    bills_of_the_story,
    differences_that_do_not_add_up,
    energy_of_bill,
    energy_of_homes,
    fingerprint,
    journal_fingerprint,
    record_of,
    replayed,
    shadow_of_last_month,
)
from meterledger.entrypoints.demo.receiving import receiver
from meterledger.entrypoints.demo.story import Story, Utility
from meterledger.entrypoints.demo.telling import energy_sentence
from meterledger.entrypoints.demo.town import LAST_RUN_DAY, Town
from meterledger.kernel.money import cents_from_text, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import tiles
from meterledger.ledger import account_name, control_sums
from meterledger.rating import CALCULATION_REVISION
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.settle_held import ways_out

SHOWN_HOME = "CA-5"
SHOWN_UNTIL = date(2025, 10, 21)
"""The bill that is explained: a real home, over the change of season and rider on 1 October."""
CLOCK_CHANGES = (date(2025, 11, 2), date(2026, 3, 8))
REPLAYED_BILLS = 24

Proof = tuple[bool, str]


class NotOnlyTheTown(Refusal):
    """The system of record holds accounts of somebody else."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What the demo found at the end."""

    bills: list[StoredBill]
    proofs: list[Proof]
    shown: dict[str, Any]
    shown_address: str
    fingerprint: str
    journal_fingerprint: str
    waiting: list[str]
    """Held bills that a person may let go: their cases."""
    corrected: list[StoredBill]
    budget_account: str
    books: Books
    late_account: str
    """Somebody whose payments, charges and deposit are a story."""
    paper: PaperTold | None = None
    """The documents of the last cycle; None where nobody made them."""


def refuse_strangers(town: Town, utility: Utility) -> None:
    """Stop before the town mixes with a real utility's data.

    :raises NotOnlyTheTown: naming an account that is not the town's
    """
    ours = {stay.account_id for stay in town.stays}
    strangers = [account for account in utility.store.account_ids() if account not in ours]
    if strangers:
        raise NotOnlyTheTown(
            f"The system holds {len(strangers)} accounts that are not the town's, like "
            f"{strangers[0]}",
            why="The town never mixes with other data",
            do="Unset DATABASE_URL, or name a new folder with --data",
        )


def live_months(
    town: Town, utility: Utility, inbox: Path, on_month: Callable[[MonthTold], None]
) -> list[MonthTold]:
    """Live all months; each is handed on when it is over. Safe to do again."""
    months: list[MonthTold] = []
    for month in Story(town, utility, inbox, receiver(utility)).live():
        on_month(month)
        months.append(month)
    return months


def count(town: Town, utility: Utility, inbox: Path) -> Lived:
    """Count what must hold, over everything stored."""
    story = Story(town, utility, inbox, receiver(utility))
    story.remember_measured()
    bills = all_bills(utility)
    books = books_of(utility)
    homes = energy_of_homes(town, utility, story.measured_wh, LAST_RUN_DAY)
    proofs = [
        energy_sentence(homes),
        _books_balance(utility),
        _periods_tile(bills),
        *_lines_add_up(bills),
        _made_again(utility, bills),
        _differences(utility, bills),
        _shadow(utility),
        *money_holds(utility, books),
    ]
    shown = _shown(town, bills)
    home = town.home(SHOWN_HOME)
    return Lived(
        bills=bills,
        proofs=proofs,
        shown=explained(utility, shown),
        shown_address=f"{home.address}, {home.city}",
        fingerprint=fingerprint(bills_of_the_story(utility)),
        journal_fingerprint=journal_fingerprint(utility),
        waiting=[
            case.case_id for case in utility.store.held_cases() if WayOut.RELEASE in ways_out(case)
        ],
        corrected=[one for one in bills if one.corrects is not None],
        budget_account=town.stays_at(BUDGET_HOME)[0].account_id,
        books=books,
        late_account=town.stays_at(LATE_HOME)[0].account_id,
    )


def look_further(lived: Lived) -> list[tuple[str, str]]:
    """Commands that show more of what the town lived, each with what it shows."""
    found = [(f"why {lived.shown['bill']}", "each line of this bill to its inputs and clause")]
    found += [
        (f"why {one.bill_id} --versus {one.corrects}", "what a true-up changed, and why")
        for one in lived.corrected[:1]
    ]
    found += [
        (f"held show {case}", "a bill that the gate holds: release it, or find what is wrong")
        for case in lived.waiting[:1]
    ]
    since = LAST_RUN_DAY.replace(day=1, month=LAST_RUN_DAY.month - 1)
    return [
        *found,
        (f"budget show {lived.budget_account}", "asked and charged, month by month"),
        (f"ledger show {lived.late_account}", "bills, late charges and a deposit, as a story"),
        (f"compare {lived.budget_account}", "the same usage on every rate option"),
        (f"bill-cycle --shadow --since {since} --on {LAST_RUN_DAY}", "every bill made again"),
    ]


def explained(utility: Utility, bill: StoredBill) -> dict[str, Any]:
    """The bill's explanation (``why``), with the usage and due day that head it."""
    record = record_of(bill)
    answer = explain_bill(bill_id=bill.bill_id, store=utility.store)
    return {**answer, "usage": record["usage"], "due": record["due"]}


def _shown(town: Town, bills: Sequence[StoredBill]) -> StoredBill:
    account = town.stays_at(SHOWN_HOME)[0].account_id
    return next(
        bill for bill in bills if bill.account_id == account and bill.days.until_day == SHOWN_UNTIL
    )


def _books_balance(utility: Utility) -> Proof:
    sums = utility.store.trial_balance()
    parts = ", ".join(
        f"{account_name(number)} {usd_display(cents)}"
        for number, cents in control_sums(sums).items()
    )
    total = sum(sums.values())
    return total == 0, f"The journal sums to {usd_display(total)}: {parts}"


def _periods_tile(bills: Sequence[StoredBill]) -> Proof:
    by_agreement = groupby(bills, key=lambda one: one.agreement_id)
    broken = [
        name for name, those in by_agreement if not tiles(sorted(bill.days for bill in those))
    ]
    sentence = f"{len(bills)} bills: service periods follow each other, no gap and no overlap"
    return not broken, sentence if not broken else f"{sentence}; not in {', '.join(broken)}"


def _lines_add_up(bills: Sequence[StoredBill]) -> Iterator[Proof]:
    lines = uncited = off = 0
    for bill in bills:
        record = record_of(bill)
        cents = sum(cents_from_text(one["usd"], where=bill.bill_id) for one in record["lines"])
        off += cents != bill.total_cents
        for line in record["lines"]:
            lines += 1
            uncited += not any(one["effective"] <= line["from"] for one in line["citations"])
    sums = "The lines of every bill sum to its total"
    yield off == 0, sums if off == 0 else f"{sums}, but for {off}"
    cited = f"Each of {lines:,} lines cites a clause in force on its days"
    yield uncited == 0, cited if uncited == 0 else f"{cited}, but for {uncited}"


def _made_again(utility: Utility, bills: Sequence[StoredBill]) -> Proof:
    """Bills over each clock change and an even choice of the others, computed again."""
    over = [bill for bill in bills if any(day in bill.days for day in CLOCK_CHANGES)]
    step = max(len(bills) // (REPLAYED_BILLS // 2), 1)
    chosen = [*over[:: max(len(over) // (REPLAYED_BILLS // 2), 1)], *bills[::step]]
    others = replayed(utility, chosen)
    sentence = f"{len(chosen)} bills computed again from readings and book: the same bytes"
    if others:
        revisions = {record_of(bill)["pins"]["calculation_revision"] for bill in chosen}
        sentence += f", but for {len(others)}, like {others[0]}"
        if revisions != {CALCULATION_REVISION}:
            sentence += (
                f". They were made by calculation {', '.join(sorted(revisions))} and this is "
                f"{CALCULATION_REVISION}: --fresh makes them anew"
            )
    return not others, sentence


def _differences(utility: Utility, bills: Sequence[StoredBill]) -> Proof:
    off = differences_that_do_not_add_up(utility, bills)
    corrected = sum(one.corrects is not None for one in bills)
    sentence = (
        f"Each bill's difference to the one before, and of {corrected} corrected to the cancelled "
        "one, splits by cause to the cent"
    )
    return not off, sentence if not off else f"{sentence}; not of {', '.join(off)}"


def _shadow(utility: Utility) -> Proof:
    run = shadow_of_last_month(utility)
    sentence = (
        f"{run.bills} bills of the last month made again in the shadow: {run.same} same, "
        f"{len(run.different)} different, {len(run.not_made)} not made, "
        f"{len(run.unexplained)} unexplained"
    )
    return not run.unexplained, sentence


def as_json(months: Sequence[MonthTold], lived: Lived, folder: Path) -> dict[str, Any]:
    """The answer of ``demo --json``. ``months`` is empty where the town had lived before."""
    return {
        "data": str(folder),
        "months": [month.as_json() for month in months],
        "bills": len(lived.bills),
        "energy_billed_wh": str(sum(energy_of_bill(bill) for bill in lived.bills)),
        "fingerprint": lived.fingerprint,
        "journal_fingerprint": lived.journal_fingerprint,
        "shown_bill": lived.shown["bill"],
        "held_to_decide": lived.waiting,
        "corrected": [{"cancelled": one.corrects, "bill": one.bill_id} for one in lived.corrected],
        "documents": None
        if lived.paper is None
        else {
            "folder": str(lived.paper.folder),
            "bills": lived.paper.bills,
            "printed": lived.paper.printed,
            "electronic": lived.paper.electronic,
            "set_aside": lived.paper.set_aside,
        },
        "books": {
            "aging": lived.books.aging.as_json(),
            "trial_balance": lived.books.trial.as_json(),
            "unexplained": [one.as_json() for one in lived.books.monitors.items if one.count],
        },
        "proofs": [{"holds": holds, "sentence": sentence} for holds, sentence in lived.proofs],
    }
