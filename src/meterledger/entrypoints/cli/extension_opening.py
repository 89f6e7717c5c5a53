"""``meterledger extension open`` and ``to-depositor``: a contract begins, and whose deposit it is.

Lives here      reading terms, naming the depositor, asking for what is due to them.
Lives elsewhere every other command of a contract (``cli/extension``), what is done (``usecases``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing
from meterledger.entrypoints.cli.extension import By, Contract, On, Reason, _answer, _system

Depositors = Annotated[
    bool, typer.Option("--account-is-the-depositors", help="It is the other depositor's own.")
]
Depositor = Annotated[
    str, typer.Option(help="Who else gives the deposit: a payee verified for the account.")
]
MOST_BYTES = 200_000


def open_one(
    contract: Contract,
    account: Annotated[str, typer.Option(help="Account number, ten digits.")],
    requested: Annotated[str, typer.Option(help="Day on which the extension was asked for.")],
    terms: Annotated[
        str, typer.Option(help="JSON file: deposit, guarantee, special, facility; see the docs.")
    ],
    by: By = "",
    depositors: Depositors = False,
    depositor: Depositor = "",
    as_json: JsonFlag = False,
) -> None:
    """Open a contract under the text of the day on which its extension was asked for."""
    from meterledger.usecases.extension_contracts import ContractAsked, ContractGiven, open_contract

    with refusing(), _system("open a contract of an extension", [account]) as system:
        from meterledger.rulebook.forms import read_form

        given = read_form(ContractGiven, _terms(terms), where="terms")
        day = day_from(requested, option="--requested")
        made, newly = open_contract(
            ContractAsked(
                *(contract, account, day, by, given),
                account_is_the_depositors=depositors,
                depositor=depositor,
            ),
            store=system.store,
            book=system.book,
            now=system.now,
        )
        _answer(system, made.contract_id, newly=newly, as_json=as_json)


def to_depositor(
    contract: Contract, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Ask that what came back of another party's deposit goes to that party; another approves."""
    from meterledger.entrypoints.cli.settlement import desk_of, settle
    from meterledger.usecases.depositor_refunds import ask_depositor_refund

    with refusing(), _system("ask for a depositor's refund", [contract]) as system:
        done = ask_depositor_refund(contract, by=by, reason=reason, desk=desk_of(system, on))
        settle(done, as_json=as_json)


def _terms(path: str) -> object:
    from meterledger.kernel.exact_json import read_exact_json

    try:
        with Path(path).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ValueError("it is too long")
    except (OSError, ValueError) as problem:
        raise BadArgument(
            f"The terms cannot be read from {path[:80]}",
            where="--terms",
            why=str(problem)[:200],
            do="Give a JSON file like those of docs/operating/extensions.md",
        ) from problem
    return read_exact_json(
        raw,
        where=f"--terms {path[:80]}",
        do="Give a JSON file like those of docs/operating/extensions.md",
    )
