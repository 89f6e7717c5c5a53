"""``meterledger ledger``: chart, balances on both clocks, closing periods, the journal as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import shown, usd_display, usd_shown
from meterledger.kernel.written_counts import many
from meterledger.kernel.written_days import instant_from_text

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.periods import PeriodClose


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="ledger",
        help="The journal: chart of accounts, balances, accounting periods, plain text for others.",
        no_args_is_help=True,
    )
    commands.command("accounts")(accounts)
    commands.command("show")(show)
    commands.command("trial-balance")(trial_balance)
    commands.command("close-period")(close)
    commands.command("periods")(periods)
    commands.command("export")(export)
    app.add_typer(commands)


At = Annotated[str, typer.Option("--at", help="Of entries effective by this day.")]
KnownAt = Annotated[
    str,
    typer.Option("--known-at", help="As known at this instant of UTC, like 2025-03-01T06:00:00Z."),
]


def accounts(as_json: JsonFlag = False) -> None:
    """List the chart of accounts: number, name, normal side, whether it has a sub-ledger."""
    from meterledger.ledger import ACCOUNTS

    told = [
        {
            "account": one.number,
            "name": one.name,
            "side": one.side.value,
            "sub_ledger": one.has_sub_ledger,
            "holds": one.holds,
            "citation": one.citation,
        }
        for one in ACCOUNTS
    ]

    def words() -> None:
        for one in ACCOUNTS:
            customers = ", by customer" if one.has_sub_ledger else ""
            print(f"{one.number:<20} {one.name} ({one.side.value}{customers})")

    say({"accounts": told}, as_json=as_json, words=words)


def show(
    account: Annotated[str, typer.Argument(help="A customer's account, or one of the chart.")],
    at: At = "",
    known_at: KnownAt = "",
    as_json: JsonFlag = False,
) -> None:
    """Show what an account stands at: a customer's with its entries, or one of the chart."""
    with refusing():
        day, known = _day(at), _instant(known_at)
        if re.fullmatch(r"[0-9]{3}(\..*)?", account):
            _show_ledger_account(account, day, known, as_json=as_json)
            return
        with _system("look at an account's ledger", [account]) as system:
            system.store.account(account)
            sums = system.store.account_balances(account, at=day, known_at=known)
            entries = [
                one
                for one in system.store.entries_of_account(account)
                if (day is None or one.effective_day <= day)
                and (known is None or one.learned_at <= known)
            ]
        told = {
            "account": account,
            **_asked(day, known),
            "balances": _usd(sums),
            "entries": [
                {
                    "entry": one.entry_id,
                    "cause": one.cause,
                    "effective": one.effective_day.isoformat(),
                    "booked": (one.booked_day or one.effective_day).isoformat(),
                    "learned_at": _utc(one.learned_at),
                    "legs": [
                        {"account": leg.ledger_account, "usd": _dollars(leg.cents)}
                        for leg in one.legs
                        if leg.customer_account_id == account
                    ],
                }
                for one in entries
            ],
        }

        def words() -> None:
            for one in told["entries"]:
                moved = ", ".join(
                    f"{leg['account']:<4} {usd_shown(leg['usd']):>12}" for leg in one["legs"]
                )
                booked = "" if one["booked"] == one["effective"] else f", booked {one['booked']}"
                print(f"{one['effective']}  {moved:<16}  {one['cause']}{booked}")
            _print_sums(sums)

        say(told, as_json=as_json, words=words)


def _show_ledger_account(
    account: str, day: date | None, known: datetime | None, *, as_json: bool
) -> None:
    from meterledger.ledger import account_name, chart_account

    if chart_account(account) is None:
        raise BadArgument(
            f"The chart has no account {account[:40]}",
            where="meterledger ledger show",
            do="See `meterledger ledger accounts`",
        )
    with _system("look at the ledger", ["the ledger"]) as system:
        sums = system.store.ledger_balances(at=day, known_at=known)
    mine = {name: cents for name, cents in sums.items() if f"{name}.".startswith(f"{account}.")}
    total = sum(mine.values())
    told = {
        "account": account,
        "name": account_name(account),
        **_asked(day, known),
        "balance_usd": _dollars(total),
        "balances": _usd(mine),
    }

    def words() -> None:
        _print_sums(mine)
        print(f"{account} {account_name(account)} stands at {usd_display(total)}.")

    say(told, as_json=as_json, words=words)


