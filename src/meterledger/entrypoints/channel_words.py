"""Payment channels as JSON and as words: one shape for commands and pages.

Lives here      checkouts, pledges, files, returns, questions; desks of a running system.
Lives elsewhere the journeys (``usecases``), commands (``cli``), the page (``web/channel_pages``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayQuestion,
    BankAccount,
    Enrollment,
    ReturnDone,
    ReturnedEntry,
    SentFile,
)
from meterledger.facts.bank import Expectation
from meterledger.facts.card_refunds import CardRefund, CardRefundOnFile
from meterledger.facts.checkouts import Answer, Checkout, CheckoutOnFile
from meterledger.facts.pledges import PledgeOnFile
from meterledger.kernel.money import Cents, usd_display, usd_text
from meterledger.kernel.refusal import Refusal

if TYPE_CHECKING:
    from datetime import date

    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.card_refunds import CardDesk
    from meterledger.usecases.checkouts import CheckoutDesk
    from meterledger.usecases.pledges import PledgeDesk
    from meterledger.usecases.settlements import MoneyDesk


class NoProcessor(Refusal):
    """No processor is named."""


class Unnamed:
    """Stands in for a processor where only a person's word is taken: it can be asked nothing."""

    @property
    def name(self) -> str:
        """Refuses."""
        raise _no_processor()

    def start(self, checkout: Checkout) -> Answer:
        """Refuses."""
        raise _no_processor()

    def ask(self, checkout_id: str) -> Answer:
        """Refuses."""
        raise _no_processor()

    def refund(self, refund: CardRefund) -> Answer:
        """Refuses."""
        raise _no_processor()

    def ask_refund(self, refund_id: str) -> Answer:
        """Refuses."""
        raise _no_processor()

    def read_callback(self, body: bytes, signature: str) -> Answer:
        """Refuses."""
        raise _no_processor()


def _no_processor() -> NoProcessor:
    return NoProcessor(
        "No processor of cards and wallets is named",
        where="METERLEDGER_PROCESSOR",
        do="Set it to the processor's address, and METERLEDGER_PROCESSOR_SECRET_FILE to the "
        "file of its secret",
    )


def checkout_desk(system: System) -> CheckoutDesk:
    """What journeys of checkouts have at hand. Without a named processor a person may still end
    an unknown one; all else is refused.
    """
    from meterledger.entrypoints.payment_words import payment_desk
    from meterledger.entrypoints.wiring import open_processor
    from meterledger.usecases.checkouts import CheckoutDesk

    processor = open_processor() or Unnamed()
    deposits = payment_desk(system).asked_deposits
    return CheckoutDesk(system.store, processor, system.view, system.now, deposits)


def card_desk(system: System, money: MoneyDesk) -> CardDesk:
    """What journeys of refunds to cards have at hand; only a person's word without a processor."""
    from meterledger.entrypoints.wiring import open_processor
    from meterledger.usecases.card_refunds import CardDesk

    return CardDesk(money, system.store, open_processor() or Unnamed())


def card_refund_json(on_file: CardRefundOnFile) -> dict[str, Any]:
    """A refund to a card with what was heard of it."""
    refund = on_file.refund
    return {
        "card_refund": refund.refund_id,
        "settlement": refund.settlement_id,
        "checkout": refund.checkout_id,
        "account": refund.account_id,
        "usd": usd_text(refund.cents),
        "processor": refund.processor,
        "started": refund.started_at.isoformat(),
        "by": refund.by,
        "state": on_file.state.value,
        "steps": [
            {
                "number": one.number,
                "heard_by": one.heard_by.value,
                "said": one.answer.said.value,
                "usd": usd_text(one.answer.cents),
                "reference": one.answer.reference,
                "state": one.state.value,
                "sentence": one.sentence,
                "by": one.by,
                "at": one.learned_at.isoformat(),
            }
            for one in on_file.steps
        ],
    }


def pledge_desk(system: System) -> PledgeDesk:
    """What journeys of pledges have at hand."""
    from meterledger.entrypoints.payment_words import payment_desk
    from meterledger.usecases.pledges import PledgeDesk

    deposits = payment_desk(system).asked_deposits
    return PledgeDesk(system.store, system.view, system.now, deposits)


