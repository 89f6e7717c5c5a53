"""Steps of a close that make no bills: readings, usage, money, contracts, books, monitors.

Lives here      calling each journey for the day, and saying what it came to.
Lives elsewhere the journeys themselves, each safe to run twice; bills (``close_bills``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from meterledger.billing import hold_kind
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ach_out import AchOutDesk, make_ach_file
from meterledger.usecases.autopay import AutopayDesk, run_autopay
from meterledger.usecases.card_refunds import CardDesk, ask_card_refunds
from meterledger.usecases.checkouts import CheckoutDesk, ask_checkouts
from meterledger.usecases.close_desk import CloseDesk
from meterledger.usecases.close_told import DayClosed, StepState, StepTold, Waiting
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_run import BY, run_deposits
from meterledger.usecases.depositor_refunds import ask_depositor_refunds
from meterledger.usecases.extension_records import Moment
from meterledger.usecases.extension_run import run_extensions
from meterledger.usecases.finance_reports import cash
from meterledger.usecases.finance_unexplained import unexplained
from meterledger.usecases.look_at_day import UsageLake
from meterledger.usecases.meter_health import meter_health
from meterledger.usecases.rebill_due import AUTHOR
from meterledger.usecases.reconcile_bank import match_bank
from meterledger.usecases.refund_credit import settle_final_credit
from meterledger.usecases.refunds_by_ach import mark_refunds_in_files, order_refunds
from meterledger.usecases.settlements import in_service
from meterledger.usecases.unbilled import unbilled
from meterledger.usecases.unbilled_revenue import closed_month, post_accrual, unbilled_revenue
from meterledger.usecases.unclaimed import set_stale_apart, stale_of_unknown_outcome
from meterledger.usecases.validate_usage import validate_usage
from meterledger.usecases.write_off import provide, record_recoveries, take_recoveries_back

BY_HAND, TRUED_UP = "by hand", "trued up"
"""Who made a corrected bill: a person, or a true-up of estimates."""


def receive_files(desk: CloseDesk, told: StepTold) -> None:
    """Take what lies in the landing folder, if one is named."""
    if desk.receive is None:
        told.state = StepState.NOT_ASKED
        told.note = "no landing folder is named; files are taken as they come"
        return
    received = desk.receive()
    told.counts |= {"taken": received.taken, "refused": len(received.refused)}
    told.refused += received.refused


def validate_the_day(desk: CloseDesk, told: StepTold) -> None:
    """Check every meter's day, and estimate what the rules let us."""
    total = len(desk.store.meters_on_day(desk.day, desk.now))
    with desk.bar(f"Validating {desk.day}", total) as advance:
        report = validate_usage(
            day=desk.day,
            known_at=desk.now,
            store=desk.store,
            lake=cast(UsageLake, desk.lake),
            view=desk.view,
            progress=advance,
        )
    counts = report.counts
    told.counts |= {
        "meter-days": counts.meter_days,
        "complete": counts.complete,
        "estimated": counts.estimated,
        "held": counts.held,
        "without meter": counts.no_meter,
    }
    if report.known:
        told.note = "the day was validated before, and nothing has come since"


def move_payments(desk: CloseDesk, told: StepTold) -> None:
    """Ask about unknown outcomes, draw what is due by autopay, and put orders into one file.

    What cannot be decided of one is told, and the others go on.

    A close is made in the morning after its day: it draws what is due on that day, and what is due
    this morning, so that nothing is drawn a day late.
    """
    if desk.processor is not None:
        asked = ask_checkouts(
            desk=CheckoutDesk(desk.store, desk.processor, desk.view, desk.now, desk.asked_deposits)
        )
        told.counts |= {"asked": len(asked.heard), "still unknown": len(asked.still_unknown)}
        told.refused += [(f"checkout {one}", why) for one, why in asked.refused]
        money = replace(desk.settlements, on=desk.today)
        cards = CardDesk(money, desk.store, desk.processor)
        told.counts["card refunds asked"] = len(ask_card_refunds(desk=cards, refused=told.refused))
    drawing = AutopayDesk(desk.store, desk.view, desk.now)
    morning = {desk.today} if desk.today == desk.day + timedelta(days=1) else set()
    drawn = [
        one
        for day in sorted({desk.day} | morning)
        for one in run_autopay(day, desk=drawing, refused=told.refused)
    ]
    ordered = order_refunds(desk=desk.settlements, store=desk.store)
    told.refused += ordered.refused
    made = make_ach_file(desk=AchOutDesk(desk.store, desk.view, desk.now, desk.asked_deposits))
    sent = mark_refunds_in_files(by=BY, desk=desk.settlements, store=desk.store)
    told.counts |= {
        "autopay bills": len(drawn),
        "drawn": sum(one.order is not None for one in drawn),
        "refunds ordered": len(ordered.ordered),
        "refunds sent": len(sent),
        "orders dropped": len(made.dropped),
    }
    if made.file is not None:
        told.note = (
            f"file {made.file.file_id} is made; "
            f"`meterledger ach write {made.file.file_id}` writes it"
        )
        told.cents |= {"drawn": made.file.debit_cents, "paid out": made.file.credit_cents}


