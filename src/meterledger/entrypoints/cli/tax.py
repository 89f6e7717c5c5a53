"""``meterledger tax``: certificates of exemption, where premises are taxed, and what was taxed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import usd_shown

if TYPE_CHECKING:
    from enum import Enum

    from meterledger.usecases.tax_exemptions import Exempt
    from meterledger.usecases.tax_report import TaxReport


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    tax = typer.Typer(
        help="Exempt accounts by certificate, say where premises are taxed, report what was taxed.",
        no_args_is_help=True,
    )
    tax.command("exempt")(exempt)
    tax.command("end")(end)
    tax.command("list")(list_of)
    tax.command("place")(place)
    tax.command("report")(report)
    app.add_typer(tax, name="tax")


def exempt(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    tax: Annotated[str, typer.Option(help="The tax: gross_receipts or sales.")],
    kind: Annotated[
        str,
        typer.Option(
            help="The ground: government, charitable, manufacturing, agricultural, domestic_use or "
            "large_use."
        ),
    ],
    certificate: Annotated[str, typer.Option(help="The certificate's number.")],
    from_day: Annotated[str, typer.Option("--from", help="Its first day.")],
    until: Annotated[
        str | None, typer.Option(help="First day on which it does not hold; none unless given.")
    ] = None,
    share: Annotated[str, typer.Option(help="Share of the use that is exempt: 0.6 or 3/5.")] = "1",
    agreement: Annotated[
        str, typer.Option(help="Agreement it is for; the whole account unless given.")
    ] = "",
    average_kwh: Annotated[
        str | None, typer.Option(help="Average use of a month in kWh, for large_use.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Record a certificate that exempts; says which issued bills it touches."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.facts.taxes import ExemptionKind, TaxKind
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.tax_exemptions import ExemptionRequest, record_exemption

        request = ExemptionRequest(
            account_id=account,
            tax=_word(TaxKind, tax, "--tax"),
            kind=_word(ExemptionKind, kind, "--kind"),
            certificate=certificate,
            from_day=day_from(from_day, option="--from"),
            until_day=day_from(until, option="--until") if until else None,
            share=_number(share, "--share"),
            agreement_id=agreement,
            average_kwh=_number(average_kwh, "--average-kwh") if average_kwh else None,
        )
        viewer = Viewer("command line", "record a tax exemption")
        with open_system(viewer=viewer, subjects=[account]) as system:
            done = record_exemption(
                request, learned_at=system.now, view=system.view, store=system.store
            )
        say(done.as_json(), as_json=as_json, words=lambda: _print(done, "Recorded"))


def end(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    certificate: Annotated[str, typer.Option(help="The certificate's number.")],
    on: Annotated[str, typer.Option(help="First day on which it does not hold.")],
    tax: Annotated[str | None, typer.Option(help="The tax, where one number is for both.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """End a certificate; says which issued bills it touches."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.facts.taxes import TaxKind
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.tax_exemptions import end_exemption

        day = day_from(on, option="--on")
        kind = _word(TaxKind, tax, "--tax") if tax else None
        viewer = Viewer("command line", "end a tax exemption")
        with open_system(viewer=viewer, subjects=[account]) as system:
            done = end_exemption(
                account_id=account,
                certificate=certificate,
                until_day=day,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                tax=kind,
            )
        say(done.as_json(), as_json=as_json, words=lambda: _print(done, "Ended"))


