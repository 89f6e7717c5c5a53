"""How an account's bills are sent, and what paperless billing earns.

Lives here      recording the preference; what is said of the credit.
Lives elsewhere the credit on a bill (``billing.paperless_credit``), sending (``documents``).
Read first      GRR V.N; docs/operating/due_dates.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from meterledger.billing import has_paperless_amount
from meterledger.facts.billing_options import Delivery, DeliveryPreference
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.billing_option_ports import BillingOptions

NO_AMOUNT = (
    "no credit is given: the book has no amount of it (GRR V.N names Sheet 63, which is not held)"
)


class DeliveryRefused(Refusal):
    """A preference cannot be kept as asked."""


@dataclass(frozen=True, slots=True)
class Preferred:
    """The preference as kept, and what is to be said of the credit."""

    preference: DeliveryPreference
    of_the_credit: str


def prefer_delivery(
    *,
    account_id: str,
    medium: str,
    address: str,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: BillingOptions,
) -> Preferred:
    """Keep how bills are sent from a day on.

    :raises DeliveryRefused: if the medium is none, or an electronic bill has no address
    """
    if medium not in {one.value for one in Delivery}:
        raise DeliveryRefused(
            f"'{medium[:40]}' is no way to send a bill",
            where="delivery",
            do="Give paper or electronic",
        )
    kind = Delivery(medium)
    if kind is Delivery.ELECTRONIC and "@" not in address:
        raise DeliveryRefused(
            "An electronic bill needs an address to go to",
            where=f"account {account_id}",
            do="Give --address, like ann@example.org",
        )
    preference = DeliveryPreference(account_id, kind, Validity(on), learned_at, address)
    store.prefer_delivery(preference)
    return Preferred(preference, credit_words(kind, on, view))


def credit_words(medium: Delivery, on: date, view: BookView) -> str:
    """What is to be said of the paperless credit."""
    if medium is Delivery.PAPER:
        return ""
    if not has_paperless_amount(view, on):
        return NO_AMOUNT
    return "the monthly credit is given on bills while it is earned (GRR V.N)"
