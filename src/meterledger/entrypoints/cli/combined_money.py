"""One sum for a combined statement at the command line: ``pay`` and ``payment take`` with it.

Lives here      the options, the call, the answer.
Lives elsewhere the split (``usecases/combined_payments``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, day_from, refusing, say
from meterledger.entrypoints.cli.whose import of_accounts

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.take_payment import How

Combination = Annotated[
    str, typer.Option("--combination", help="The combination that the money is for.")
]
Statement = Annotated[
    str, typer.Option("--statement", help="Its statement: one sum, split over what its bills ask.")
]


@dataclass(frozen=True, slots=True)
class CombinedTold:
    """What was typed."""

    combination: str
    statement: str
    cents: int
    key: str
    on: str


def refuse_both(
    account: str, combination: str, statement: str, for_item: Sequence[str] | None = None
) -> bool:
    """Whether the money is for a combined statement and not for an account.

    :raises typer.Exit: with the refusal, if it is for both or neither, or the half is missing
    """
    with refusing():
        if bool(account) == bool(statement or combination):
            raise BadArgument(
                "Money is for one account or for one combined statement",
                where="account",
                do="Give an account's number, or --combination with --statement",
            )
        if bool(statement) != bool(combination):
            raise BadArgument(
                "A combined statement is named by its combination and its number",
                where="--statement" if not statement else "--combination",
                do="Give --combination and --statement, as `combination show` prints them",
            )
        if statement and for_item:
            raise BadArgument(
                "Money for a combined statement is split by what its bills ask",
                where="--for-item",
                do="Leave --for-item out, or take the money for one account",
            )
    return bool(statement)


def accounts_told(combination: str, number: str, system: System) -> Sequence[str]:
    """The accounts whose bills the statement asks for: the money goes to them."""
    from meterledger.usecases.combined_payments import accounts_of, statement_told

    statement = statement_told(number, system.store)
    if statement is None or statement.combination_id != combination:
        return ()
    return accounts_of(statement)


def accounts_of_payment(payment_key: str, system: System) -> Iterator[str]:
    """Whose a payment is: of a check for several accounts, all of theirs.

    :raises NotFound: if there is no such payment
    """
    from meterledger.usecases.combined_payments import combined_payment

    check = combined_payment(payment_key, system.store)
    parts = check.parts if check is not None else (system.store.receipt(payment_key),)
    yield from (one.account_id for one in parts if one.account_id is not None)


def take_combined(told: CombinedTold, how: Callable[[], How], *, as_json: bool) -> None:
    """Take it, and say what each account got."""
    with refusing():
        from meterledger.entrypoints.payment_words import parts_json, payment_desk
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.money import usd_display, usd_text
        from meterledger.usecases.combined_payments import accounts_of, take_combined_payment
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "take a payment")
        with (
            open_system(viewer=viewer, subjects=[told.combination]) as system,
            of_accounts(
                system,
                viewer,
                lambda: accounts_told(told.combination, told.statement, system),
            ),
        ):
            payment, newly = take_combined_payment(
                combination_id=told.combination,
                statement_id=told.statement,
                cents=told.cents,
                payment_key=told.key,
                received_day=day_from(told.on, option="--on") if told.on else system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                how=how(),
                asked_deposits=payment_desk(system).asked_deposits,
            )
            balances = {
                one: system.store.balance_cents(one) for one in accounts_of(payment.statement)
            }
        answer: dict[str, Any] = {
            "payment": payment.payment_key,
            "combination": payment.statement.combination_id,
            "statement": payment.statement.statement_id,
            "usd": usd_text(payment.cents),
            "received": payment.parts[0].receipt.received_day.isoformat(),
            "status": "posted" if newly else "known",
            "parts": parts_json(payment),
            "balances_usd": {one: usd_text(cents) for one, cents in balances.items()},
        }

        def words() -> None:
            what = "Posted" if newly else "Known already, nothing changed:"
            print(
                f"{what} {usd_display(payment.cents)} for combined statement "
                f"{payment.statement.statement_id}, key {payment.payment_key}."
            )
            for one in payment.parts:
                account = one.account_id or ""
                print(
                    f"  account {account}  {usd_display(one.receipt.cents):>13}  "
                    f"{one.receipt.payment_key}; balance now {usd_display(balances[account])}"
                )

        say(answer, as_json=as_json, words=words)
