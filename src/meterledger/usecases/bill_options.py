"""What an account has chosen, on a bill: its own due day, the paperless credit, a budget plan.

Lives here      asking the store once for a batch, and the three rooms' answers on one bill.
Lives elsewhere the calculation that all bills come through (``calculate_bills``), choosing
                (``budget_plans``, ``due_dates``, ``deliveries``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from meterledger.billing import (
    BilledPeriod,
    PaperlessBefore,
    decide_asked,
    decide_own_due_day,
    has_paperless_amount,
    paperless_line,
)
from meterledger.facts.billing_options import AccountOptions, Delivery, DeliveryPreference
from meterledger.facts.bills import Bill, BillKind
from meterledger.facts.charges import ChargeLine
from meterledger.kernel.decision import Decision
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.billing_option_ports import OptionsAsked
from meterledger.usecases.due_bills import DueBill
from meterledger.usecases.paperless_history import RESIDENTIAL, PaperlessAsked, paperless_before


def options_of(
    account_ids: Sequence[str], known_at: datetime, store: OptionsAsked
) -> dict[str, AccountOptions]:
    """What the accounts of a batch have chosen, as known then; one question for all of them."""
    return store.billing_options(sorted(set(account_ids)), known_at)


def own_due_day(options: AccountOptions | None, on: date, view: BookView) -> Decision[date]:
    """The due day of a bill issued on a day: the account's own, or the usual one."""
    choice = options.due_date_on(on) if options is not None else None
    return decide_own_due_day(issued_day=on, choice=choice, view=view)


def credit_lines(
    one: DueBill, on: date, known_at: datetime, view: BookView, store: PaperlessAsked
) -> tuple[ChargeLine, ...]:
    """The credit for paperless billing, where it is earned and the book has an amount.

    ``on`` is the day on which the period was first billed.
    """
    options, schedule, window = one.options, one.service.agreement.schedule, one.window.days
    if options is not None and one.first_known is not None and not one.paperless_of_its_day:
        options = replace(options, deliveries=_before_it_was_out(options, on, one.first_known))
    if options is None or not any(
        each.medium is Delivery.ELECTRONIC for each in options.deliveries
    ):
        return ()
    if not has_paperless_amount(view, on):
        return ()
    before = PaperlessBefore()
    if not one.paperless_by_calendar:
        before = paperless_before(
            one.service, options, window, on=on, known_at=known_at, view=view, store=store
        )
    line = paperless_line(
        deliveries=options.deliveries,
        residential=view.service_class(schedule, on).value == RESIDENTIAL,
        window=window,
        issued_day=on,
        view=view,
        before=before,
    )
    return () if line is None else (line,)


def _before_it_was_out(
    options: AccountOptions, on: date, made_at: datetime
) -> tuple[DeliveryPreference, ...]:
    """How bills are to be sent, without what was told of a bill's own day once it was out.

    The credit begins with the next billing month (GRR V.N), and so ends what ends on that day.
    """
    found = []
    for one in options.deliveries:
        if one.learned_at > made_at and one.days.from_day == on:
            continue
        ends = one.learned_at > made_at and one.days.until_day == on
        found.append(replace(one, days=Validity(one.days.from_day)) if ends else one)
    return tuple(found)


def as_asked(
    bill: Bill,
    kind: BillKind,
    options: AccountOptions | None,
    view: BookView,
    *,
    billed_on: date,
    every_place: bool = False,
) -> Bill:
    """The bill with what a budget plan asks of it; the same bill where none speaks of it.

    ``billed_on`` is the day on which its period was first billed: a correction asks by that day.
    ``every_place``: with the bills of the account's other places, as it was read before.
    """
    period = BilledPeriod(
        service_point_id=bill.service_point_id,
        days=bill.days,
        issued_day=bill.issued_day,
        is_final=kind is BillKind.FINAL,
        charges_cents=bill.total_cents,
        known_at=bill.pins.known_at,
        billed_on=billed_on,
    )
    asked = decide_asked(period, options, view, every_place=every_place)
    return bill if asked is None else replace(bill, asked=asked)
