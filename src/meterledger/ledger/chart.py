"""The chart of accounts: those of the FERC Uniform System of Accounts that this system posts to.

Lives here      each account with its name, normal side, whose its legs are, and what belongs there.
Lives elsewhere which account an event moves (``templates`` and the ``*_entries`` beside it).
Read first      docs/reference/ledger_entries.md; 18 CFR part 101, whose numbers these are. What
                belongs there is told in our own words.

A sub-account is written behind its control account, parted by points. It inherits the control
account's side; ``241`` has one for each tax and jurisdiction, which no list names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from meterledger.facts.money import has_sub_ledger


class Side(Enum):
    """On which side an account stands when all is well."""

    DEBIT = "debit"
    CREDIT = "credit"


class Group(Enum):
    """Which part of the books an account belongs to."""

    ASSET = "assets"
    LIABILITY = "liabilities"
    INCOME = "income"
    EXPENSE = "expenses"


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """An account of the chart: number, name, group, normal side, what belongs there."""

    number: str
    name: str
    group: Group
    side: Side
    holds: str

    @property
    def control(self) -> str:
        """The control account: its own number where it is one."""
        return control_of(self.number)

    @property
    def is_sub_account(self) -> bool:
        """Whether it is a part of another account."""
        return self.number != self.control

    @property
    def has_sub_ledger(self) -> bool:
        """Whether each leg names the customer whose it is."""
        return has_sub_ledger(self.number)

    @property
    def citation(self) -> str:
        """Where its control account is defined."""
        return f"18 CFR part 101, account {self.control}"


CASH = "131"
CASH_LOCKBOX = "131.lockbox"
CASH_ACH = "131.ach"
CASH_CARD = "131.card"
CASH_AGENCY = "131.agency"
CONSTRUCTION = "107"
RECEIVABLE = "142"
BUDGET_DEFERRED = "142.budget"
OTHER_RECEIVABLE = "143"
PROVISION = "144"
ACCRUED_REVENUE = "173"
PAYABLE = "232"
REFUNDS_PAYABLE = "232.refunds"
DEPOSITS = "235"
INTEREST_ACCRUED = "237"
TAX_COLLECTIONS = "241"
OTHER_LIABILITIES = "242"
UNCLAIMED = "242.unclaimed"
ADVANCES = "252"
DUE_TO_DEPOSITORS = "252.depositors"
DEFERRED_CREDITS = "253"
UNAPPLIED = "253.unapplied"
UPKEEP = "253.special_upkeep"
MERCHANDISING = "415"
INTEREST_INCOME = "419"
INTEREST_EXPENSE = "431"
RESIDENTIAL_SALES = "440"
COMMERCIAL_AND_INDUSTRIAL_SALES = "442"
STREET_LIGHTING_SALES = "444"
FORFEITED_DISCOUNTS = "450"
SERVICE_REVENUE = "451"
OTHER_ELECTRIC_REVENUE = "456"
UNCOLLECTIBLE_EXPENSE = "904"
OFFICE_EXPENSES = "921"


def _asset(number: str, name: str, holds: str, side: Side = Side.DEBIT) -> ChartAccount:
    return ChartAccount(number, name, Group.ASSET, side, holds)


def _liability(number: str, name: str, holds: str) -> ChartAccount:
    return ChartAccount(number, name, Group.LIABILITY, Side.CREDIT, holds)


def _income(number: str, name: str, holds: str) -> ChartAccount:
    return ChartAccount(number, name, Group.INCOME, Side.CREDIT, holds)


def _expense(number: str, name: str, holds: str) -> ChartAccount:
    return ChartAccount(number, name, Group.EXPENSE, Side.DEBIT, holds)


ACCOUNTS = (
    _asset(
        CONSTRUCTION,
        "Construction work in progress, electric",
        "Cost of plant that is being built. Contributions of customers and what is kept of their "
        "advances are credited here.",
    ),
    _asset(CASH, "Cash", "Money at hand and at the bank; money taken at an office."),
    _asset(CASH_LOCKBOX, "Cash: lockbox", "Checks that the lockbox told of."),
    _asset(CASH_ACH, "Cash: ACH", "Debits and credits of bank accounts through ACH."),
    _asset(CASH_CARD, "Cash: card", "Cards and wallets, until the processor pays out."),
    _asset(CASH_AGENCY, "Cash: agency", "What agencies pay on their pledges."),
    _asset(
        RECEIVABLE,
        "Customer accounts receivable",
        "What customers owe for utility service, late charges and fees.",
    ),
    _asset(
        BUDGET_DEFERRED,
        "Customer accounts receivable, deferred by budget plans",
        "What budget plans have put off: below zero where they asked more than service cost.",
    ),
    _asset(
        OTHER_RECEIVABLE,
        "Other accounts receivable",
        "What is owed on open accounts for something that is not utility service.",
    ),
    _asset(
        PROVISION,
        "Accumulated provision for uncollectible accounts, credit",
        "What was set aside for receivables that may not be paid; what is written off is charged "
        "here, what comes in later after all is credited.",
        Side.CREDIT,
    ),
    _asset(
        ACCRUED_REVENUE,
        "Accrued utility revenues",
        "Estimated revenue of service that was given and not billed when a period ended.",
    ),
    _liability(PAYABLE, "Accounts payable", "What is owed within a year and has no other account."),
    _liability(
        REFUNDS_PAYABLE,
        "Accounts payable: refunds",
        "Refunds that were approved, until the money has left.",
    ),
    _liability(
        DEPOSITS,
        "Customer deposits",
        "What customers have left with the utility as security for their bills.",
    ),
    _liability(
        INTEREST_ACCRUED,
        "Interest accrued",
        "Interest that has accrued and is not due yet. Nothing of deposits: theirs is an expense "
        "(431) on the day it is credited, to the account (142) or to the deposit (235).",
    ),
    _liability(
        TAX_COLLECTIONS,
        "Tax collections payable",
        "Taxes collected from customers until they are paid to whoever levies them; a sub-account "
        "for each tax and jurisdiction.",
    ),
    _liability(
        OTHER_LIABILITIES,
        "Miscellaneous current and accrued liabilities",
        "Current liabilities that have no other account, each named.",
    ),
    _liability(
        UNCLAIMED,
        "Miscellaneous current liabilities: unclaimed money",
        "Refunds and credits that nobody has claimed, until they are claimed or go to the State.",
    ),
    _liability(
        ADVANCES,
        "Customer advances for construction",
        "Advances of customers that go back wholly or in part; what is left when a customer got "
        "all of his is credited to plant.",
    ),
    _liability(
        DUE_TO_DEPOSITORS,
        "Customer advances for construction: due to other depositors",
        "What came back of deposits that another party than the customer gave, until two people "
        "let it go to that party.",
    ),
    _liability(
        DEFERRED_CREDITS,
        "Other deferred credits",
        "Receipts that have no other account yet, among them what waits for information.",
    ),
    _liability(
        UNAPPLIED,
        "Other deferred credits: unapplied payments",
        "Money received of which nobody knows yet whose it is.",
    ),
    _liability(
        UPKEEP,
        "Other deferred credits: upkeep of special facilities",
        "What customers contributed to later upkeep of special facilities.",
    ),
    _income(
        MERCHANDISING,
        "Revenues from merchandising, jobbing and contract work",
        "Sales of merchandise, and work on customers' own appliances: no part of electric service.",
    ),
    _income(INTEREST_INCOME, "Interest and dividend income", "Interest that the bank pays."),
    _income(RESIDENTIAL_SALES, "Residential sales", "Net billing of electricity for households."),
    _income(
        COMMERCIAL_AND_INDUSTRIAL_SALES,
        "Commercial and industrial sales",
        "Net billing of electricity for business.",
    ),
    _income(
        STREET_LIGHTING_SALES,
        "Public street and highway lighting",
        "Net billing of electricity for the lighting of streets and places.",
    ),
    _income(
        FORFEITED_DISCOUNTS,
        "Forfeited discounts",
        "Charges added because bills were not paid by a stated day.",
    ),
    _income(
        SERVICE_REVENUE,
        "Miscellaneous service revenues",
        "Charges for services to customers that have no other account: returned payments, "
        "connecting, meters of another kind.",
    ),
    _income(
        OTHER_ELECTRIC_REVENUE,
        "Other electric revenues",
        "Revenue of electric operations that has no other account: facilities, guarantees.",
    ),
    _expense(
        INTEREST_EXPENSE, "Other interest expense", "Interest on what customers have deposited."
    ),
    _expense(
        UNCOLLECTIBLE_EXPENSE,
        "Uncollectible accounts",
        "What is set aside for receivables that may not be paid.",
    ),
    _expense(
        OFFICE_EXPENSES, "Office supplies and expenses", "What the bank charges for its service."
    ),
)
"""Every account that is posted to, but the jurisdictions' sub-accounts of ``241``."""

