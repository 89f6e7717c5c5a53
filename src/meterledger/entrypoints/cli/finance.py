"""``meterledger report`` of finance: aging, trial balance, revenue, general ledger, cash.

Lives here      words and options; the commands are added to ``report`` (``cli/report``).
Lives elsewhere the reports and their ties (``usecases/finance_*``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.kernel.span import DaySpan
    from meterledger.usecases.finance_aging import Aging
    from meterledger.usecases.finance_reports import Cash, Revenue, Tie, TrialBalance

FromOption = Annotated[str, typer.Option("--from", help="First day; of this month unless given.")]
ToOption = Annotated[str, typer.Option("--to", help="The day after the last; one month on.")]


def add_to(commands: typer.Typer) -> None:
    """Add the reports of finance to ``report``."""
    commands.command("aging")(aging_report)
    commands.command("trial-balance")(trial_balance_report)
    commands.command("revenue")(revenue_report)
    commands.command("gl")(general_ledger_export)
    commands.command("cash")(cash_report)
    commands.command("unbilled-revenue")(unbilled_report)
    commands.command("unexplained")(unexplained_report)


def aging_report(
    on: Annotated[str, typer.Option(help="The evening that is asked about; today.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """What customers owe by class of service and days past due, credits apart."""
    with refusing():
        from meterledger.usecases.finance_aging import aging

        asked = day_from(on, option="--on") if on else None
        with _books("aging of receivables") as system:
            found = aging(asked or system.today, view=system.view, store=system.store)
        say(found.as_json(), as_json=as_json, words=lambda: _aging_words(found))


def trial_balance_report(
    from_: FromOption = "", to: ToOption = "", as_json: JsonFlag = False
) -> None:
    """Opening, debits, credits and closing of every ledger account, by booked days."""
    with refusing():
        from meterledger.usecases.finance_reports import trial_balance

        with _books("trial balance") as system:
            found = trial_balance(_days(from_, to, system.today), store=system.store)
        say(found.as_json(), as_json=as_json, words=lambda: _trial_words(found))


def revenue_report(from_: FromOption = "", to: ToOption = "", as_json: JsonFlag = False) -> None:
    """Revenue by schedule and line, taxes by jurisdiction, tied to 440, 442, 444 and 241."""
    with refusing():
        from meterledger.usecases.finance_reports import revenue

        with _books("revenue") as system:
            days = _days(from_, to, system.today)
            found = revenue(days, view=system.view, store=system.store)
        say(found.as_json(), as_json=as_json, words=lambda: _revenue_words(found))


def general_ledger_export(
    from_: FromOption = "",
    to: ToOption = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="A file that does not exist yet; else to print.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """The journal as CSV by period, account, event and class, with its control totals."""
    with refusing():
        from meterledger.usecases.general_ledger import general_ledger

        with _books("export of the general ledger") as system:
            days = _days(from_, to, system.today)
            found = general_ledger(days, view=system.view, store=system.store)
        text = found.as_csv()
        if out is not None:
            _write_new(out, text)
        answer = {
            "from": days.from_day.isoformat(),
            "to": days.until_day.isoformat(),
            "rows": len(found.rows),
            "debits_usd": usd_text(found.debit_cents),
            "credits_usd": usd_text(found.credit_cents),
            "tie": [found.tie.as_json()],
            "ties": found.tie.holds,
            "file": str(out) if out is not None else None,
            **({} if out is not None else {"csv": text}),
        }

        def words() -> None:
            if out is None:
                print(text, end="")
            else:
                print(f"{out}: {many(len(found.rows), 'row')} of {days}")
                _tie_words([found.tie])

        say(answer, as_json=as_json, words=words)


def cash_report(from_: FromOption = "", to: ToOption = "", as_json: JsonFlag = False) -> None:
    """Received = posted + unapplied + returned + refused, by day, channel and file."""
    with refusing():
        from meterledger.usecases.finance_reports import cash

        with _books("cash received") as system:
            found = cash(_days(from_, to, system.today), store=system.store)
        say(found.as_json(), as_json=as_json, words=lambda: _cash_words(found))


def unbilled_report(
    month_end: Annotated[
        str, typer.Option("--month-end", help="Last day of a month; of the last one unless given.")
    ] = "",
    post: Annotated[
        bool, typer.Option("--post", help="Post it, and take it back on the next day.")
    ] = False,
    accounts: Annotated[bool, typer.Option("--accounts", help="List every agreement.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Revenue earned and not billed at a month end: each agreement's days since its last bill."""
    with refusing():
        from meterledger.billing import reading_cycle_count
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.usecases.finance_reports import month_of
        from meterledger.usecases.unbilled_revenue import (
            by_method,
            closed_month,
            line_json,
            post_accrual,
            unbilled_revenue,
        )

        asked = day_from(month_end, option="--month-end") if month_end else None
        with _books("unbilled revenue") as system:
            day = asked or month_of(system.today).from_day - timedelta(days=1)
            cycles = reading_cycle_count(on=day, view=system.view)
            with progress_bar("Pricing what is not billed", total=cycles) as advance:
                found = unbilled_revenue(
                    day,
                    known_at=system.now,
                    today=system.today,
                    store=system.store,
                    lake=system.lake,
                    view=system.view,
                    progress=advance,
                )
            closed = closed_month(day, system.store.booking_opens())
            posted = post_accrual(found, store=system.store) if post else None
        methods = by_method(found)
        answer = {
            "month_end": day.isoformat(),
            "agreements": len(found.lines),
            "usd": usd_text(found.total_cents),
            "standing": "assumed",
            "methods": {
                method.value: {"agreements": count, "usd": usd_text(cents)}
                for method, (count, cents) in methods.items()
            },
            "posted": posted,
            "month_closed": "" if posted is False else closed,
            "lines": [line_json(one) for one in found.lines],
        }

        def words() -> None:
            agreements = many(len(found.lines), "agreement")
            print(f"{day}: {agreements}, {usd_display(found.total_cents)}")
            for method, (count, cents) in methods.items():
                print(f"  {method.value}: {count}, {usd_display(cents)}")
            for one in found.lines if accounts else ():
                usd, how = usd_display(one.cents), one.method.value
                print(f"  {one.agreement_id}  {one.days}  {usd}  {how}")
            if posted is None:
                print("Nothing is posted; --post does.")
            else:
                print("Posted, and taken back on the next day." if posted else "Posted before.")
            if closed and posted is not False:
                print(f"{closed}.")

        say(answer, as_json=as_json, words=words)


