"""``meterledger rate``: price usage on a schedule, with no account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import (
    ENERGY,
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)

if TYPE_CHECKING:
    from meterledger.usecases.given_beside import GivenBeside


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("rate")(rate)


def rate(
    schedule: Annotated[str, typer.Option(help="Rate option, like 1M-anytime.")],
    from_day: Annotated[str, typer.Option("--from", help="First day of service (in).")],
    to_day: Annotated[str, typer.Option("--to", help="Day after the last day of service (out).")],
    energy_wh: Annotated[
        int | None,
        typer.Option(
            "--kwh",
            click_type=ENERGY,
            help="Energy of the whole window, in kWh, like 1000 or 812.5.",
        ),
    ] = None,
    usage: Annotated[
        Path | None,
        typer.Option(
            help="A meter file (Green Button, CMEP, CSV, Parquet) that covers the window."
        ),
    ] = None,
    kw: Annotated[
        list[str] | None,
        typer.Option(help="Demand in kW beside --kwh: N, or NAME=N for each demand."),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option(
            help="A YAML file of what is known beside: kvar, history, programs, solar_blocks, "
            "received_kwh, credits, cycle."
        ),
    ] = None,
    cycle: Annotated[
        int | None,
        typer.Option(
            click_type=WholeNumber(1, 28),
            help="Reading cycle, where seasons go by the number of the billing period and the "
            "window is no period itself.",
        ),
    ] = None,
    received: Annotated[
        Path | None,
        typer.Option(help="A meter file with the energy received from the customer."),
    ] = None,
    book_name: Annotated[
        str | None, typer.Option("--book", help="Another book of tariffs/, by its folder's name.")
    ] = None,
    meter: Annotated[
        str | None, typer.Option(help="Which meter of the file, if it holds several.")
    ] = None,
    without: Annotated[
        str, typer.Option(help="Leave out parts: riders, taxes, base (comma between).")
    ] = "",
    tax_place: Annotated[
        str, typer.Option(help="Municipality for the gross-receipts tax, like university_city.")
    ] = "none",
    sales_tax_place: Annotated[
        str | None,
        typer.Option(
            help="Sales-tax jurisdiction of service that is not residential, like creve_coeur; "
            "none for the state's alone. Without it no sales tax is reckoned."
        ),
    ] = None,
    as_known: Annotated[
        str | None, typer.Option(help="Ask the tariff book as it was known on this day.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Price energy on a rate option: every line, its clause, and the total."""
    with refusing():
        from meterledger.entrypoints.cli.words import print_lines
        from meterledger.entrypoints.wiring import book_named, known_on, open_book
        from meterledger.facts.charges import ChargeGroup
        from meterledger.kernel.span import DaySpan
        from meterledger.usecases.rate_usage import rate_usage

        start = day_from(from_day, option="--from")
        until = day_from(to_day, option="--to")
        if not start < until:
            raise BadArgument(
                f"The window from {start} to {until} holds no day",
                where="--from, --to",
                do="--to is the day after the last day of service",
            )
        window = DaySpan(start, until)
        if (energy_wh is None) == (usage is None):
            raise BadArgument(
                "Usage is given once",
                where="--kwh, --usage",
                do="Give either --kwh N or --usage FILE",
            )
        given = _given(known, kw or [])
        if cycle is not None:
            _once(given.cycle, "cycle", "--cycle")
            given = replace(given, cycle=cycle)
        book = open_book(book_named(book_name))
        known_day = known_on(day_from(as_known, option="--as-known") if as_known else None)
        if energy_wh is not None:
            amount: object = energy_wh
        else:
            from meterledger.entrypoints.file_usage import usage_from_file

            zone_name = book.as_known(known_day).time_zone
            amount = usage_from_file(Path(str(usage)), window, meter=meter, zone=zone_name)
        if received is not None:
            from meterledger.entrypoints.file_usage import usage_from_file

            _once(given.received, "received_kwh", "--received")
            zone_name = book.as_known(known_day).time_zone
            back = usage_from_file(received, window, meter=meter, zone=zone_name, received=True)
            given = replace(given, received=back)
        rated = rate_usage(
            schedule=schedule,
            window=window,
            usage=amount,  # type: ignore[arg-type]
            book=book,
            as_known_on=known_day,
            groups=frozenset(ChargeGroup) - _groups(without),
            tax_place=tax_place,
            sales_tax_place=sales_tax_place,
            given=given,
        )
        answer = rated.as_json()
        say(
            answer,
            as_json=as_json,
            words=lambda: print_lines(answer["lines"], answer["total_usd"], answer["standing"]),
        )


def _given(known: Path | None, kw: list[str]) -> GivenBeside:
    """What is known beside the energy: the file's facts, and demands of the command line."""
    from meterledger.kernel.money import shown, whole_from_decimal_text
    from meterledger.rulebook.yaml_nodes import read_nodes
    from meterledger.usecases.given_beside import (
        GIVEN_KEYS,
        MOST_THOUSANDTHS,
        NOTHING_GIVEN,
        THE_DEMAND,
        given_beside,
    )

    given = NOTHING_GIVEN
    if known is not None:
        if not known.is_file():
            raise BadArgument(
                f"There is no file {known.name}", where="--known", do="Name a file that exists"
            )
        keys = read_nodes(known.read_bytes(), known.name).mapping(
            required=frozenset(), allowed=GIVEN_KEYS - {"load"}
        )
        given = given_beside(keys)
    demands: dict[str, int] = {}
    for one in kw:
        name, _, amount = one.rpartition("=")
        watts = whole_from_decimal_text(amount, decimals=3)
        if watts is None or not 0 <= watts <= MOST_THOUSANDTHS:
            raise BadArgument(
                f"{shown(one)} is not a demand in kW",
                where="--kw",
                do="Write --kw 120, or --kw on_peak=120 for each demand",
            )
        name = name or THE_DEMAND
        if name in demands or name in given.demands_w:
            raise BadArgument(
                f"The demand {name} is given twice" if name else "The demand is given twice",
                where="--kw",
                do="Give it once; each of several has its name, like --kw on_peak=120",
            )
        demands[name] = watts
    if not demands:
        return given
    return replace(given, demands_w={**given.demands_w, **demands})


def _once(already: object, key: str, option: str) -> None:
    """Refuse what the file of ``--known`` says already."""
    if already is not None:
        raise BadArgument(
            f"The file of --known says {key}, too",
            where=option,
            do="Say it in one place",
        )


def _groups(without: str) -> frozenset:  # type: ignore[type-arg]
    from meterledger.facts.charges import ChargeGroup

    named = {"riders": ChargeGroup.RIDER, "taxes": ChargeGroup.TAX, "base": ChargeGroup.BASE}
    words = [word.strip() for word in without.split(",") if word.strip()]
    for word in words:
        if word not in named:
            raise BadArgument(
                f"'{word}' is not a part of a bill",
                where="--without",
                do="Name riders, taxes or base, with a comma between",
            )
    left_out = frozenset(named[word] for word in words)
    if left_out >= frozenset(ChargeGroup):
        raise BadArgument(
            "Nothing is left to price without riders, taxes and base",
            where="--without",
            do="Leave out one or two of them",
        )
    return left_out