CHART = {one.number: one.name for one in ACCOUNTS}
"""Names of accounts by their number."""

REVENUE_ACCOUNTS = tuple(one.number for one in ACCOUNTS if one.group is Group.INCOME)


def chart_account(ledger_account: str) -> ChartAccount | None:
    """The account as the chart has it; a sub-account that it does not list as its control account.

    None for a number that the chart does not have.
    """
    found = {one.number: one for one in ACCOUNTS}
    known = found.get(ledger_account) or found.get(control_of(ledger_account))
    if known is None or known.number == ledger_account:
        return known
    return ChartAccount(
        ledger_account, account_name(ledger_account), known.group, known.side, known.holds
    )


def control_of(ledger_account: str) -> str:
    """The control account of a sub-account: ``241`` of ``241.state_sales.mo``, and of ``241``."""
    return ledger_account.partition(".")[0]


def control_sums(sums: Mapping[str, int]) -> dict[str, int]:
    """Sums by control account, of sums by ledger account."""
    found: dict[str, int] = {}
    for account, cents in sorted(sums.items()):
        control = control_of(account)
        found[control] = found.get(control, 0) + cents
    return found


def account_name(ledger_account: str) -> str:
    """What a ledger account is called, a sub-account behind its control account."""
    if ledger_account in CHART:
        return CHART[ledger_account]
    control, _, rest = ledger_account.partition(".")
    name = CHART.get(control, "Other account")
    words = ", ".join(part.replace("_", " ") for part in rest.split(".") if part)
    return f"{name}: {words}" if words else name