def unexplained_report(as_json: JsonFlag = False) -> None:
    """What of the money is unexplained today, and who owns it."""
    with refusing():
        from meterledger.usecases.finance_unexplained import unexplained

        with _books("what is unexplained") as system:
            found = unexplained(system.today, view=system.view, store=system.store)
        answer = {
            "on": found.on.isoformat(),
            "unexplained": [one.as_json() for one in found.items],
            "ties": [one.as_json() for one in found.ties],
        }

        def words() -> None:
            open_ = [one for one in found.items if one.count]
            print(f"{found.on}: " + ("unexplained is" if open_ else "nothing is unexplained."))
            for one in open_:
                print(f"  {one.owner}: {one.words}, {one.count}, {usd_display(one.cents)}")
                print(f"      {one.do}")
            _tie_words(found.ties)

        say(answer, as_json=as_json, words=words)


@contextmanager
def _books(purpose: str) -> Iterator[System]:
    from meterledger.entrypoints import wiring
    from meterledger.usecases.ports import Viewer

    with wiring.open_system(viewer=Viewer("report", purpose), subjects=["all accounts"]) as system:
        yield system


def _days(from_: str, to: str, today: date) -> DaySpan:
    """The days asked for; the month of the first day, or of today, where the end is not given."""
    from meterledger.kernel.span import DaySpan
    from meterledger.usecases.finance_reports import month_of

    first = day_from(from_, option="--from") if from_ else month_of(today).from_day
    until = day_from(to, option="--to") if to else month_of(first).until_day
    if until <= first:
        raise BadArgument(
            f"{until} is not after {first}", where="--to", do="Give a later day; it is out"
        )
    return DaySpan(first, until)


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise BadArgument(
            f"The file cannot be written: {problem.strerror}",
            where=str(path)[:200],
            do="Name a file that does not exist yet, in a folder that does",
        ) from problem


def _tie_words(ties: Sequence[Tie]) -> None:
    for one in ties:
        sign = "=" if one.holds else "IS NOT"
        print(f"  {one.says}: {one.words(one.left_cents)} {sign} {one.words(one.right_cents)}")


def _aging_words(found: Aging) -> None:
    from meterledger.usecases.finance_aging import BUCKETS

    names = (*BUCKETS, "credits")
    count = len(found.accounts)
    print(f"{found.at}: {count} account{'' if count == 1 else 's'}")
    print(f"{'':16}" + "".join(f"{one:>16}" for one in names))
    for name, row in (*found.by_class.items(), ("all", found.totals)):
        print(f"{name.replace('_', ' '):16}" + "".join(f"{usd_display(one):>17}" for one in row))
    _tie_words(found.ties)
    for one in found.apart:
        print(f"  Account {one.account_id}: open items less credit are not its balance.")


def _trial_words(found: TrialBalance) -> None:
    print(f"{found.days.from_day} to {found.days.last_day}, by booked days")
    print(f"{'':52}{'opening':>16}{'debits':>16}{'credits':>16}{'closing':>16}")
    for one in found.rows:
        amounts = (one.opening_cents, one.debit_cents, one.credit_cents, one.closing_cents)
        label = f"{one.ledger_account} {one.name}"[:51]
        print(f"{label:52}" + "".join(f"{usd_display(each):>17}" for each in amounts))
    _tie_words(found.ties)


def _revenue_words(found: Revenue) -> None:
    print(f"{found.days.from_day} to {found.days.last_day}, bills issued less bills taken back")
    for title, sums in (("schedule", found.by_schedule), ("line", found.by_code)):
        print(f"By {title}:")
        for name, cents in sums.items():
            print(f"  {name:48}{usd_display(cents):>17}")
    print("Taxes:")
    for tax in found.taxes.totals:
        name = f"{tax.of.tax} {tax.of.jurisdiction}"
        print(f"  {name:48}{usd_display(tax.tax_cents):>17}")
    print(f"  {'revenue without taxes':48}{usd_display(found.revenue_cents):>17}")
    _tie_words(found.ties)


def _cash_words(found: Cash) -> None:
    print(f"{found.days.from_day} to {found.days.last_day}")
    for one in found.rows:
        states = ", ".join(
            f"{name} {each.count} ({usd_display(each.cents)})" for name, each in one.states.items()
        )
        file = f" file {one.file[:12]}" if one.file else ""
        print(
            f"  {one.day} {one.channel}{file}: received {one.received.count} "
            f"({usd_display(one.received.cents)}) = {states}"
        )
    _tie_words(found.ties)
