"""``meterledger settlement``, ``transfer``, ``write-off``, ``fee`` and ``credit``.

Lives here      reading words and printing answers.
Lives elsewhere refunds and unclaimed money (``cli/refund``), what is done (``usecases``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    AMOUNT,
    BadArgument,
    JsonFlag,
    day_from,
    refusing,
    say,
)
from meterledger.entrypoints.cli.whose import of_accounts

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.settlements import SettlementCase
    from meterledger.usecases.settlements import MoneyDesk, Settled

Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
Name = Annotated[str, typer.Argument(metavar="SETTLEMENT", help="Its id, like refund:KEY.")]
By = Annotated[str, typer.Option("--by", help="Who does it: a name. It is kept.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for years.")]
On = Annotated[str, typer.Option(help="The day; today unless told.")]
Usd = Annotated[
    int, typer.Option("--usd", click_type=AMOUNT, help="Amount in dollars and cents, like 84.50.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    every = typer.Typer(
        name="settlement",
        help="What was moved, given back or written off: list, approve, refuse, take back.",
        no_args_is_help=True,
    )
    every.command("list")(listing)
    every.command("show")(show)
    every.command("approve")(approve)
    every.command("refuse")(refuse)
    every.command("undo")(undo)
    every.command("replay")(replay)
    app.add_typer(every)
    app.command("transfer")(transfer)
    written = typer.Typer(
        name="write-off",
        help="Balances nobody pays: write off, book what is paid all the same, provide.",
        no_args_is_help=True,
    )
    written.command("account")(write_off_account)
    written.command("recover")(recover)
    written.command("provide")(provide_for)
    app.add_typer(written)
    fees = typer.Typer(
        name="fee", help="Charges of the sheet of miscellaneous charges.", no_args_is_help=True
    )
    fees.command("returned-payment")(returned_payment)
    app.add_typer(fees)
    app.command("credit")(credit)
    app.command("special-charge")(special_charge)


def listing(
    account: Annotated[str, typer.Option(help="Only those of this account.")] = "",
    kind: Annotated[str, typer.Option(help="Only one kind: refund, transfer, write-off…")] = "",
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those with which something is to be done.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List settlements, the oldest first."""
    from meterledger.entrypoints.settlement_words import list_words, settlement_json
    from meterledger.facts.settlements import SettlementKind

    with refusing(), at_the_desk("list settlements", [account or "settlements"]) as desk:
        kinds = {one.value: one for one in SettlementKind}
        if kind and kind not in kinds:
            raise BadArgument(
                f"'{kind[:40]}' is no kind of settlement",
                where="--kind",
                do=f"Give one of {', '.join(kinds)}",
            )
        found = desk.store.settlements(
            account_id=account or None, kind=kinds.get(kind), open_only=waiting
        )
        told = {"settlements": [settlement_json(one) for one in found]}
        say(told, as_json=as_json, words=lambda: print(list_words(found)))


def show(name: Name, as_json: JsonFlag = False) -> None:
    """Show one: why it was decided so, its steps and entries, what may be done."""
    with refusing(), at_the_desk("look at a settlement", [name]) as desk:
        answer(desk.store.settlement(name), as_json=as_json)


