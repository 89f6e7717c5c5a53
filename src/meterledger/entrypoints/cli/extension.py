"""``meterledger extension``: contracts of line extensions, from their request to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    AMOUNT,
    BadArgument,
    Dollars,
    JsonFlag,
    day_from,
    refusing,
    say,
)
from meterledger.kernel.money import usd_shown
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.extension_records import Moment
    from meterledger.usecases.extension_tellings import Told

Contract = Annotated[str, typer.Argument(help="The contract's name, like EXT-2018-014.")]
By = Annotated[str, typer.Option("--by", help="Who does it: a name.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]
On = Annotated[str, typer.Option(help="The day on which it was so; today unless told.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    from meterledger.entrypoints.cli.extension_opening import open_one, to_depositor

    commands = typer.Typer(
        name="extension",
        help="Line extensions: deposits, guarantees, special facilities, and what comes back.",
        no_args_is_help=True,
    )
    commands.command("open")(open_one)
    commands.command("advance")(advance)
    commands.command("bounce")(bounce)
    commands.command("sign")(sign)
    commands.command("release")(release)
    commands.command("connect")(connect)
    commands.command("verify")(verify)
    commands.command("refund")(refund)
    commands.command("to-depositor")(to_depositor)
    commands.command("serve")(serve)
    commands.command("guarantee")(guarantee)
    commands.command("give-back")(give_back)
    commands.command("facility")(facility)
    commands.command("change")(change)
    commands.command("show")(show)
    commands.command("list")(list_all)
    commands.command("run")(run)
    commands.command("replay")(replay)
    app.add_typer(commands)


def advance(
    contract: Contract,
    cents: Annotated[
        int, typer.Option("--usd", click_type=AMOUNT, help="Amount in dollars and cents.")
    ],
    key: Annotated[str, typer.Option(help="The receipt's own number, unique for ever.")],
    tender: Annotated[str, typer.Option(help="cash, check, money order or ach.")] = "check",
    on: On = "",
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Take money for a contract: deposit, guarantee deposit, contribution, in this order."""
    from meterledger.facts.money import Tender
    from meterledger.usecases.extension_money import take_extension_payment

    with refusing(), _system("take money for an extension", [contract]) as system:
        means = {one.value: one for one in Tender}.get(tender)
        if means is None:
            raise BadArgument(
                f"'{tender[:40]}' is nothing to pay with",
                where="--tender",
                do=f"Name one of {', '.join(one.value for one in Tender)}",
            )
        _, newly = take_extension_payment(
            contract,
            key,
            cents,
            _told(system, on, by),
            tender=means,
            store=system.store,
            moment=_moment(system),
        )
        _answer(system, contract, newly=newly, as_json=as_json)


