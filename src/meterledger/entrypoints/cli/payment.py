"""``meterledger payment``: money that reached us, what it paid, files, and ways on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    AMOUNT,
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)
from meterledger.entrypoints.cli.combined_money import (
    Combination,
    CombinedTold,
    Statement,
    accounts_of_payment,
    accounts_told,
    refuse_both,
    take_combined,
)
from meterledger.entrypoints.cli.whose import of_accounts
from meterledger.kernel.money import usd_shown

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.payments import ReceiptOnFile
    from meterledger.usecases.settle_payment import PaymentDesk


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="payment",
        help="Money that reached us: what it paid and by which clause, files, and ways on.",
        no_args_is_help=True,
    )
    for name, command in (
        ("take", take),
        ("show", show),
        ("list", listing),
        ("file", take_file),
        ("reverse", reverse),
        ("unapplied", unapplied),
        ("assign", assign),
        ("send-back", send_back),
        ("timely", timely),
        ("totals", totals),
    ):
        commands.command(name)(command)
    app.add_typer(commands)


Key = Annotated[str, typer.Argument(help="The payment's key.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a name.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for years.")]


def take(
    account: Annotated[
        str, typer.Argument(help="Account number, ten digits; none with --statement.")
    ] = "",
    *,
    cents: Annotated[
        int,
        typer.Option("--usd", click_type=AMOUNT, help="Amount in dollars and cents, like 84.50."),
    ],
    key: Annotated[
        str, typer.Option(help="The receipt's number: up to 64 plain characters, for ever.")
    ],
    tender: Annotated[str, typer.Option(help="cash, check, money order, ach, card, …")] = "cash",
    channel: Annotated[str, typer.Option(help="office, lockbox, ach, card, agency.")] = "office",
    on: Annotated[str, typer.Option(help="Day it was received; today unless told.")] = "",
    mailed: Annotated[bool, typer.Option("--mailed", help="It came by mail.")] = False,
    check: Annotated[str, typer.Option(help="A check's number.")] = "",
    reference: Annotated[str, typer.Option(help="Another reference; no card's number.")] = "",
    for_item: Annotated[
        list[str] | None, typer.Option(help="An open item that the money was given for.")
    ] = None,
    combination: Combination = "",
    statement: Statement = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a payment and spend it over what is open, in the order of the sheet."""
    from meterledger.entrypoints.payment_words import payment_desk, print_receipt, receipt_json
    from meterledger.facts.money import Tender
    from meterledger.facts.payments import Channel
    from meterledger.kernel.money import usd_text
    from meterledger.usecases.take_payment import How, take_payment

    def told_how() -> How:
        return How(
            tender=_one_of(Tender, tender, "--tender"),
            channel=_one_of(Channel, channel, "--channel"),
            is_mailed=mailed,
            reference=reference,
            check_number=check,
        )

    if refuse_both(account, combination, statement, for_item):
        given = CombinedTold(combination, statement, cents, key, on)
        take_combined(given, told_how, as_json=as_json)
        return
    with refusing(), _system("take a payment", [account]) as system:
        how = told_how()
        _, newly = take_payment(
            account_id=account,
            cents=cents,
            payment_key=key,
            received_day=day_from(on, option="--on") if on else system.today,
            learned_at=system.now,
            view=system.view,
            store=system.store,
            how=how,
            earmarked_to=for_item or (),
            asked_deposits=payment_desk(system).asked_deposits,
        )
        told = _told(system, key.strip(), receipt_json)
        told["status"] = "posted" if newly else "known"
        told["balance_usd"] = usd_text(system.store.balance_cents(account))

        def words() -> None:
            print_receipt(told)
            if not newly:
                print("Known already, nothing changed.")
            print(f"Balance now {usd_shown(told['balance_usd'])}.")

        say(told, as_json=as_json, words=words)


def show(key: Key, as_json: JsonFlag = False) -> None:
    """Show a payment: its steps, and what it paid, item by item."""
    from meterledger.entrypoints.payment_words import print_receipt, receipt_json

    with refusing(), _system_of("look at a payment", key) as system:
        told = _told(system, key, receipt_json)
        say(told, as_json=as_json, words=lambda: print_receipt(told))


