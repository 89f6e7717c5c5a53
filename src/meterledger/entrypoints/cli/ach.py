"""``meterledger ach``: files of debits and credits for our bank, credits and returns from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say
from meterledger.kernel.money import usd_shown
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.ach_out import AchOutDesk


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="ach",
        help="NACHA files: debits and credits out, credits and returns in.",
        no_args_is_help=True,
    )
    for name, command in (
        ("out", out),
        ("write", write),
        ("in", take_credits),
        ("returns", returns),
        ("changes", changes),
        ("tell", tell),
        ("list", listing),
        ("back", back),
        ("done", done),
    ):
        commands.command(name)(command)
    app.add_typer(commands)


Folder = Annotated[str, typer.Option("--to", help="Folder for the file; `outgoing` of the data.")]
Received = Annotated[Path, typer.Argument(help="A NACHA file, as the bank sent it.")]


def out(to: Folder = "", as_json: JsonFlag = False) -> None:
    """Put all orders that are due into one file, post its debits, and write it."""
    from meterledger.entrypoints.channel_words import file_json
    from meterledger.usecases.ach_out import make_ach_file

    with refusing(), _system("make a file of entries", ["orders"]) as system:
        made = make_ach_file(desk=_desk(system))
        written = _release(system, to)
        path = written.get(made.file.file_id, "") if made.file else ""
        before = {k: v for k, v in written.items() if made.file is None or k != made.file.file_id}
        dropped = [{"order": one.order_id, "reason": one.reason} for one in made.dropped]
        told = {
            "file": file_json(made.file) if made.file else None,
            "written": path,
            "written_late": before,
            "dropped": dropped,
        }

        def words() -> None:
            if made.file is None:
                print("No order is due, so no file was made.")
            else:
                one = file_json(made.file)
                print(
                    f"File {one['file']}: {many(one['entries'], 'entry', 'entries')}, "
                    f"{usd_shown(one['debits_usd'])} drawn, "
                    f"{usd_shown(one['credits_usd'])} paid, for {one['effective']}: {path}"
                )
            for late, where in before.items():
                print(f"  file {late} was made before and had not left: {where}")
            for gone in dropped:
                print(f"  dropped {gone['order']}: {gone['reason']}")

        say(told, as_json=as_json, words=words)


def write(
    file: Annotated[str, typer.Argument(help="Id of a file that was made, like 20250721A.")],
    to: Folder = "",
    as_json: JsonFlag = False,
) -> None:
    """Write a file that was made once more: the same bytes, nothing is asked twice."""
    with refusing(), _system("write a file of entries again", [file]) as system:
        path = _write(system, file, to)
        told = {"file": file, "written": path}
        say(told, as_json=as_json, words=lambda: print(f"File {file} is written: {path}"))


def take_credits(
    path: Received,
    by: Annotated[str, typer.Option("--by", help="Who takes it: a name.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a file of credits: received is posted, unapplied and refused, to the cent."""
    from meterledger.entrypoints.payment_words import file_json, payment_desk
    from meterledger.kernel.canonical import sha256_hex
    from meterledger.stores.gateways.nacha import read_nacha
    from meterledger.stores.gateways.opening import raw_bytes
    from meterledger.usecases.ach_in import AchInDesk, take_ach_credits

    with refusing(), _system("take a file of credits", [path.name]) as system:
        data = raw_bytes(path)
        deposits = payment_desk(system).asked_deposits
        desk = AchInDesk(system.store, system.view, system.now, deposits)
        taken, newly = take_ach_credits(
            read_nacha(data, path.name),
            name=path.name,
            sha256=sha256_hex(data),
            by=by,
            desk=desk,
        )
        told = file_json(taken) | {"status": "posted" if newly else "known"}

        def words() -> None:
            if not newly:
                print("Known already, nothing changed.")
            for name in ("received", "posted", "unapplied", "refused"):
                print(f"{name:>10}  {told[name]['count']:>8}  {usd_shown(told[name]['usd']):>20}")

        say(told, as_json=as_json, words=words)


def returns(path: Received, as_json: JsonFlag = False) -> None:
    """Take a file of returns and changes: each undoes its debit, and its code says what follows."""
    from meterledger.entrypoints.channel_words import returned_json
    from meterledger.entrypoints.wiring import open_bank_numbers
    from meterledger.kernel.canonical import sha256_hex
    from meterledger.stores.gateways.nacha import read_nacha
    from meterledger.stores.gateways.opening import raw_bytes
    from meterledger.usecases.ach_returns import ReturnDesk, take_ach_returns

    with refusing(), _system("take a file of returns", [path.name]) as system:
        data = raw_bytes(path)
        taken, newly = take_ach_returns(
            read_nacha(data, path.name),
            name=path.name,
            sha256=sha256_hex(data),
            desk=ReturnDesk(
                system.store, system.view, system.now, open_bank_numbers(system.data_folder)
            ),
        )
        told = [returned_json(one) for one in taken]

        def words() -> None:
            if not newly:
                print("Known already, nothing changed.")
            for one in told:
                print(
                    f"{usd_shown(one['usd']):>16}  {one['order'] or one['trace']}: "
                    f"{one['sentence']}"
                )

        answer = {"returned": told, "status": "taken" if newly else "known"}
        say(answer, as_json=as_json, words=words)


def listing(as_json: JsonFlag = False) -> None:
    """List files that were made, the newest first."""
    from meterledger.entrypoints.channel_words import file_json

    with refusing(), _system("list files of entries", ["files"]) as system:
        told = [file_json(one) for one in system.store.ach_files()]

        def words() -> None:
            for one in told:
                print(
                    f"{one['file']}  {many(one['entries'], 'entry', 'entries')}, "
                    f"{usd_shown(one['debits_usd'])} drawn, "
                    f"{usd_shown(one['credits_usd'])} paid"
                )
            if not told:
                print("No file was made yet.")

        say({"files": told}, as_json=as_json, words=words)