def bounce(
    contract: Contract,
    key: Annotated[str, typer.Option(help="The key of the payment that came back.")],
    on: On = "",
    by: By = "",
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a payment back that bounced; the contract lacks it again."""
    from meterledger.usecases.extension_money import return_extension_payment

    with refusing(), _system("take a payment of an extension back", [contract]) as system:
        told = _told(system, on, by, reason)
        _, newly = return_extension_payment(
            contract, key, told, store=system.store, moment=_moment(system)
        )
        _answer(system, contract, newly=newly, as_json=as_json)


def sign(contract: Contract, on: On = "", by: By = "", as_json: JsonFlag = False) -> None:
    """Keep the day on which the guarantee agreement was signed."""
    from meterledger.usecases.extension_tellings import sign_guarantee

    _tell(contract, sign_guarantee, on, by, as_json=as_json)


def release(contract: Contract, on: On = "", by: By = "", as_json: JsonFlag = False) -> None:
    """Release construction; refused until everything is paid and signed."""
    from meterledger.usecases.extension_tellings import release_construction

    _tell(contract, release_construction, on, by, as_json=as_json)


def connect(
    contract: Contract,
    name: Annotated[str, typer.Option(help="A name of the connection, unique in the contract.")],
    connected: Annotated[str, typer.Option(help="Day on which service was taken.")],
    units: Annotated[str, typer.Option(help="What it counts by the contract's key.")] = "1",
    temporary: Annotated[bool, typer.Option("--temporary", help="Not permanent.")] = False,
    on: On = "",
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep what the depositor tells: who took service. It counts once it is verified."""
    from fractions import Fraction

    from meterledger.rulebook.forms import read_value
    from meterledger.usecases.extension_tellings import tell_connection

    with refusing(), _system("keep a connection of an extension", [contract]) as system:
        _, newly = tell_connection(
            contract,
            name,
            _told(system, on, by),
            connected_on=day_from(connected, option="--connected"),
            units=read_value(Fraction, units, where="--units"),
            is_permanent=not temporary,
            store=system.store,
            moment=_moment(system),
        )
        _answer(system, contract, newly=newly, as_json=as_json)


def verify(
    contract: Contract,
    name: Annotated[str, typer.Option(help="The connection's name.")],
    reject: Annotated[bool, typer.Option("--reject", help="It is not there.")] = False,
    on: On = "",
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep that a connection was verified, or that it is not there."""
    from meterledger.usecases.extension_tellings import settle_connection

    with refusing(), _system("verify a connection of an extension", [contract]) as system:
        _, newly = settle_connection(
            contract,
            name,
            _told(system, on, by),
            is_there=not reject,
            store=system.store,
            moment=_moment(system),
        )
        _answer(system, contract, newly=newly, as_json=as_json)


def serve(
    contract: Contract,
    agreement: Annotated[str, typer.Option(help="The agreement of permanent service.")],
    on: On = "",
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep that an agreement's permanent service is from this extension: its bills count."""
    from meterledger.usecases.extension_tellings import serve_from_extension

    with refusing(), _system("keep what an extension serves", [contract]) as system:
        _, newly = serve_from_extension(
            contract,
            agreement,
            _told(system, on, by),
            store=system.store,
            moment=_moment(system),
        )
        _answer(system, contract, newly=newly, as_json=as_json)


def refund(contract: Contract, on: On = "", as_json: JsonFlag = False) -> None:
    """Refund what is due of the deposit by a day, and keep the rest after the last date."""
    _run(on, contract, ("refund",), as_json=as_json)


def guarantee(contract: Contract, on: On = "", as_json: JsonFlag = False) -> None:
    """Hold the bills up to a day against the guarantee."""
    _run(on, contract, ("guarantee",), as_json=as_json)


def facility(contract: Contract, on: On = "", as_json: JsonFlag = False) -> None:
    """Charge the months of a special facility up to a day."""
    _run(on, contract, ("facility",), as_json=as_json)


def run(on: On = "", as_json: JsonFlag = False) -> None:
    """Do what is due on a day, of every contract: refunds, tests of bills, facility months."""
    _run(on, None, None, as_json=as_json)


def give_back(
    contract: Contract, on: On = "", by: By = "", reason: Reason = "", as_json: JsonFlag = False
) -> None:
    """Credit the account with the deposit of a guarantee that has done its work."""
    from meterledger.usecases.extension_money import give_back_guarantee_deposit

    _tell(contract, give_back_guarantee_deposit, on, by, reason, as_json=as_json)


def change(
    contract: Contract,
    what: Annotated[
        str,
        typer.Option(
            help="replacement, partial_replacement, enlargement or replacement_and_enlargement."
        ),
    ],
    replacement_cents: Annotated[
        int,
        typer.Option(
            "--replacement-usd",
            click_type=Dollars(0),
            show_default="0.00",
            help="Cost of what was replaced.",
        ),
    ] = 0,
    enlargement_cents: Annotated[
        int,
        typer.Option(
            "--enlargement-usd",
            click_type=Dollars(0),
            show_default="0.00",
            help="Cost of more capacity.",
        ),
    ] = 0,
    on: On = "",
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep a replacement or enlargement of a special facility: its charge ends with its day."""
    from meterledger.extensions import Change
    from meterledger.rulebook.forms import read_value
    from meterledger.usecases.extension_tellings import change_facility

    with refusing(), _system("change a special facility", [contract]) as system:
        _, newly = change_facility(
            contract,
            read_value(Change, what, where="--what"),
            _told(system, on, by),
            replacement_cents=replacement_cents,
            enlargement_cents=enlargement_cents,
            store=system.store,
            moment=_moment(system),
        )
        _answer(system, contract, newly=newly, as_json=as_json)


def show(
    contract: Contract,
    as_known: Annotated[
        str, typer.Option(help="Only what was known by the end of this day (UTC).")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show a contract: its money, its events, the clauses behind each."""
    with refusing(), _system("look at a contract of an extension", [contract]) as system:
        known = day_from(as_known, option="--as-known") if as_known else None
        _answer(system, contract, newly=None, as_json=as_json, as_known=known)


def list_all(
    account: Annotated[str, typer.Option(help="Only contracts of this account.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List contracts with what was advanced, refunded, kept and is held."""
    with refusing(), _system("list contracts of extensions", [account or "extensions"]) as system:
        if account:
            system.store.account(account)
        found = system.store.extensions(account_id=account or None)
        told = [_json(system, one.contract.contract_id) for one in found]
        for one in told:
            for left_out in ("events", "decisions", "refund_dates"):
                del one[left_out]

        def words() -> None:
            for one in told:
                print(
                    f"{one['extension']}  account {one['account']}, {' and '.join(one['parts'])}: "
                    f"{usd_shown(one['held_usd'])} of {usd_shown(one['advanced_usd'])} held"
                )

        say({"extensions": told}, as_json=as_json, words=words)


def replay(contract: Contract, as_json: JsonFlag = False) -> None:
    """Make every record of a contract again from what was known then; exit 2 if one differs."""
    from meterledger.usecases.extension_replay import replay_extension

    with refusing(), _system("replay a contract of an extension", [contract]) as system:
        found = replay_extension(contract, store=system.store, book=system.book)
        differ = [one.name for one in found if not one.is_same]
        answer = {
            "extension": contract,
            "records": len(found),
            "same_bytes": not differ,
            "differences": differ,
        }
        words = f"{len(found)} records, {len(differ)} differ{': ' if differ else ''}"
        say(answer, as_json=as_json, words=lambda: print(words + ", ".join(differ)))
    if differ:
        raise typer.Exit(2)


def _tell(
    contract: str,
    do: Callable[..., tuple[Any, bool]],
    on: str,
    by: str,
    reason: str = "",
    *,
    as_json: bool,
) -> None:
    purpose = do.__name__.replace("_", " ")
    with refusing(), _system(purpose, [contract]) as system:
        told = _told(system, on, by, reason)
        _, newly = do(contract, told, store=system.store, moment=_moment(system))
        _answer(system, contract, newly=newly, as_json=as_json)


def _run(on: str, contract: str | None, parts: tuple[str, ...] | None, *, as_json: bool) -> None:
    from meterledger.usecases.extension_run import PARTS, run_extensions

    with refusing(), _system("run extensions", [contract or "extensions"]) as system:
        day = day_from(on, option="--on") if on else system.today
        if day > system.today:
            raise BadArgument(
                f"{day} is not here yet", where="--on", do=f"A day up to {system.today}"
            )
        found = run_extensions(
            day,
            store=system.store,
            moment=_moment(system),
            contract_id=contract,
            parts=parts or PARTS,
        )
        told = found.as_json()

        def words() -> None:
            print(
                f"{many(told['contracts'], 'contract')} = {told['moved']} moved + "
                f"{told['nothing_due']} with nothing due + {len(told['waiting'])} waiting"
            )
            print(
                f"  refunded {usd_shown(told['refunded_usd'])} on "
                f"{many(told['refund_dates'], 'date')}, kept {usd_shown(told['kept_usd'])}"
            )
            print(
                f"  {many(told['bills_tested'], 'bill')} tested: deficiency "
                f"{usd_shown(told['deficiency_usd'])}, "
                f"credited {usd_shown(told['credited_usd'])}"
            )
            months = many(told["facility_months"], "facility month")
            print(f"  {months}, {usd_shown(told['facility_usd'])}")
            print(f"  {usd_shown(told['facility_taken_back_usd'])} of such months taken back")
            for one in told["waiting"]:
                print(f"  {one['contract']} waits: {one['sentence']}")

        say(told, as_json=as_json, words=words)


def _json(system: System, contract: str, as_known: date | None = None) -> dict[str, Any]:
    from meterledger.entrypoints.extension_words import extension_json
    from meterledger.usecases.extension_refunds import refund_dates

    on_file = system.store.extension(contract)
    if as_known is not None:
        on_file = on_file.as_known(datetime.combine(as_known, time.max, UTC))
    return extension_json(on_file, refund_dates(on_file, _moment(system)))


def _answer(
    system: System,
    contract: str,
    *,
    newly: bool | None,
    as_json: bool,
    as_known: date | None = None,
) -> None:
    from meterledger.entrypoints.extension_words import extension_words

    told = _json(system, contract, as_known)
    if newly is not None:
        told["status"] = "kept" if newly else "known"

    def words() -> None:
        if newly is False:
            print("Known already, nothing changed.")
        print("\n".join(extension_words(told)))

    say(told, as_json=as_json, words=words)


def _told(system: System, on: str, by: str, reason: str = "") -> Told:
    from meterledger.usecases.extension_tellings import Told

    day = day_from(on, option="--on") if on else system.today
    if day > system.today:
        raise BadArgument(f"{day} is not here yet", where="--on", do=f"A day up to {system.today}")
    return Told(day, by, reason)


def _moment(system: System) -> Moment:
    from meterledger.usecases.extension_records import Moment

    return Moment.at(system.now, system.book)


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
