"""``meterledger late-charge``: charge what is late before bills; look, replay, take back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    CYCLE,
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)
from meterledger.entrypoints.cli.whose import of_accounts
from meterledger.kernel.money import usd_display, usd_shown

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.ports import Viewer

Name = Annotated[str, typer.Argument(help="The charge, ACCOUNT:DELINQUENT-DAY.")]
On = Annotated[str | None, typer.Option(help="The day (today unless given).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    late = typer.Typer(
        help="Late payment charges: decide them before bills, look, replay, take back.",
        no_args_is_help=True,
    )
    late.command("run")(run)
    late.command("correct")(correct)
    late.command("show")(show)
    late.command("list")(list_charges)
    late.command("runs")(runs)
    late.command("replay")(replay)
    late.command("reverse")(reverse)
    late.command("government")(government)
    app.add_typer(late, name="late-charge")


def run(
    on: Annotated[str, typer.Option(help="The day of the bills.")],
    cycle: Annotated[
        int | None, typer.Option(click_type=CYCLE, help="Accounts of one reading cycle.")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option(help="One account, or several; all unless named.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide; record nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Decide what is late on a day, and post it for the bills of that day. Safe to run twice."""
    with refusing():
        from meterledger.entrypoints.late_words import charge_as_json, reason_words, run_as_json
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.late_charges import charge_late
        from meterledger.usecases.ports import Viewer

        day = day_from(on, option="--on")
        if cycle is not None and account:
            raise BadArgument(
                "A cycle and accounts are named at once",
                where="late-charge run",
                do="Give --cycle, or --account, or neither for all accounts",
            )
        scope = f"cycle {cycle}" if cycle is not None else "accounts" if account else "all"
        viewer = Viewer("command line", "charge what is late")
        with open_system(viewer=viewer, subjects=account or [scope]) as system:
            if day > system.today:
                raise BadArgument(
                    f"{day} is not here yet", where="--on", do=f"Name a day up to {system.today}"
                )
            if account:
                accounts = [system.store.account(one).account_id for one in account]
            elif cycle is not None:
                found = system.store.services_of_cycle(cycle, system.now)
                accounts = [one.account.account_id for one in found]
            else:
                accounts = system.store.account_ids()
            done = charge_late(
                accounts,
                on=day,
                known_at=system.now,
                store=system.store,
                book=system.book,
                scope=scope,
                dry_run=dry_run,
            )
        answer = {
            **(run_as_json(done.record) if done.record else {}),
            "dry_run": dry_run,
            "known": done.known,
            "taken_back": [
                {"late_charge": one.late_charge_id, "reason": one.reason} for one in done.reversals
            ],
            "late_charges": [charge_as_json(one, None) for one in done.charges],
            "refusals": [
                {"account": name, "sentence": sentence} for name, sentence in done.refused
            ],
        }

        def words() -> None:
            verb = "would be charged" if dry_run else "charged"
            print(
                f"{done.considered} considered = {done.charged} {verb} + {done.not_charged} not "
                f"charged + {len(done.refused)} refused; {usd_display(done.cents)}."
            )
            for code, count in sorted(done.by_code.items()):
                print(f"  {count:>9} {code}: {reason_words(code)}")
            for one in done.reversals[:20]:
                print(f"Taken back: {one.late_charge_id}, {one.reason}")
            for name, sentence in done.refused[:20]:
                print(f"Refused: account {name}: {sentence}")

        say(answer, as_json=as_json, words=words)


