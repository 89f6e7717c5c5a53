"""Entries of extensions: advances, contributions, refunds, what is kept, charges of contracts.

Lives here      which ledger accounts they move; debits are positive, credits negative.
Lives elsewhere whether and how much (``extensions``), keeping entries (``stores``).
Read first      docs/operating/extensions.md has the table. The texts of the accounts are those of
                the FERC Uniform System of Accounts, 18 CSR part 101.

252 holds advances "to be refunded either wholly or in part"; what is left when a customer got all
that the rule gives back is credited to the plant account, by the same text. Contributions are
credited to the cost of the construction (Electric Plant Instruction 2.D), so to 107; what pays
later upkeep is no construction, and waits on 253. A deficiency and a monthly facility charge are
charges for no electricity: 456, other electric revenues.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from meterledger.facts.entry_names import (
    EXTENSION_CREDIT,
    EXTENSION_FORFEIT,
    EXTENSION_GUARANTEE,
    EXTENSION_REFUND,
    PAYMENT,
    SPECIAL_FACILITY,
    entry_name,
)
from meterledger.facts.money import Entry, Leg, Payment
from meterledger.ledger.chart import (
    ADVANCES,
    CASH,
    CONSTRUCTION,
    DUE_TO_DEPOSITORS,
    OTHER_ELECTRIC_REVENUE,
    RECEIVABLE,
    UPKEEP,
)


def entry_for_extension_payment(payment: Payment, contract_id: str, parts: Sequence[Leg]) -> Entry:
    """Money in for a contract, against the parts that it pays (``advance_part`` and the others)."""
    return Entry(
        entry_id=entry_name(PAYMENT, payment.payment_key),
        effective_day=payment.received_day,
        learned_at=payment.learned_at,
        legs=(Leg(CASH, payment.cents), *parts),
        cause=f"{payment.tender.value} payment {payment.payment_key}, extension {contract_id}",
    )


def advance_part(account_id: str, cents: int) -> Leg:
    """What a payment adds to the customer's advances."""
    return Leg(ADVANCES, -cents, account_id)


def contribution_parts(construction_cents: int, upkeep_cents: int) -> tuple[Leg, ...]:
    """What a payment contributes to construction, and to later upkeep."""
    parts = (Leg(CONSTRUCTION, -construction_cents), Leg(UPKEEP, -upkeep_cents))
    return tuple(leg for leg in parts if leg.cents)


def entry_for_extension_refund(
    key: str,
    account_id: str,
    cents: int,
    *,
    on: date,
    learned_at: datetime,
    cause: str,
    to_depositor: bool = False,
) -> Entry:
    """An advance goes back: a credit of the account, from which it may be paid out; or, where
    another party gave it, what is due to that party and never the account's.
    """
    to = DUE_TO_DEPOSITORS if to_depositor else RECEIVABLE
    legs = (Leg(ADVANCES, cents, account_id), Leg(to, -cents, account_id))
    return Entry(entry_name(EXTENSION_REFUND, key), on, learned_at, legs, cause)


def entry_for_forfeit(
    key: str, account_id: str, cents: int, *, on: date, learned_at: datetime, cause: str
) -> Entry:
    """The rest of an advance is kept, to the credit of plant."""
    legs = (Leg(ADVANCES, cents, account_id), Leg(CONSTRUCTION, -cents))
    return Entry(entry_name(EXTENSION_FORFEIT, key), on, learned_at, legs, cause)


def entry_for_deficiency(
    key: str, account_id: str, cents: int, *, on: date, learned_at: datetime, cause: str
) -> Entry:
    """Deficiency revenue of a guarantee, charged to the account."""
    legs = (Leg(RECEIVABLE, cents, account_id), Leg(OTHER_ELECTRIC_REVENUE, -cents))
    return Entry(entry_name(EXTENSION_GUARANTEE, key), on, learned_at, legs, cause)


def entry_for_excess_credit(
    key: str, account_id: str, cents: int, *, on: date, learned_at: datetime, cause: str
) -> Entry:
    """Deficiency that was not needed pays of a later bill: the revenue goes back."""
    legs = (Leg(OTHER_ELECTRIC_REVENUE, cents), Leg(RECEIVABLE, -cents, account_id))
    return Entry(entry_name(EXTENSION_CREDIT, key), on, learned_at, legs, cause)


def entry_for_facility_month(
    key: str, account_id: str, cents: int, *, on: date, learned_at: datetime, cause: str
) -> Entry:
    """A month's charge of a special facility."""
    legs = (Leg(RECEIVABLE, cents, account_id), Leg(OTHER_ELECTRIC_REVENUE, -cents))
    return Entry(entry_name(SPECIAL_FACILITY, key), on, learned_at, legs, cause)
