"""The ledger room: balanced entries from what happened. It alone writes entries.

Others may call ``entry_for_bill``, ``entry_for_payment`` and
``decide_payment_split``, and name accounts of the ``CHART``.
"""

from meterledger.ledger import balance_transfer, payment_order
from meterledger.ledger.balance_transfer import RULES as TRANSFER_RULES
from meterledger.ledger.balance_transfer import (
    AgedTransferFacts,
    AnyTransferFacts,
    ServiceClass,
    TransferFacts,
    WholeTransferFacts,
)
from meterledger.ledger.bank_match import MatchWindow, match_bank_lines
from meterledger.ledger.budget_entries import entry_for_bill
from meterledger.ledger.chart import (
    ACCOUNTS,
    ACCRUED_REVENUE,
    ADVANCES,
    BUDGET_DEFERRED,
    CASH,
    CHART,
    CONSTRUCTION,
    DEPOSITS,
    DUE_TO_DEPOSITORS,
    FORFEITED_DISCOUNTS,
    INTEREST_EXPENSE,
    INTEREST_INCOME,
    OFFICE_EXPENSES,
    OTHER_ELECTRIC_REVENUE,
    OTHER_RECEIVABLE,
    PROVISION,
    RECEIVABLE,
    REFUNDS_PAYABLE,
    RESIDENTIAL_SALES,
    REVENUE_ACCOUNTS,
    SERVICE_REVENUE,
    TAX_COLLECTIONS,
    UNAPPLIED,
    UNCLAIMED,
    UNCOLLECTIBLE_EXPENSE,
    UPKEEP,
    ChartAccount,
    Group,
    Side,
    account_name,
    chart_account,
    control_of,
    control_sums,
)
from meterledger.ledger.deposit_entries import entry_for_deposit_step, entry_that_undoes
from meterledger.ledger.due_days import due_days_of, first_that_shows
from meterledger.ledger.extension_entries import (
    advance_part,
    contribution_parts,
    entry_for_deficiency,
    entry_for_excess_credit,
    entry_for_extension_payment,
    entry_for_extension_refund,
    entry_for_facility_month,
    entry_for_forfeit,
)
from meterledger.ledger.late_entries import entry_for_late_charge
from meterledger.ledger.open_items import (
    Receivable,
    Settlement,
    free_order,
    movement_of,
    open_items,
    receivable,
    receivable_of_movements,
)
from meterledger.ledger.payment_order import decide_payment_split
from meterledger.ledger.refunds import (
    CreditFacts,
    CreditWay,
    GoodwillFacts,
    RefundWay,
    decide_goodwill,
    decide_refund,
)
from meterledger.ledger.relief_entries import entry_for_relief
from meterledger.ledger.returned_payment import CHARGE as RETURNED_CHARGE
from meterledger.ledger.returned_payment import ReturnFacts, decide_returned_charge
from meterledger.ledger.reversal import reverse_entry
from meterledger.ledger.settlement_entries import entry_of_step
from meterledger.ledger.settlement_values import SETTLEMENT_VALUES
from meterledger.ledger.special_charges import (
    SpecialChargeFacts,
    SpecialKind,
    decide_special_charge,
)
from meterledger.ledger.spend_payment import (
    Spending,
    cash_of,
    entry_for_spending,
    entry_for_unapplied,
    newest_bill_day,
    spend_payment,
)
from meterledger.ledger.templates import REVENUE_OF_CLASS, entry_for_payment, tax_account
from meterledger.ledger.unclaimed import (
    AbandonedFacts,
    StaleFacts,
    decide_abandoned,
    decide_stale,
)
from meterledger.ledger.write_off import (
    ProvisionFacts,
    RecoveryFacts,
    WriteOffFacts,
    decide_provision,
    decide_recovery,
    decide_write_off,
)
from meterledger.rulebook.rules import Rule

RULES: tuple[Rule, ...] = (*payment_order.RULES, *balance_transfer.RULES)
"""Every rule of this room, for ``rules`` and ``decide``."""

(TRANSFER_RULE,) = TRANSFER_RULES
"""Whether a balance may move (GRR V.F)."""

__all__ = [
    "ACCOUNTS",
    "ACCRUED_REVENUE",
    "ADVANCES",
    "BUDGET_DEFERRED",
    "CASH",
    "CHART",
    "CONSTRUCTION",
    "DEPOSITS",
    "DUE_TO_DEPOSITORS",
    "FORFEITED_DISCOUNTS",
    "INTEREST_EXPENSE",
    "INTEREST_INCOME",
    "OFFICE_EXPENSES",
    "OTHER_ELECTRIC_REVENUE",
    "OTHER_RECEIVABLE",
    "PROVISION",
    "RECEIVABLE",
    "REFUNDS_PAYABLE",
    "RESIDENTIAL_SALES",
    "RETURNED_CHARGE",
    "REVENUE_ACCOUNTS",
    "REVENUE_OF_CLASS",
    "RULES",
    "SERVICE_REVENUE",
    "SETTLEMENT_VALUES",
    "TAX_COLLECTIONS",
    "TRANSFER_RULE",
    "UNAPPLIED",
    "UNCLAIMED",
    "UNCOLLECTIBLE_EXPENSE",
    "UPKEEP",
    "AbandonedFacts",
    "AgedTransferFacts",
    "AnyTransferFacts",
    "ChartAccount",
    "CreditFacts",
    "CreditWay",
    "GoodwillFacts",
    "Group",
    "MatchWindow",
    "ProvisionFacts",
    "Receivable",
    "RecoveryFacts",
    "RefundWay",
    "ReturnFacts",
    "ServiceClass",
    "Settlement",
    "Side",
    "SpecialChargeFacts",
    "SpecialKind",
    "Spending",
    "StaleFacts",
    "TransferFacts",
    "WholeTransferFacts",
    "WriteOffFacts",
    "account_name",
    "advance_part",
    "cash_of",
    "chart_account",
    "contribution_parts",
    "control_of",
    "control_sums",
    "decide_abandoned",
    "decide_goodwill",
    "decide_payment_split",
    "decide_provision",
    "decide_recovery",
    "decide_refund",
    "decide_returned_charge",
    "decide_special_charge",
    "decide_stale",
    "decide_write_off",
    "due_days_of",
    "entry_for_bill",
    "entry_for_deficiency",
    "entry_for_deposit_step",
    "entry_for_excess_credit",
    "entry_for_extension_payment",
    "entry_for_extension_refund",
    "entry_for_facility_month",
    "entry_for_forfeit",
    "entry_for_late_charge",
    "entry_for_payment",
    "entry_for_relief",
    "entry_for_spending",
    "entry_for_unapplied",
    "entry_of_step",
    "entry_that_undoes",
    "first_that_shows",
    "free_order",
    "match_bank_lines",
    "movement_of",
    "newest_bill_day",
    "open_items",
    "receivable",
    "receivable_of_movements",
    "reverse_entry",
    "spend_payment",
    "tax_account",
]
