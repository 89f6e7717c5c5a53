"""The pages of reference of the ledger, made from the chart and from entries that the code makes.

``python -m tests.rooms.ledger.reference_pages`` writes them; a test holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from tests.stores.paper_town import account_id, bill_of

from meterledger.facts.bank import BankLine, LineAct, LineStep
from meterledger.facts.bills import Bill
from meterledger.facts.budget import Asked, AskedKind
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.deposits import DepositAct, DepositStep
from meterledger.facts.late_charges import LateCharge
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.facts.payments import Channel, Receipt
from meterledger.facts.receivables import ItemKind
from meterledger.facts.settlements import (
    CREDIT,
    Act,
    Means,
    Payee,
    SettlementCase,
    SettlementKind,
    Step,
)
from meterledger.facts.taxes import GROSS_RECEIPTS_CODE, TaxOfLine
from meterledger.facts.unbilled import Accrual, UnbilledLine, UnbilledMethod
from meterledger.kernel.span import DaySpan
from meterledger.ledger import (
    ACCOUNTS,
    OFFICE_EXPENSES,
    RESIDENTIAL_SALES,
    account_name,
    advance_part,
    cash_of,
    chart_account,
    contribution_parts,
    entry_for_bill,
    entry_for_deficiency,
    entry_for_deposit_step,
    entry_for_excess_credit,
    entry_for_extension_payment,
    entry_for_extension_refund,
    entry_for_facility_month,
    entry_for_forfeit,
    entry_for_late_charge,
    entry_for_relief,
    entry_for_spending,
    entry_for_unapplied,
    entry_of_step,
    entry_that_undoes,
    reverse_entry,
)
from meterledger.ledger.spend_payment import UNAPPLIED, Part
from meterledger.usecases.reconcile_bank import adjustment_entry
from meterledger.usecases.unbilled_revenue import entries_of

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "reference"
ONE, TWO = account_id(1), account_id(2)
ON, AT = date(2026, 3, 2), datetime(2026, 3, 2, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, and an entry of it as the code makes it."""

    chapter: str
    what: str
    entry: Entry


def events() -> Iterator[Event]:
    """Every event that posts, in the order of the page."""
    for chapter, found in (
        ("Bills and charges", _bills()),
        ("Payments", _payments()),
        ("Deposits", _deposits()),
        ("Settlements", _settlements()),
        ("Extensions", _extensions()),
        ("Period end and bank", _period_end()),
    ):
        for what, entry in found:
            assert entry is not None, what
            yield Event(chapter, what, entry)


def _bills() -> Iterator[tuple[str, Entry | None]]:
    bill, _ = bill_of(1)
    tax = replace(bill.lines[0], group=ChargeGroup.TAX, code=GROSS_RECEIPTS_CODE, cents=700)
    yield "A bill", entry_for_bill(replace(bill, lines=(*bill.lines, tax)), learned_at=AT)
    asked = Asked(
        *("BP-1", AskedKind.PLAN, 12_000, 0, 0, bill.total_cents, 12_000),
        *(0, bill.total_cents - 12_000, (), ()),
    )
    yield (
        "A final bill under a dollar, left uncharged",
        entry_for_bill(_uncharged(bill), learned_at=AT),
    )
    yield "A bill of a budget plan", entry_for_bill(replace(bill, asked=asked), learned_at=AT)
    yield (
        "Charges of a bill adjusted by agreement (GRR V.H.4)",
        entry_for_relief(
            bill_id="B-1",
            account_id=ONE,
            service_class="large_general",
            charge_cents=20_000,
            taxes={TaxOfLine("gross_receipts", "university_city"): 1_800},
            on=ON,
            learned_at=AT,
            cause="charges adjusted",
        ),
    )
    yield (
        "A late charge",
        entry_for_late_charge(
            LateCharge(
                *("L-1", ONE, "B-1", ON, ON, 150, 10_000, (), (), "GRR V.J", "filed"),
                *(b"", "", "", AT),
            ),
            learned_at=AT,
        ),
    )


def _uncharged(bill: Bill) -> Bill:
    """The bill with the line that brings it to nothing, as the floor of GRR V.E.2 does."""
    line = bill.lines[0]
    floor = replace(line.citations[0], paragraph="GRR V.E.2")
    left = replace(line, unit="adjustment", cents=-bill.total_cents, citations=(floor,))
    return replace(bill, lines=(*bill.lines, left))