def trial_balance(
    at: At = "",
    booked_until: Annotated[
        str, typer.Option(help="Of what is booked before this day, like the first of a month.")
    ] = "",
    known_at: KnownAt = "",
    as_json: JsonFlag = False,
) -> None:
    """Add up every ledger account; together they are zero."""
    with refusing():
        day, known = _day(at), _instant(known_at)
        until = day_from(booked_until, option="--booked-until") if booked_until else None
        with _system("add up the ledger", ["the ledger"]) as system:
            sums = system.store.ledger_balances(at=day, known_at=known, booked_until=until)
        told = {
            **_asked(day, known),
            "booked_until": until.isoformat() if until else None,
            "accounts": _usd(sums),
            "total_usd": _dollars(sum(sums.values())),
        }

        def words() -> None:
            _print_sums(sums)
            print(f"Together {usd_shown(told['total_usd'])}.")

        say(told, as_json=as_json, words=words)


def close(
    period: Annotated[str, typer.Argument(help="The month, like 2025-03.")],
    by: Annotated[str, typer.Option("--by", help="Who closes it: a name.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Close a month of the books: nothing is booked in it any more, and its totals stay."""
    from meterledger.usecases.close_period import close_period, period_from

    with refusing():
        month = period_from(period)
        with _system("close a period", ["the ledger"]) as system:
            closed, newly = close_period(
                month, by=by, today=system.today, learned_at=system.now, store=system.store
            )
        told = {**_period(closed), "status": "closed" if newly else "known"}
        what = "is closed" if newly else "was closed already, nothing changed"

        def words() -> None:
            _print_sums({one.ledger_account: one.debit_cents - one.credit_cents
                         for one in closed.totals})  # fmt: skip
            print(f"The period {period} {what}, by {closed.closed_by}.")

        say(told, as_json=as_json, words=words)


def periods(as_json: JsonFlag = False) -> None:
    """List closed periods, and the first day on which something may be booked."""
    with refusing(), _system("list closed periods", ["the ledger"]) as system:
        closed, opens = system.store.closed_periods(), system.store.booking_opens()
        told = {
            "opens": opens.isoformat() if opens else None,
            "periods": [_period(one) for one in closed],
        }

        def words() -> None:
            for one in closed:
                print(f"{one.month:%Y-%m}  closed by {one.closed_by}, {_utc(one.learned_at)}")
            print(f"The books are open from {opens}." if opens else "No period is closed.")

        say(told, as_json=as_json, words=words)


def export(
    to: Annotated[Path, typer.Option("--to", help="The file to write.")],
    account: Annotated[str, typer.Option(help="Only entries of this customer's account.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Write the journal as plain text that `bean-check` reads, with what each account comes to."""
    from meterledger.usecases.export_journal import export_journal

    with refusing(), _system("export the journal", [account or "the journal"]) as system:
        if account:
            system.store.account(account)
        lines = 0
        try:
            to.touch(mode=0o600)  # a new file is its owner's alone: it is about customers
            with to.open("w", encoding="utf-8") as sink:
                for line in export_journal(system.store, account_id=account or None):
                    sink.write(line)
                    lines += line.count("\n")
        except OSError as problem:
            raise BadArgument(
                f"The file cannot be written: {problem.strerror}",
                where="--to",
                do="Name a file in a folder that is there",
            ) from problem
        told = {"file": str(to), "account": account or None, "lines": lines}
        say(
            told,
            as_json=as_json,
            words=lambda: print(
                f"{many(lines, 'line')} in {to}. Check the file with: bean-check {to}"
            ),
        )


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system


def _day(text: str) -> date | None:
    return day_from(text, option="--at") if text else None


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    instant = instant_from_text(text, fractions=True)
    if instant is None:
        raise BadArgument(
            f"{shown(text)} is not an instant",
            where="--known-at",
            do="Write it with its offset, like 2025-03-01T06:00:00Z",
        )
    return instant


def _asked(day: date | None, known: datetime | None) -> dict[str, Any]:
    return {
        "at": day.isoformat() if day else None,
        "known_at": _utc(known) if known else None,
    }


def _period(one: PeriodClose) -> dict[str, Any]:
    return {
        "period": f"{one.month:%Y-%m}",
        "closed_by": one.closed_by,
        "closed_at": _utc(one.learned_at),
        "totals": [
            {
                "account": total.ledger_account,
                "debit_usd": _dollars(total.debit_cents),
                "credit_usd": _dollars(total.credit_cents),
                "legs": total.legs,
            }
            for total in one.totals
        ],
    }


def _usd(sums: dict[str, int]) -> dict[str, str]:
    return {name: _dollars(cents) for name, cents in sums.items()}


def _print_sums(sums: dict[str, int]) -> None:
    from meterledger.ledger import account_name

    for name, cents in sums.items():
        print(f"{name:<28} {usd_display(cents):>18}  {account_name(name)}")


def _dollars(cents: int) -> str:
    from meterledger.kernel.money import usd_text

    return usd_text(cents)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
