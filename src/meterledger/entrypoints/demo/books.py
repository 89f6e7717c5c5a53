"""The town's books: bank statements matched, months closed.

Lives here      the statements a bank sends, and closing.
Lives elsewhere matching and closing themselves (``usecases``), reports at the end (``finance``).
"""

from __future__ import annotations

from datetime import date, timedelta

from meterledger.entrypoints.demo.chronicle import ActTold
from meterledger.entrypoints.demo.scene import Scene
from meterledger.entrypoints.demo.town import FIRST_DAY
from meterledger.facts.bank import BankFile, BankLine, BankStatement
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.money import usd_display
from meterledger.usecases.close_period import close_period
from meterledger.usecases.reconcile_bank import bank_position, match_bank, take_bank_file

TREASURY, CLOSER = "Nils Berg", "Mara Feld"
STATEMENTS_ON = (
    *(date(2025, month, 4) for month in (9, 10, 11, 12)),
    *(date(2026, month, 4) for month in (1, 2, 3, 4)),
    date(2026, 5, 1),
)
"""The days, from September on, on which the statement until the day before comes."""
STRANGE_DAY, STRANGE_CENTS, STRANGE = date(2026, 3, 20), 150_00, "699"
"""A line of the bank's that no event of ours explains."""
CLOSED_ON = date(2026, 1, 12)
CLOSED_MONTHS = tuple(date(2025, month, 1) for month in (8, 9, 10, 11, 12))
BANK_ACCOUNT = "9000417"


def statement(scene: Scene) -> list[ActTold]:
    """The bank's statement until yesterday is taken, and matched with what is expected."""
    before = [one for one in STATEMENTS_ON if one < scene.day]
    since, yesterday = before[-1] if before else FIRST_DAY, scene.day - timedelta(days=1)
    name = f"{BANK_ACCOUNT}-{yesterday}"
    known = {one.statement_id: one for one in scene.store.bank_statements()}
    if name not in known:
        last = known.get(f"{BANK_ACCOUNT}-{since - timedelta(days=1)}")
        known[name] = _statement(name, scene, since, last.closing_cents if last else 0)
        file = BankFile(
            sha256_hex(repr(known[name]).encode()),
            f"{name}.txt",
            "written by the town",
            (known[name],),
            scene.at,
        )
        take_bank_file(file, today=scene.day, store=scene.store)
    match_bank(on=scene.day, learned_at=scene.at, view=scene.view, store=scene.store)
    lines = known[name].lines
    strange = [one for one in lines if one.booked_day == STRANGE_DAY and one.code == STRANGE]
    if not strange:
        return []
    found = bank_position(on=scene.day, view=scene.view, store=scene.store)
    matched = usd_display(sum(one.cents for one in lines) - STRANGE_CENTS)
    return [
        scene.told(
            "bank",
            f"The statement of {since} to {yesterday}: {len(lines)} lines, {matched} of them found "
            f"in our books, and {len(found.open_lines)} of {usd_display(found.unexpected_cents)} "
            "that nobody here expected: treasury asks the bank.",
        )
    ]


def close_months(scene: Scene) -> list[ActTold]:
    """The months of the year are closed, one after the other."""
    for month in CLOSED_MONTHS:
        close_period(month, by=CLOSER, today=scene.day, learned_at=scene.at, store=scene.store)
    return [
        scene.told(
            "books",
            f"{CLOSER} closes {CLOSED_MONTHS[0]:%Y-%m} to {CLOSED_MONTHS[-1]:%Y-%m}: what is "
            "learned of them later is booked in January.",
        )
    ]


def _statement(name: str, scene: Scene, since: date, opening: int) -> BankStatement:
    """One line for each deposit of a day and channel, as a bank shows them."""
    until = scene.day
    sums: dict[tuple[date, str, str], int] = {}
    for one in scene.store.open_expectations():
        if one.day < until:
            place = (one.day, one.ledger_account, one.batch or one.reference)
            sums[place] = sums.get(place, 0) + one.cents
    lines = [
        BankLine(f"{name}-{number}", max(day, since), cents, batch, f"deposit {account}")
        for number, ((day, account, batch), cents) in enumerate(sorted(sums.items()), start=1)
        if cents
    ]
    if since <= STRANGE_DAY < until:
        lines.append(
            BankLine(f"{name}-0", STRANGE_DAY, STRANGE_CENTS, "MISC CREDIT", "no word", STRANGE)
        )
    closing = opening + sum(one.cents for one in lines)
    return BankStatement(
        name, BANK_ACCOUNT, until - timedelta(days=1), opening, closing, tuple(lines)
    )