def checkout_json(on_file: CheckoutOnFile) -> dict[str, Any]:
    """A checkout with its steps."""
    checkout = on_file.checkout
    return {
        "checkout": checkout.checkout_id,
        "account": checkout.account_id,
        "usd": usd_text(checkout.cents),
        "tender": checkout.tender.value,
        "processor": checkout.processor,
        "started": checkout.started_at.isoformat(),
        "state": on_file.state.value,
        "redirect": on_file.redirect,
        "steps": [
            {
                "number": one.number,
                "heard_by": one.heard_by.value,
                "said": one.answer.said.value,
                "usd": usd_text(one.answer.cents),
                "state": one.state.value,
                "sentence": one.sentence,
                "by": one.by,
                "at": one.learned_at.isoformat(),
                "payment": one.payment_key,
            }
            for one in on_file.steps
        ],
    }


def pledge_words(on_file: PledgeOnFile, today: date) -> str:
    """How a pledge stands, with what of it came back."""
    words = on_file.state_on(today).value
    if not on_file.returns:
        return words
    last = max(one.on for one in on_file.returns)
    return f"{words}, {usd_display(Cents(on_file.returned_cents))} came back by {last}"


def pledge_json(on_file: PledgeOnFile, today: date) -> dict[str, Any]:
    """A pledge as it stands today."""
    pledge = on_file.pledge
    return {
        "pledge": pledge.pledge_id,
        "account": pledge.account_id,
        "agency": pledge.agency,
        "usd": usd_text(pledge.cents),
        "received_usd": usd_text(on_file.received_cents),
        "returned_usd": usd_text(on_file.returned_cents),
        "pending_usd": usd_text(on_file.pending_cents),
        "for": list(pledge.for_items),
        "promised": pledge.promised_day.isoformat(),
        "expires": pledge.expires_day.isoformat(),
        "state": on_file.state_on(today).value,
        "words": pledge_words(on_file, today),
        "came_back": [
            {
                "on": one.on.isoformat(),
                "usd": usd_text(one.cents),
                "by": one.by,
                "reason": one.reason,
                "payment": one.payment_key,
            }
            for one in on_file.returns
        ],
        "steps": [
            {
                "act": one.act.value,
                "on": one.on.isoformat(),
                "usd": usd_text(one.cents),
                "by": one.by,
                "reason": one.reason,
                "payment": one.payment_key,
            }
            for one in on_file.steps
        ],
    }


def file_json(file: SentFile) -> dict[str, Any]:
    """A file of entries that was made."""
    return {
        "file": file.file_id,
        "made": file.created_day.isoformat(),
        "effective": file.effective_day.isoformat(),
        "entries": len(file.entries),
        "debits_usd": usd_text(file.debit_cents),
        "credits_usd": usd_text(file.credit_cents),
    }


def returned_json(one: ReturnedEntry) -> dict[str, Any]:
    """An entry that came back."""
    return {
        "returned": one.returned_id,
        "code": one.code,
        "act": one.act.value,
        "usd": usd_text(one.cents),
        "order": one.order_id,
        "trace": one.original_trace,
        "on": one.on.isoformat(),
        "sentence": one.sentence,
        "corrected": one.corrected,
    }


def return_done_json(one: ReturnedEntry, done: ReturnDone) -> dict[str, Any]:
    """An entry that came back, and who dealt with it."""
    return returned_json(one) | {
        "done_on": done.on.isoformat(),
        "by": done.by,
        "reason": done.reason,
    }


def order_json(order: AchOrder) -> dict[str, Any]:
    """A movement that was asked for."""
    return {
        "order": order.order_id,
        "kind": order.kind.value,
        "account": order.account_id,
        "usd": usd_text(order.cents),
        "on": order.on.isoformat(),
        "attempt": order.attempt,
    }


def question_json(one: AutopayQuestion) -> dict[str, Any]:
    """A bill that waits for a person."""
    return {
        "bill": one.bill_id,
        "account": one.account_id,
        "usd": usd_text(one.cents),
        "on": one.on.isoformat(),
        "number": one.number,
        "reasons": list(one.reasons),
    }


def enrollment_json(one: Enrollment, bank: BankAccount | None) -> dict[str, Any]:
    """An account on autopay; of the bank account the last four digits."""
    return {
        "enrollment": one.enrollment_id,
        "account": one.account_id,
        "bank_account": f"...{bank.last_four}" if bank else "",
        "standard": one.standard.value,
        "from": one.days.from_day.isoformat(),
        "until": one.days.until_day.isoformat() if one.days.until_day else None,
        "most_usd": usd_text(one.most_cents) if one.most_cents is not None else None,
        "authorized": one.authorized,
    }


def expectation_json(one: Expectation) -> dict[str, Any]:
    """What our bank statement should show."""
    return {
        "expectation": one.expectation_id,
        "ledger_account": one.ledger_account,
        "day": one.day.isoformat(),
        "usd": usd_text(one.cents),
        "cause": one.cause,
    }