def back(
    on: Annotated[
        str, typer.Option(help="List what people dealt with on this day, and not what waits.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """List what came back and waits for a person; with a day, what was done on it."""
    from meterledger.entrypoints.channel_words import returned_json

    with refusing(), _system("list what came back", ["returned entries"]) as system:
        if on:
            _done_on(day_from(on, option="--on"), system, as_json=as_json)
            return
        told = [returned_json(one) for one in system.store.returns_waiting()]

        def words() -> None:
            for one in told:
                print(
                    f"{one['returned']}  {one['on']}  {one['order'] or one['trace']}: "
                    f"{one['sentence']}"
                )
            if not told:
                print("Nothing that came back waits for a person.")
            else:
                print("Mark one that is dealt with: meterledger ach done NAME --by … --reason …")

        say({"back": told}, as_json=as_json, words=words)


def _done_on(day: date, system: System, *, as_json: bool) -> None:
    from meterledger.entrypoints.channel_words import return_done_json

    found = system.store.returns_done(day, day + timedelta(days=1))
    told = [return_done_json(entry, done) for entry, done in found]

    def words() -> None:
        for one in told:
            print(f"{one['returned']}  {one['sentence']}; {one['by']}: {one['reason']}")
        if not told:
            print(f"Nobody dealt with what came back on {day}.")

    say({"done": told}, as_json=as_json, words=words)


def done(
    name: Annotated[str, typer.Argument(help="What came back, as `ach back` names it.")],
    by: Annotated[str, typer.Option("--by", help="Who dealt with it: a name.")] = "",
    reason: Annotated[str, typer.Option(help="How, like 'refund sent again by check'.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Mark what came back as dealt with: it waits no more."""
    from meterledger.entrypoints.channel_words import return_done_json
    from meterledger.usecases.returns_done import mark_return_done

    with refusing(), _system("mark what came back as done", [name]) as system:
        entry, end = mark_return_done(
            name, by=by, reason=reason, on=system.today, now=system.now, store=system.store
        )
        told = return_done_json(entry, end)
        say(
            told,
            as_json=as_json,
            words=lambda: print(f"{name}: done by {end.by} on {end.on}: {end.reason}"),
        )


def changes(as_json: JsonFlag = False) -> None:
    """List bank accounts that a bank's notice changed, and what the customer is told of each."""
    from meterledger.usecases.bank_changes import letter_of

    with refusing(), _system("look at changed bank accounts", ["bank accounts"]) as system:
        found = system.store.changed_bank_accounts()
        answer = [
            {
                "bank_account": bank.bank_id,
                "replaces": bank.replaces,
                "account": bank.account_id,
                "from": bank.from_day.isoformat() if bank.from_day else None,
                "last_four": bank.last_four,
                "told": {"by": told.by, "how": told.how} if told else None,
                "letter": letter_of(bank),
            }
            for bank, told in found
        ]

        def words() -> None:
            for bank, told in found:
                by = f"told by {told.by}: {told.how}" if told else "its customer is not told yet"
                print(f"{bank.bank_id}  {by}")
                print(f"  {letter_of(bank)}")
            if not found:
                print("No bank has told of a change.")

        say({"changes": answer}, as_json=as_json, words=words)


def tell(
    bank: Annotated[str, typer.Argument(help="The bank account, as `ach changes` shows it.")],
    by: Annotated[str, typer.Option("--by", help="Who told the customer: a name.")] = "",
    how: Annotated[str, typer.Option(help="How, like 'letter 7 of May 2'.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep that a customer was told of a changed bank account."""
    from meterledger.usecases.bank_changes import tell_customer

    with refusing(), _system("tell a customer of a change", [bank]) as system:
        told = tell_customer(bank, by=by, how=how, now=system.now, store=system.store)
        answer = {"bank_account": told.bank_id, "by": told.by, "how": told.how}
        say(answer, as_json=as_json, words=lambda: print(f"{bank}: told by {told.by}, {told.how}."))


def _desk(system: System) -> AchOutDesk:
    from meterledger.entrypoints.payment_words import payment_desk
    from meterledger.usecases.ach_out import AchOutDesk

    deposits = payment_desk(system).asked_deposits
    return AchOutDesk(system.store, system.view, system.now, deposits)


def _release(system: System, to: str) -> dict[str, str]:
    """Put every file that was made and has not left yet where it is picked up, once each."""
    from meterledger.stores.vault.outgoing import Outgoing

    ours = system.data_folder / "outgoing"
    way, folder = Outgoing(ours), Path(to) if to else ours
    written: dict[str, str] = {}
    for one in reversed(system.store.ach_files()):
        content = partial(_content, system, one.file_id)
        path = way.release(_name(one.file_id), content, folder)
        if path is not None:
            written[one.file_id] = str(path)
    return written


def _name(file_id: str) -> str:
    return f"ach-{file_id}.txt"


def _content(system: System, file_id: str) -> bytes:
    from meterledger.entrypoints.wiring import open_bank_numbers
    from meterledger.stores.gateways.nacha_write import write_nacha
    from meterledger.usecases.ach_out import file_of

    numbers = open_bank_numbers(system.data_folder)
    return write_nacha(file_of(file_id, store=system.store, numbers=numbers))


def _write(system: System, file_id: str, to: str) -> str:
    from meterledger.stores.vault.syncing import sync_folder, write_synced

    content = _content(system, file_id)
    folder = Path(to) if to else system.data_folder / "outgoing"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / _name(file_id)
    write_synced(folder, content).replace(path)
    sync_folder(folder)
    return str(path)


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