def night_of_deposits(desk: CloseDesk, told: StepTold) -> None:
    """Interest, winter pauses, final bills, what goes back; refunds of remainders are asked for."""
    run = run_deposits(on=desk.day, desk=desk.deposits)
    out = hand_out_remainders(on=desk.day, desk=desk.deposits, refunds=desk.settlements)
    told.counts |= {
        "looked at": run.looked_at,
        "changed": run.changed,
        "nothing due": run.nothing_due,
        "refused": len(run.refused),
        "refunds asked": len(out.asked),
    }
    told.cents |= dict(sorted(run.cents.items()))
    told.refused += [(f"deposit {one.deposit_id}", one.sentence) for one in run.refused]
    told.refused += [(f"deposit {one.deposit_id}", why) for one, why in out.refused]


def night_of_extensions(desk: CloseDesk, told: StepTold) -> None:
    """Refunds of advances, tests of guarantees, months of facilities."""
    run = run_extensions(desk.day, store=desk.store, moment=Moment.at(desk.now, desk.book))
    told.counts |= {
        "contracts": run.contracts,
        "moved": run.moved,
        "nothing due": run.nothing_due,
        "waiting": len(run.waiting),
    }
    told.refused += [(f"contract {one.contract_id}", one.sentence) for one in run.waiting]


def night_of_settlements(desk: CloseDesk, told: StepTold) -> None:
    """Recoveries, credits of accounts that ended, refunds that waited too long."""
    back = take_recoveries_back(by=BY, desk=desk.settlements, refused=told.refused)
    recovered = record_recoveries(by=BY, desk=desk.settlements, refused=told.refused)
    ended = 0
    for account, _ in sorted(desk.store.accounts_in_credit().items()):
        if in_service(desk.store.services_of_account(account, desk.now), desk.day):
            continue
        try:
            done = settle_final_credit(account, by=BY, desk=desk.settlements)
        except Refusal as refusal:
            if refusal.is_passing:
                raise
            told.refused.append((f"account {account}", refusal.sentence))
        else:
            ended += done.is_new
            if done.waits_for_a_person:
                stays = usd_display(Cents(done.stays_cents))
                words = f"Of its credit {stays} stays: {done.stays_words}"
                told.refused.append((f"account {account}", words))
    to_depositors = ask_depositor_refunds(by=BY, desk=desk.settlements, refused=told.refused)
    apart = set_stale_apart(by=BY, desk=desk.settlements)
    for case in stale_of_unknown_outcome(desk.settlements):
        sentence = (
            f"Nobody knows whether refund {case.settlement_id} is on its card. Ask the processor: "
            "`meterledger refund ask-card`"
        )
        told.refused.append((f"account {case.account_id}", sentence))
    told.counts |= {
        "recoveries": len(recovered),
        "recoveries taken back": len(back),
        "final credits": ended,
        "set apart": len(apart),
        "asked for depositors": len(to_depositors),
        "refused": len(told.refused),
    }