def list_of(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    as_json: JsonFlag = False,
) -> None:
    """List an account's certificates, ended ones too."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.tax_exemptions import exemption_json

        viewer = Viewer("command line", "list tax exemptions")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            found = [
                exemption_json(one)
                for one in system.store.exemptions_of_account(account, system.now)
            ]

        def words() -> None:
            if not found:
                print(f"Account {account} has no certificate.")
            for one in found:
                print(_told(one))

        say({"account": account, "exemptions": found}, as_json=as_json, words=words)


def place(
    premise: Annotated[str, typer.Argument(help="Name of the place, like P-1042.")],
    from_day: Annotated[str, typer.Option("--from", help="First day on which it is so.")],
    municipality: Annotated[
        str | None, typer.Option(help="Municipality, like university_city, or none.")
    ] = None,
    sales_tax: Annotated[
        str | None, typer.Option(help="Sales-tax jurisdiction, like creve_coeur, or none.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say where a premise is taxed from a day on; what was so before ends on that day."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.tax_exemptions import tax_premise

        day = day_from(from_day, option="--from")
        viewer = Viewer("command line", "say where a premise is taxed")
        with open_system(viewer=viewer, subjects=[premise]) as system:
            news = tax_premise(
                premise_id=premise,
                from_day=day,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                municipality=municipality,
                jurisdiction=sales_tax,
            )
        answer = {
            "premise": premise,
            "from": day.isoformat(),
            "municipality": municipality,
            "sales_tax": sales_tax,
            "changed": bool(news),
        }
        told = f"Premise {premise} is taxed so from {day} on."
        say(
            answer,
            as_json=as_json,
            words=lambda: print(told if news else f"Nothing changed: {told[0].lower()}{told[1:]}"),
        )


def report(
    from_day: Annotated[str, typer.Option("--from", help="First day, of posting.")],
    to: Annotated[str, typer.Option(help="Day after the last one.")],
    as_json: JsonFlag = False,
) -> None:
    """Report taxable, exempt and tax by jurisdiction, tied to the ledger's sub-accounts."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.span import DaySpan
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.tax_report import tax_report

        first, out = day_from(from_day, option="--from"), day_from(to, option="--to")
        if out <= first:
            raise BadArgument(
                f"There is no day from {first} until {out}",
                where="--to",
                do="Give the day after the last one of the report",
            )
        viewer = Viewer("command line", "report taxes")
        with open_system(viewer=viewer, subjects=["taxes of all bills"]) as system:
            done = tax_report(DaySpan(first, out), store=system.store)
        say(done.as_json(), as_json=as_json, words=lambda: _print_report(done))


def _print(done: Exempt, verb: str) -> None:
    told = done.as_json()
    print(f"{verb}: {_told(told)}")
    for one in told["bills_touched"]:
        print(
            f"  Bill {one['bill']} asked {usd_shown(one['tax_usd'])} by "
            f"{_by(one['certificate_used'])}, and {_by(one['certificate_that_counts'])} counts now."
        )
    if told["bills_touched"]:
        print("  See `meterledger rebill list` for what each of them comes to now.")


def _by(certificate: str) -> str:
    return f"certificate {certificate}" if certificate else "no certificate"


def _told(one: dict[str, Any]) -> str:
    until = one["until"] or "further notice"
    of = f"agreement {one['agreement']}" if one["agreement"] else f"account {one['account']}"
    return (
        f"certificate {one['certificate']} ({one['kind'].replace('_', ' ')}) exempts {of} from "
        f"{one['tax'].replace('_', '-')} tax for {one['share']} of its use, {one['from']} until "
        f"{until}."
    )


def _print_report(done: TaxReport) -> None:
    told = done.as_json()
    print(f"Taxes of bills posted {done.days}")
    head = ("tax", "jurisdiction", "bills", "taxable", "exempt", "tax", "ledger account")
    rows = [
        (
            *(one["tax"].replace("_", " "), one["jurisdiction"].replace("_", " ")),
            str(one["bills"]),
            *(usd_shown(one[key]) for key in ("taxable_usd", "exempt_usd", "tax_usd")),
            one["ledger_account"],
        )
        for one in told["taxes"]
    ]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if 2 <= place <= 5 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells).rstrip())
    print(
        f"Billed {usd_shown(told['tax_usd'])}; control account {told['control_account']} has "
        f"{usd_shown(told['posted_usd'])}."
    )
    for one in told["apart"]:
        print(
            f"  Apart: {one['ledger_account']} is {usd_shown(one['usd'])} away from "
            f"what was billed."
        )
    print("They tie to the cent." if told["ties"] else "They do not tie.")


def _word(kind: type[Enum], text: str, option: str) -> Any:
    """A word of an enumeration.

    :raises BadArgument: naming the words there are
    """
    for one in kind:
        if one.value == text:
            return one
    raise BadArgument(
        f"'{text[:40]}' is none of its words",
        where=option,
        do=f"Give one of {', '.join(str(one.value) for one in kind)}",
    )


def _number(text: str, option: str) -> Fraction:
    """An exact number.

    :raises BadArgument: saying how it is written
    """
    from meterledger.rulebook.forms import FactsRefused, read_value

    try:
        number: Fraction = read_value(Fraction, text, where=option)
    except FactsRefused as refusal:
        raise BadArgument(
            f"'{text[:40]}' is not an exact number",
            where=option,
            do="Write it like 0.6 or 3/5",
        ) from refusal
    return number