def listing(
    account: Annotated[str, typer.Option(help="Only payments of this account.")] = "",
    state: Annotated[str, typer.Option(help="Only payments that stand so.")] = "",
    most: Annotated[
        int, typer.Option(click_type=WholeNumber(1, 5000), help="At most so many.")
    ] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List payments, the newest first."""
    from meterledger.entrypoints.payment_words import print_receipt, receipt_json
    from meterledger.facts.payments import ReceiptState

    with refusing(), _system("list payments", [account or "payments"]) as system:
        if account:
            system.store.account(account)
        found = system.store.receipts(
            account_id=account or None,
            state=_one_of(ReceiptState, state, "--state") if state else None,
            limit=most,
        )
        told = [receipt_json(one) for one in found]

        def words() -> None:
            for one in told:
                print_receipt(one | {"steps": []})
            if not told:
                print("There is none.")

        say({"payments": told}, as_json=as_json, words=words)


def take_file(
    path: Annotated[Path, typer.Argument(help="A lockbox file, or payments as CSV.")],
    by: By = "",
    channel: Annotated[str, typer.Option(help="Whose CSV it is: agency, office, …")] = "agency",
    as_json: JsonFlag = False,
) -> None:
    """Take a file of payments, whole or not at all; the same file twice changes nothing."""
    from meterledger.entrypoints.payment_words import file_json, payment_desk
    from meterledger.facts.payments import Channel
    from meterledger.kernel.canonical import sha256_hex
    from meterledger.stores.gateways.opening import raw_bytes
    from meterledger.stores.gateways.payment_csv import read_remittances
    from meterledger.usecases.payment_files import take_payment_file

    with refusing(), _system("take a file of payments", [path.name]) as system:
        data = raw_bytes(path)
        told_by = _one_of(Channel, channel, "--channel")
        file = read_remittances(data, path.name, channel=told_by)
        taken, newly = take_payment_file(
            file, sha256=sha256_hex(data), name=path.name, by=by, desk=payment_desk(system)
        )
        told = file_json(taken) | {"status": "posted" if newly else "known"}

        def words() -> None:
            if not newly:
                print("Known already, nothing changed.")
            for name in ("received", "posted", "unapplied", "refused"):
                print(f"{name:>10}  {told[name]['count']:>8}  {usd_shown(told[name]['usd']):>20}")
            for one in told["lines_refused"]:
                print(f"  line {one['line']}: {one['why']}")

        say(told, as_json=as_json, words=words)


def reverse(
    key: Key,
    by: By = "",
    reason: Reason = "",
    on: Annotated[str, typer.Option(help="Day it was taken back; today unless told.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a payment back: a returned check, an error. Exactly what it did is undone, once."""
    from meterledger.usecases.settle_payment import reverse_payment

    def work(system: System, desk: PaymentDesk) -> ReceiptOnFile:
        day = day_from(on, option="--on") if on else system.today
        return reverse_payment(key, on=day, by=by, reason=reason, desk=desk)

    _settle(key, "take a payment back", work, as_json=as_json)


def unapplied(as_json: JsonFlag = False) -> None:
    """List money that waits for its account."""
    listing(state="unapplied", as_json=as_json, account="", most=1000)


def assign(
    key: Key,
    account: Annotated[
        str, typer.Argument(help="Whose it is: an account number; none with --statement.")
    ] = "",
    by: By = "",
    reason: Reason = "",
    combination: Combination = "",
    statement: Statement = "",
    as_json: JsonFlag = False,
) -> None:
    """Put unapplied money where it belongs, as of the day it was received: on an account, or split
    over what the bills of a combined statement have open.
    """
    from meterledger.usecases.settle_payment import assign_to_statement, assign_unapplied

    is_combined = refuse_both(account, combination, statement)

    def work(_: System, desk: PaymentDesk) -> ReceiptOnFile:
        if not is_combined:
            return assign_unapplied(key, account, by=by, reason=reason, desk=desk)
        assign_to_statement(
            key, statement, by=by, reason=reason, desk=desk, combination_id=combination
        )
        return desk.store.receipt(key)

    def whose(system: System) -> Sequence[str]:
        return accounts_told(combination, statement, system) if is_combined else (account,)

    _settle(key, "assign unapplied money", work, as_json=as_json, whose=whose)


def send_back(
    key: Key,
    by: By = "",
    reason: Reason = "",
    agree: Annotated[
        bool, typer.Option("--agree", help="Agree, as another person, with who asked.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Ask that unapplied money goes back to its sender; another person sends it with --agree."""
    from meterledger.usecases.settle_payment import ask_to_send_back
    from meterledger.usecases.settle_payment import send_back as agreed

    journey = agreed if agree else ask_to_send_back
    _settle(
        key,
        "send unapplied money back",
        lambda _, desk: journey(key, by=by, reason=reason, desk=desk),
        as_json=as_json,
    )


def timely(
    key: Key,
    delinquent: Annotated[str, typer.Option(help="The delinquent date of the bill paid.")],
    as_json: JsonFlag = False,
) -> None:
    """Say whether a payment counts as made in time, with the grace for mail."""
    from meterledger.usecases.settle_payment import is_timely

    with refusing(), _system_of("look at a payment", key) as system:
        receipt = system.store.receipt(key).receipt
        found, reasons = is_timely(
            receipt, day_from(delinquent, option="--delinquent"), system.view
        )
        told = {
            "payment": key,
            "timely": found,
            "reasons": [
                {"finding": one.finding, "citation": one.citation.as_json()} for one in reasons
            ],
        }

        def words() -> None:
            print("In time." if found else "Late.")
            for one in reasons:
                print(f"  {one.finding} ({one.citation.text})")

        say(told, as_json=as_json, words=words)


def totals(
    on: Annotated[str, typer.Option(help="Day received; today unless told.")] = "",
    until: Annotated[str, typer.Option("--to", help="Up to this day, which is out.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Received = posted + unapplied + returned + refused + not known yet, by day and file."""
    from datetime import timedelta

    from meterledger.entrypoints.payment_words import day_totals_json, file_json, print_totals

    with refusing(), _system("add up payments", ["payments"]) as system:
        day = day_from(on, option="--on") if on else system.today
        end = day_from(until, option="--to") if until else day + timedelta(days=1)
        rows = [day_totals_json(one) for one in system.store.receipt_totals(day, end)]
        files = [
            file_json(one) for one in system.store.payment_files() if day <= one.deposited_day < end
        ]
        say(
            {"totals": rows, "files": files},
            as_json=as_json,
            words=lambda: print_totals(rows, day),
        )


def _settle(
    key: str,
    purpose: str,
    work: Callable[[System, PaymentDesk], ReceiptOnFile],
    *,
    as_json: bool,
    whose: Callable[[System], Sequence[str]] = lambda _: (),
) -> None:
    from meterledger.entrypoints.payment_words import (
        parts_json,
        payment_desk,
        print_parts,
        print_receipt,
        receipt_json,
    )
    from meterledger.usecases.combined_payments import combined_payment
    from meterledger.usecases.ports import Viewer

    viewer = Viewer("command line", purpose)
    with (
        refusing(),
        _system_of(purpose, key) as system,
        of_accounts(system, viewer, lambda: whose(system)),
    ):
        known = system.store.receipt(key).steps
        changed = work(system, payment_desk(system)).steps != known
        told = _told(system, key, receipt_json) | {"changed": changed}
        check = combined_payment(key, system.store)
        told["parts"] = parts_json(check if check is not None and check.is_split else None)

        def words() -> None:
            if not changed:
                print("Known already, nothing changed.")
            print_receipt(told)
            print_parts(told["parts"])

        say(told, as_json=as_json, words=words)


def _told(system: System, key: str, as_told: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return as_told(system.store.receipt(key), system.store.applications_of(f"payment:{key}"))


def _one_of(kind: Any, text: str, option: str) -> Any:
    try:
        return kind(text.strip().lower())
    except ValueError:
        raise BadArgument(
            f"'{text[:40]}' is none of {', '.join(one.value for one in kind)}",
            where=option,
            do="Give one of them",
        ) from None


@contextmanager
def _system_of(purpose: str, key: str) -> Iterator[System]:
    """The system; the log has the payment, and the accounts whose it is."""
    from meterledger.usecases.ports import Viewer

    viewer = Viewer("command line", purpose)
    with (
        _system(purpose, [key]) as system,
        of_accounts(system, viewer, lambda: accounts_of_payment(key, system)),
    ):
        yield system


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