def _receipt(channel: Channel) -> Receipt:
    return Receipt("R-1", ONE, 9_000, Tender.CHECK, channel, ON, AT)


def _payments() -> Iterator[tuple[str, Entry | None]]:
    def spent(
        channel: Channel, *parts: Part, debit: str = "", others: tuple[str, ...] = ()
    ) -> Entry:
        return entry_for_spending(
            _receipt(channel), ONE, parts, debit=debit or cash_of(channel), learned_at=AT,
            others=others,
        )  # fmt: skip

    utility = Part("bill:B-1", ItemKind.UTILITY, 9_000, "current")
    for channel in Channel:
        yield f"A payment of what is open, through {channel.value}", spent(channel, utility)
    yield (
        "A payment of utility charges, a deposit and a special charge",
        spent(
            Channel.OFFICE,
            Part("bill:B-1", ItemKind.UTILITY, 5_000, "current"),
            Part("deposit:D-1", ItemKind.DEPOSIT, 3_000, "current"),
            Part("special:S-1", ItemKind.SPECIAL, 1_000, "special"),
            others=("special:S-1",),
        ),
    )
    yield "Money of no account yet", entry_for_unapplied(_receipt(Channel.LOCKBOX))
    yield (
        "Money that found its account",
        spent(Channel.LOCKBOX, utility, debit=UNAPPLIED),
    )
    yield (
        "A payment taken back (as any entry is: the same legs the other way round)",
        reverse_entry(spent(Channel.OFFICE, utility), on=ON, learned_at=AT, cause="returned"),
    )


def _deposits() -> Iterator[tuple[str, Entry | None]]:
    for act, what in (
        (DepositAct.INTEREST_CREDITED, "Yearly interest, credited to the account"),
        (DepositAct.INTEREST_ADDED, "Interest that joins a deposit given back"),
        (DepositAct.APPLIED, "A deposit pays what the account owes"),
        (DepositAct.MOVED_OUT, "A deposit moves to another account of the customer"),
        (DepositAct.OWED, "A deposit was given back, and its payment came back"),
    ):
        step = DepositStep("D-1", act.value, act, ON, "Ana", "", AT, cents=100, until=ON)
        yield what, entry_for_deposit_step(step, ONE, to_account_id=TWO)
    step = DepositStep("D-1", "applied", DepositAct.APPLIED, ON, "Ana", "", AT, cents=100)
    undoing = replace(step, key="undone.applied", act=DepositAct.UNDONE, note="applied")
    yield "What it paid, after its payment came back", entry_that_undoes(undoing, step, ONE)


def _case(kind: SettlementKind, source: str, *acts: Act) -> SettlementCase:
    payee = Payee("Ada", Means.CHECK, payee_id="P-1")
    return SettlementCase(
        *("S-1", kind, ONE, 900, source, False, b""),
        steps=tuple(_step(act) for act in (Act.ASKED, *acts)),
        to_account_id=TWO if kind is SettlementKind.TRANSFER else "",
        payee=payee if kind is SettlementKind.REFUND else None,
        about="R-1",
    )


def _step(act: Act) -> Step:
    return Step(act, ON, AT, "Ana", "a reason")


def _settlements() -> Iterator[tuple[str, Entry | None]]:
    def made(kind: SettlementKind, source: str = "142", *acts: Act) -> Entry | None:
        *before, last = acts or (Act.APPROVED,)
        case = _case(kind, source, *before)
        return entry_of_step(case, _step(last), revenue_account=RESIDENTIAL_SALES)

    refund = SettlementKind.REFUND
    yield "A balance moves to another account", made(SettlementKind.TRANSFER)
    yield "A credit moves to another account", made(SettlementKind.TRANSFER, CREDIT)
    yield "A charge for a returned payment", made(SettlementKind.FEE)
    yield "A credit of goodwill", made(SettlementKind.CREDIT)
    yield "A refund of a credit is approved", made(refund)
    yield "A refund of a deposit is approved", made(refund, "235")
    yield "A refund is sent", made(refund, "142", Act.APPROVED, Act.SENT)
    yield (
        "A check is stopped or comes back",
        made(refund, "142", Act.APPROVED, Act.SENT, Act.STOPPED),
    )
    yield "Nobody claims a refund", made(refund, "142", Act.APPROVED, Act.UNCLAIMED)
    yield (
        "Unclaimed money goes to the State",
        made(refund, "142", Act.APPROVED, Act.UNCLAIMED, Act.ESCHEATED),
    )
    yield "A charge that is no part of electric service", made(SettlementKind.SPECIAL)
    yield "A provision for uncollectible accounts", made(SettlementKind.PROVISION)
    yield "A balance is written off", made(SettlementKind.WRITE_OFF)
    yield "A payment of what was written off", made(SettlementKind.RECOVERY)