def end_the_month(desk: CloseDesk, told: StepTold) -> None:
    """On a month's last day: accrue what is not billed, and set aside what will not be paid."""
    after = desk.day + timedelta(days=1)
    if after.month == desk.day.month:
        told.note = "the month is not over"
        return
    kept = [one for one in desk.store.accruals() if one.month_end == desk.day]
    if kept:  # what was not billed then is accrued once, whatever has come since
        accrual, is_new = kept[0], False
    else:
        with desk.bar("Pricing what is not billed", len(desk.cycles)) as advance:
            accrual = unbilled_revenue(
                desk.day,
                known_at=desk.now,
                today=desk.today,
                store=desk.store,
                lake=desk.lake,
                view=desk.view,
                progress=advance,
            )
        closed = closed_month(desk.day, desk.store.booking_opens())
        is_new = post_accrual(accrual, store=desk.store)
        if is_new:
            told.note = closed
    told.counts |= {"agreements not billed": len(accrual.lines), "accruals posted": int(is_new)}
    told.cents["accrued"] = accrual.total_cents
    try:
        done = provide(
            desk.day,
            by=BY,
            reason="the end of the month",
            desk=type(desk.settlements)(desk.store, desk.book, after, desk.now),
        )
    except Refusal as refusal:
        if refusal.is_passing:
            raise
        told.refused.append((f"provision {desk.day:%Y-%m}", refusal.sentence))
    else:
        told.cents["set aside"] = done.case.cents


def reconcile(desk: CloseDesk, told: StepTold) -> None:
    """Match what the bank showed with what events expect."""
    run = match_bank(on=desk.day, learned_at=desk.now, view=desk.view, store=desk.store)
    told.counts |= {
        "matched now": len(run.matches),
        "seen and not expected": len(run.position.open_lines),
        "expected and not seen": len(run.position.unseen),
        "of them overdue": len(run.position.overdue),
    }


def look_over_the_day(desk: CloseDesk, told: StepTold, closed: DayClosed) -> None:
    """Who got no bill and no reading; what of the money is unexplained, and whose it is."""
    health = meter_health(
        desk.day,
        known_at=desk.now,
        store=desk.store,
        lake=cast(UsageLake, desk.lake),
        view=desk.view,
    )
    late = list(unbilled(desk.day, known_at=desk.now, store=desk.store, view=desk.view))
    unsent = desk.store.days_without_document(desk.day)
    books = unexplained(desk.day, view=desk.view, store=desk.store)
    told.counts |= {
        "meters": len(health.meters),
        "silent meters": len(health.silent),
        "more than a cycle without a bill": len(late),
        "bills without a document": sum(bills for _, _, bills in unsent),
        "kinds unexplained": sum(bool(one.count) for one in books.items),
        "ties": len(books.ties),
    }
    told.note = "who got no notice or programme credit is not told: they are not built yet"
    if unsent:
        cycle, day, _ = unsent[0]
        told.note += (
            f"; bills without a document left before the day, first on {day} (cycle {cycle})"
        )
    closed.unexplained = list(books.items)
    closed.ties += books.ties


def account_for_everyone(desk: CloseDesk, closed: DayClosed) -> None:
    """Bills that wait with their owners, corrections, and the money that was received on the day.

    Corrections are counted in the store, as bills are: whoever made them, and whenever on the day.
    """
    kinds = {code: hold_kind(code) for code in closed.bills.held}
    closed.waiting = [
        Waiting(code, kinds[code].words, kinds[code].owner, count)
        for code, count in sorted(closed.bills.held.items())
    ]
    if closed.bills.excluded:
        excluded = closed.bills.excluded
        closed.waiting.append(
            Waiting(
                "excluded", "excluded by a person, each with a reason", "who excluded it", excluded
            )
        )
    closed.corrections = {BY_HAND: (0, 0), TRUED_UP: (0, 0)}
    for one in desk.store.corrections_on(desk.day):
        word = TRUED_UP if one.author == AUTHOR else BY_HAND
        count, cents = closed.corrections[word]
        closed.corrections[word] = (count + 1, cents + one.difference_cents)
    closed.ties.append(closed.bills.tie)
    found = cash(DaySpan(desk.day, desk.day + timedelta(days=1)), store=desk.store)
    closed.money["received"] = (found.received.count, found.received.cents)
    for row in found.rows:
        for word, total in row.states.items():
            count, cents = closed.money.get(word, (0, 0))
            closed.money[word] = (count + total.count, cents + total.cents)
    closed.ties += found.ties