def approve(
    name: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Agree, as another person than who asked; its money is posted."""
    from meterledger.usecases.approve_settlement import approve_settlement

    act("approve a settlement", name, approve_settlement, on, as_json, by=by, reason=reason)


def refuse(
    name: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Say no to what was asked for. Nothing is posted."""
    from meterledger.usecases.settlements import refuse_settlement

    act("refuse a settlement", name, refuse_settlement, on, as_json, by=by, reason=reason)


def undo(
    name: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Take back what was posted, by the reversal of its entry."""
    from meterledger.usecases.settlements import reverse_settlement

    act("take a settlement back", name, reverse_settlement, on, as_json, by=by, reason=reason)


def replay(name: Name, as_json: JsonFlag = False) -> None:
    """Decide it again from what was known then; exits with 2 if the record comes out otherwise."""
    from meterledger.usecases.replay_settlement import replay_settlement

    with refusing(), at_the_desk("decide a settlement again", [name]) as desk:
        same = replay_settlement(desk.store.settlement(name), desk)
        words = "the same to the byte" if same else "otherwise: somebody has to look"
        say(
            {"settlement": name, "same": same},
            as_json=as_json,
            words=lambda: print(f"{name}: decided again, it comes out {words}."),
        )
        if not same:
            raise typer.Exit(2)


def transfer(
    account: Account,
    to: Annotated[str, typer.Argument(help="The account of the same customer it moves to.")],
    by: By = "",
    reason: Reason = "",
    disputed: Annotated[
        bool, typer.Option("--disputed", help="The balance is in dispute.")
    ] = False,
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Move what an account that ended owes to another of the same customer (GRR V.F)."""
    from meterledger.usecases.transfer_balance import transfer_balance

    with refusing(), at_the_desk("move a balance", [account, to], on) as desk:
        done = transfer_balance(account, to, by=by, reason=reason, disputed=disputed, desk=desk)
        settle(done, as_json=as_json)


def write_off_account(
    account: Account,
    by: By = "",
    reason: Reason = "",
    disputed: Annotated[
        bool, typer.Option("--disputed", help="The balance is in dispute.")
    ] = False,
    under_agreement: Annotated[
        bool, typer.Option("--under-agreement", help="It is paid under an agreement.")
    ] = False,
    with_agency: Annotated[
        bool, typer.Option("--with-agency", help="It was sold or is with an agency.")
    ] = False,
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Write off what an account owes. Above the ceiling it waits for another person."""
    from meterledger.usecases.write_off import write_off

    with refusing(), at_the_desk("write off a balance", [account], on) as desk:
        done = write_off(
            account,
            by=by,
            reason=reason,
            disputed=disputed,
            under_agreement=under_agreement,
            with_agency=with_agency,
            desk=desk,
        )
        settle(done, as_json=as_json)


def recover(
    account: Annotated[
        str, typer.Argument(help="Account number; every account unless given.")
    ] = "",
    payment: Annotated[str, typer.Option(help="Key of the payment that came after.")] = "",
    by: By = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Book payments that came after a write-off as its recovery: one, or all that are not yet.

    Without an account, recoveries of payments that came back are taken back, too.
    """
    from meterledger.entrypoints.settlement_words import list_words, settlement_json
    from meterledger.usecases.write_off import (
        record_recoveries,
        record_recovery,
        take_recoveries_back,
    )

    with refusing(), at_the_desk("book recoveries", [account or "write-offs"], on) as desk:
        if bool(account) != bool(payment):
            raise BadArgument(
                "An account and a payment are named together",
                where="write-off recover",
                do="Give both, or neither to book all",
            )
        if account:
            settle(record_recovery(payment, account, by=by, desk=desk), as_json=as_json)
            return
        back = [one.case for one in take_recoveries_back(by=by, desk=desk)]
        cases = [one.case for one in record_recoveries(by=by, desk=desk)] + back
        told = {"recoveries": [settlement_json(one) for one in cases]}
        say(told, as_json=as_json, words=lambda: print(list_words(cases)))


def provide_for(
    month: Annotated[str, typer.Argument(help="A day of the month, like 2025-03-01.")],
    by: By = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Set aside what of a month's revenue will not be paid, once a month."""
    from meterledger.usecases.write_off import provide

    with refusing(), at_the_desk("provide for a month", ["the ledger"], on) as desk:
        day = day_from(month, option="MONTH")
        settle(provide(day, by=by, reason=reason, desk=desk), as_json=as_json)


def returned_payment(
    payment: Annotated[str, typer.Argument(help="Key of the payment that came back.")],
    account: Annotated[str, typer.Option(help="The account that it was paid for.")],
    by: By = "",
    reason: Reason = "",
    our_error: Annotated[
        bool, typer.Option("--our-error", help="It came back by an error of ours.")
    ] = False,
    forbidden_by: Annotated[str, typer.Option(help="What forbids a charge, in words.")] = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Charge for a returned payment, once, and take back what it had recovered."""
    from meterledger.entrypoints.settlement_words import settlement_json, settlement_words
    from meterledger.usecases.returned_payment import settle_returned_payment

    with refusing(), at_the_desk("charge for a returned payment", [account], on) as desk:
        done = settle_returned_payment(
            payment,
            account,
            by=by,
            reason=reason,
            our_error=our_error,
            forbidden_by=forbidden_by,
            desk=desk,
        )
        told = {
            "payment": payment,
            "charge": settlement_json(done.charge) if done.charge else None,
            "recovery": settlement_json(done.recovery) if done.recovery else None,
            "reasons": [one.finding for one in done.reasons],
            "status": "done" if done.is_new else "known",
        }

        def words() -> None:
            for one in (done.charge, done.recovery):
                if one is not None:
                    print(settlement_words(one))
            if done.charge is None:
                print("; ".join(one.finding for one in done.reasons).capitalize() + ".")

        say(told, as_json=as_json, words=words)


def credit(
    account: Account,
    cents: Usd,
    by: By = "",
    reason: Reason = "",
    key: Annotated[str, typer.Option(help="Tells two credits of one day apart.")] = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Ask for a credit of goodwill on an account; another person approves it."""
    from meterledger.usecases.refund_credit import give_credit

    with refusing(), at_the_desk("give a credit", [account], on) as desk:
        done = give_credit(account, cents, by=by, reason=reason, key=key, desk=desk)
        settle(done, as_json=as_json)


def special_charge(
    account: Account,
    cents: Usd,
    what: Annotated[
        str, typer.Option("--for", help="What it is for, as the bill says it to the customer.")
    ] = "",
    kind: Annotated[str, typer.Option(help="merchandise or non-utility.")] = "non-utility",
    by: By = "",
    reason: Reason = "",
    key: Annotated[str, typer.Option(help="Tells two charges of one day and amount apart.")] = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Ask for a charge that is no part of electric service; another person approves it (GRR V.M).

    Payments come to it last, no late charge is put on it, and it is in no utility arrears.
    """
    from meterledger.ledger import SpecialKind
    from meterledger.usecases.special_charges import ask_special_charge

    kinds = {one.value: one for one in SpecialKind}
    with refusing(), at_the_desk("charge for what is no service", [account], on) as desk:
        if kind not in kinds:
            raise BadArgument(
                f"'{kind[:40]}' is no kind of special charge",
                where="--kind",
                do=f"Give {' or '.join(kinds)}",
            )
        done = ask_special_charge(
            account, cents, kinds[kind], what, by=by, reason=reason, key=key, desk=desk
        )
        settle(done, as_json=as_json)


def act(
    purpose: str,
    name: str,
    journey: Callable[..., Settled],
    on: str,
    as_json: bool,
    **words: str,
) -> None:
    """One step of a settlement that is there."""
    with refusing(), at_the_desk(purpose, [name], on) as desk:
        settle(journey(name, desk=desk, **words), as_json=as_json)


def settle(done: Settled, *, as_json: bool) -> None:
    """Answer with a settlement, and say if nothing was changed."""
    answer(done.case, as_json=as_json, is_new=done.is_new, beside=done.beside)


def answer(
    case: SettlementCase,
    *,
    as_json: bool,
    is_new: bool = True,
    beside: tuple[SettlementCase, ...] = (),
) -> None:
    """Answer with a settlement as it stands."""
    from meterledger.entrypoints.settlement_words import settlement_json, settlement_words

    told: dict[str, Any] = settlement_json(case) | {"status": "done" if is_new else "known"}
    if beside:
        told["beside"] = [settlement_json(one) for one in beside]

    def words() -> None:
        if not is_new:
            print("Known already, nothing changed:")
        for one in (case, *beside):
            print(settlement_words(one))

    say(told, as_json=as_json, words=words)


@contextmanager
def at_the_desk(purpose: str, subjects: list[str], on: str = "") -> Iterator[MoneyDesk]:
    """The store and the book on a day that is here. The log has the settlements that are named, and
    the accounts that they are of.

    :raises BadArgument: if the day is to come
    """
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    viewer = Viewer("command line", purpose)
    with (
        open_system(viewer=viewer, subjects=subjects) as system,
        of_accounts(system, viewer, lambda: accounts_of(system, subjects)),
    ):
        yield desk_of(system, on)


def accounts_of(system: System, names: Iterable[str]) -> Iterator[str]:
    """Whose the settlements among the names are. :raises NotFound: if one of them is of nobody"""
    for name in names:
        if ":" in name:  # no account's number has it
            case = system.store.settlement(name)
            yield from (case.account_id, case.to_account_id)


def desk_of(system: System, on: str) -> MoneyDesk:
    """Where settlements are decided on a day that is here; today unless told.

    :raises BadArgument: if the day is to come
    """
    from meterledger.usecases.settlements import MoneyDesk

    day = day_from(on, option="--on") if on else system.today
    if day > system.today:
        raise BadArgument(
            f"{day} is not here yet", where="--on", do=f"Give a day up to {system.today}"
        )
    return MoneyDesk(system.store, system.book, day, system.now)