def correct(
    on: On = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide; record nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take back what was charged too much on bills that were corrected since, of all accounts."""
    with refusing():
        from meterledger.entrypoints.deposit_words import many
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.money import usd_text
        from meterledger.usecases.late_charges import correct_late_charges
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "correct late charges")
        with open_system(viewer=viewer, subjects=["all accounts"]) as system:
            day = day_from(on, option="--on") if on else system.today
            if day > system.today:
                raise BadArgument(
                    f"{day} is not here yet", where="--on", do=f"Name a day up to {system.today}"
                )
            done = correct_late_charges(
                on=day,
                known_at=system.now,
                store=system.store,
                book=system.book,
                dry_run=dry_run,
            )
        answer = {
            "on": day.isoformat(),
            "dry_run": dry_run,
            "considered": done.considered,
            "taken_back": [
                {"late_charge": one.late_charge_id, "reason": one.reason} for one in done.reversals
            ],
            "charged_instead": [
                {"late_charge": one.late_charge_id, "late_charge_usd": usd_text(one.cents)}
                for one in done.charges
            ],
            "refusals": [
                {"account": name, "sentence": sentence} for name, sentence in done.refused
            ],
        }

        def words() -> None:
            print(
                f"{many(done.considered, 'account')} looked at, "
                f"{many(len(done.reversals), 'charge')} taken back, "
                f"{len(done.charges)} charged in their place."
            )
            for one in done.reversals[:20]:
                print(f"Taken back: {one.late_charge_id}, {one.reason}")
            for name, sentence in done.refused[:20]:
                print(f"Refused: account {name}: {sentence}")

        say(answer, as_json=as_json, words=words)


def show(late_charge: Name, as_json: JsonFlag = False) -> None:
    """Show a late charge: what it was computed on, each reason with its clause, what stands now."""
    with refusing():
        from meterledger.entrypoints.late_words import (
            arithmetic_words,
            bill_that_shows,
            charge_as_json,
            reason_words,
            shown_words,
        )

        charge, reversal, bills = _one(late_charge)
        shown = bill_that_shows(charge, bills)
        answer = charge_as_json(charge, reversal) | {
            "shown_on_bill": None if shown is None else shown.bill_id
        }

        def words() -> None:
            record = answer["record"]
            print(
                f"Late charge {charge.late_charge_id}: {usd_shown(answer['late_charge_usd'])} on "
                f"{usd_shown(answer['base_usd'])} of bill {charge.bill_id}, "
                f"decided on {charge.on}, {shown_words(shown)}; standing: {charge.standing}"
            )
            for item in record["items"]:
                print(f"  {item['item']} ({item['kind']}): {usd_shown(item['open_usd'])} unpaid")
            for line in arithmetic_words(record):
                print(f"  {line}")
            print(f"  Reasons: {'; '.join(reason_words(one) for one in charge.codes)}")
            for key in record["reading_keys"]:
                print(f"  Rests on the reading {key}")
            if reversal is not None:
                print(f"Taken back, {reversal.cause.value}: {reversal.reason}")

        say(answer, as_json=as_json, words=words)


def list_charges(
    account: Annotated[str | None, typer.Option(help="One account.")] = None,
    on: Annotated[str | None, typer.Option(help="Decided on this day.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List late charges of an account, or of a day."""
    with refusing():
        from meterledger.entrypoints.cli.words import print_table
        from meterledger.entrypoints.late_words import charge_as_json
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        if (account is None) == (on is None):
            raise BadArgument(
                "An account or a day is listed",
                where="late-charge list",
                do="Give --account or --on",
            )
        viewer = Viewer("command line", "look at late charges")
        with open_system(viewer=viewer, subjects=[account or str(on)]) as system:
            if account is not None:
                system.store.account(account)
                found = system.store.late_charges_of_account(account)
            else:
                found = system.store.late_charges_on(day_from(str(on), option="--on"))
            reversals = {
                one.late_charge_id: system.store.late_charge_reversal(one.late_charge_id)
                for one in found
            }
        answer = {
            "late_charges": [charge_as_json(one, reversals[one.late_charge_id]) for one in found]
        }

        def words() -> None:
            rows = [
                (
                    one.late_charge_id,
                    str(one.on),
                    usd_display(one.base_cents),
                    usd_display(one.cents),
                    "taken back" if reversals[one.late_charge_id] else "",
                )
                for one in found
            ]
            if rows:
                heads = ("Late charge", "Decided on", "Unpaid", "Charged", "")
                print_table([heads, *rows], right=frozenset({2, 3}))
            else:
                print("No late charge.")

        say(answer, as_json=as_json, words=words)


def runs(on: On = None, as_json: JsonFlag = False) -> None:
    """List what runs came to: everybody considered, by reason."""
    with refusing():
        from meterledger.entrypoints.late_words import reason_words, run_as_json
        from meterledger.entrypoints.wiring import open_system

        with open_system() as system:
            day = day_from(on, option="--on") if on else None
            found = system.store.late_charge_runs(day)
        answer = {"runs": [run_as_json(one) for one in found]}

        def words() -> None:
            for one in found:
                print(
                    f"{one.on} {one.scope}: {one.considered} considered = {one.charged} charged + "
                    f"{one.not_charged} not charged + {one.refused} refused"
                )
                for code, count in one.by_code:
                    print(f"  {count:>9} {code}: {reason_words(code)}")
            if not found:
                print("No run.")

        say(answer, as_json=as_json, words=words)


def replay(
    late_charge: Name,
    as_known: Annotated[
        str | None, typer.Option(help="As known at the end of this day; unless given, as then.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Decide a late charge again from what was known then, and compare the bytes. Exit 2 if not."""
    with refusing():
        from datetime import UTC, datetime, time

        from meterledger.entrypoints.late_words import reason_words
        from meterledger.kernel.money import usd_text
        from meterledger.usecases.late_charge_replay import replay_late_charge
        from meterledger.usecases.ports import Viewer

        then = None
        if as_known is not None:
            then = datetime.combine(day_from(as_known, option="--as-known"), time.max, tzinfo=UTC)
        viewer = Viewer("command line", "replay a late charge")
        with _of_charge(late_charge, viewer) as system:
            done = replay_late_charge(
                late_charge, store=system.store, book=system.book, as_known=then
            )
        cents = done.again.cents if done.again else 0
        answer = {
            "late_charge": late_charge,
            "same_bytes": done.same_bytes,
            "stored_usd": usd_text(done.stored.cents),
            "again_usd": usd_text(cents),
            "record_sha256": done.stored.record_sha256,
            "again_sha256": done.again.record_sha256 if done.again else None,
            "codes": [one.value for one in done.reasons],
            "revision": done.by.revision,
            "note": done.note,
        }

        def words() -> None:
            note = f". {done.note}." if done.note else ""
            if done.same_bytes:
                print(f"The same bytes: {usd_display(cents)}, {done.stored.record_sha256}{note}")
                return
            why = "; ".join(reason_words(one.value) for one in done.reasons)
            print(
                f"Other bytes: it was {usd_display(done.stored.cents)} and comes to "
                f"{usd_display(cents)} ({why}){note}"
            )

        say(answer, as_json=as_json, words=words)
        if not done.same_bytes and as_known is None:
            raise typer.Exit(2)


def reverse(
    late_charge: Name,
    by: Annotated[str, typer.Option(help="Who asks for it.")],
    approved_by: Annotated[str, typer.Option(help="Another person, who approves it.")],
    reason: Annotated[str, typer.Option(help="Why the charge is forgiven.")],
    on: On = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a late charge back, once: one person asks and another approves."""
    with refusing():
        from meterledger.entrypoints.late_words import reversal_as_json
        from meterledger.usecases.late_charges import reverse_late_charge
        from meterledger.usecases.ports import Viewer

        with _of_charge(late_charge, Viewer(by, "reverse a late charge")) as it:
            day = day_from(on, option="--on") if on else it.today
            if day > it.today:
                raise BadArgument(f"{day} is not here yet", where="--on", do="Name an earlier day")
            reversal, is_new = reverse_late_charge(
                late_charge,
                by=by,
                approved_by=approved_by,
                reason=reason,
                on=day,
                learned_at=it.now,
                store=it.store,
            )
        answer: dict[str, Any] = {**reversal_as_json(reversal), "new": is_new}

        def words() -> None:
            print(
                f"Late charge {late_charge} is taken back."
                if is_new
                else f"Late charge {late_charge} was taken back before; nothing is changed."
            )

        say(answer, as_json=as_json, words=words)


def government(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    holder: Annotated[
        str,
        typer.Option(help='"State of Missouri", "U.S. Government", "city or county" or "other".'),
    ],
    by: Annotated[str, typer.Option(help="Who says so.")],
    from_day: Annotated[str, typer.Option("--from", help="For bills issued from this day on.")],
    law: Annotated[str | None, typer.Option(help="The law that demands other terms.")] = None,
    percent: Annotated[str | None, typer.Option(help="The late charge it demands.")] = None,
    days: Annotated[
        int | None,
        typer.Option(
            click_type=WholeNumber(0, 365),
            help="Days from issue to the delinquent date it demands.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say that an account is a government's, and which terms the law demands for it."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.facts.late_charges import GovernmentAccount
        from meterledger.kernel.money import shown, whole_from_decimal_text
        from meterledger.usecases.late_charges import HOLDERS, tell_government_account
        from meterledger.usecases.ports import Viewer

        if holder not in HOLDERS:
            raise BadArgument(
                f"'{holder[:40]}' is no holder", where="--holder", do=f"One of {', '.join(HOLDERS)}"
            )
        millionths = None if percent is None else whole_from_decimal_text(percent, decimals=6)
        if percent is not None and (millionths is None or not 0 <= millionths <= 100_000_000):
            raise BadArgument(
                f"{shown(percent)} is no percent", where="--percent", do="Give 0 to 100, like 1.5"
            )
        if not by.strip():
            raise BadArgument("Nobody says so", where="--by", do="Give a name")
        viewer = Viewer(by, "tell whose account it is")
        with open_system(viewer=viewer, subjects=[account]) as system:
            told = GovernmentAccount(
                account_id=account,
                from_day=day_from(from_day, option="--from"),
                holder=holder,
                legal_basis=law,
                percent_by_law=percent,
                days_after_issue=days,
                by=by.strip(),
                learned_at=system.now,
            )
            tell_government_account(told, store=system.store)
        answer = {"account": account, "holder": holder, "from": told.from_day.isoformat()}
        say(answer, as_json=as_json, words=lambda: print(f"Account {account} is of {holder}."))


@contextmanager
def _of_charge(late_charge_id: str, viewer: Viewer) -> Iterator[System]:
    """The store, with the charge and the account that it is of in the log of looks."""
    from meterledger.entrypoints.wiring import open_system

    with (
        open_system(viewer=viewer, subjects=[late_charge_id]) as system,
        of_accounts(system, viewer, lambda: [system.store.late_charge(late_charge_id).account_id]),
    ):
        yield system


def _one(late_charge_id: str) -> tuple[Any, Any, Any]:
    from meterledger.usecases.ports import Viewer

    viewer = Viewer("command line", "look at a late charge")
    with _of_charge(late_charge_id, viewer) as system:
        charge = system.store.late_charge(late_charge_id)
        account = charge.account_id
        money = system.store.account_money([account], with_due_days=True)[account]
        return charge, system.store.late_charge_reversal(late_charge_id), money.bills