def _extensions() -> Iterator[tuple[str, Entry | None]]:
    payment = Payment("R-1", ONE, 900, Tender.CHECK, ON, AT)
    said = ("X-1", ONE, 900)
    yield (
        "An advance is paid",
        entry_for_extension_payment(payment, "X-1", [advance_part(ONE, 900)]),
    )
    yield (
        "A contribution is paid",
        entry_for_extension_payment(payment, "X-1", contribution_parts(600, 300)),
    )
    for what, template in (
        ("An advance goes back", entry_for_extension_refund),
        ("The rest of an advance is kept", entry_for_forfeit),
        ("A deficiency of a guarantee", entry_for_deficiency),
        ("A deficiency that was not needed", entry_for_excess_credit),
        ("A month of a special facility", entry_for_facility_month),
    ):
        yield what, template(*said, on=ON, learned_at=AT, cause="an extension")


def _period_end() -> Iterator[tuple[str, Entry | None]]:
    days = DaySpan(date(2026, 2, 10), date(2026, 3, 1))
    line = UnbilledLine(
        *("AG-1", ONE, "1M-anytime", "residential", days, 19, 400_000, 900),
        UnbilledMethod.PRICED,
    )
    accrued, back = entries_of(Accrual(date(2026, 2, 28), (line,), b"", AT))
    yield "Revenue that is not billed at a month end", accrued
    yield "The next day it is taken back", back
    proposed = LineStep("BL-1", LineAct.PROPOSED, "Ana", "a fee", AT, OFFICE_EXPENSES)
    yield (
        "A line of the bank that nothing of ours explains",
        adjustment_entry("bank-adjustment:BL-1", BankLine("BL-1", ON, -900), proposed, AT),
    )


def entries_page() -> str:
    """docs/reference/ledger_entries.md."""
    lines = [
        "# Entries of the ledger",
        "",
        "What each event posts. This page is made from entries that the code makes "
        "(`tests/rooms/ledger/reference_pages.py`); a test holds it. Accounts are those of the "
        "[chart](chart_of_accounts.md); * marks legs that name a customer. A name is used once, "
        "for ever, so that an event posts once ([how it works](../operating/ledger.md)).",
    ]
    chapter = ""
    for one in events():
        if one.chapter != chapter:
            chapter = one.chapter
            lines += [
                *("", f"## {chapter}", ""),
                "| Event | Entry | Debit | Credit |",
                "| --- | --- | --- | --- |",
            ]
        prefix = one.entry.entry_id.partition(":")[0]
        debits = _named(leg for leg in one.entry.legs if leg.cents > 0)
        credits_ = _named(leg for leg in one.entry.legs if leg.cents < 0)
        lines.append(f"| {one.what} | `{prefix}:` | {debits} | {credits_} |")
    return "\n".join(lines) + "\n"


def _named(legs: Iterable[Leg]) -> str:
    return "<br>".join(
        f"{leg.ledger_account}{'*' if leg.customer_account_id else ''} "
        f"{account_name(leg.ledger_account)}"
        for leg in legs
    )


def chart_page() -> str:
    """docs/reference/chart_of_accounts.md."""
    lines = [
        "# Chart of accounts",
        "",
        "Numbers and names are those of the FERC Uniform System of Accounts (18 CFR part 101); "
        "what belongs there is told in our own words. This page is made from `ledger/chart.py`; "
        "a test holds it. A sub-account is written behind its control account, and inherits its "
        "side. `241` has one for each tax and jurisdiction.",
        "",
        "| Account | Name | Part of | Stands in | Sub-ledger | What belongs there |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in ACCOUNTS:
        assert chart_account(one.number) == one
        customers = "by customer" if one.has_sub_ledger else ""
        lines.append(
            f"| {one.number} | {one.name} | {one.group.value} | {one.side.value} | {customers} "
            f"| {one.holds} |"
        )
    return "\n".join(lines) + "\n"


PAGES = {"ledger_entries.md": entries_page, "chart_of_accounts.md": chart_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"wrote docs/reference/{name}")
