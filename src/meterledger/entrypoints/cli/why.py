"""``meterledger why``: every line of a bill to its inputs, arithmetic and clause."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("why")(why)


def why(
    bill: Annotated[str, typer.Argument(help="Bill number, as `service show` names it.")],
    versus: Annotated[
        str | None,
        typer.Option(help="An earlier bill: the difference by cause and by charge."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Explain a bill: each line's quantity, price, arithmetic, inputs and clauses."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.explain_bill import WeatherKnown, explain_bill
        from meterledger.usecases.ports import Viewer

        with open_system(
            viewer=Viewer("command line", "explain a bill"), subjects=[bill]
        ) as system:
            answer = explain_bill(
                bill_id=bill,
                store=system.store,
                versus=versus,
                weather=WeatherKnown(system.view, system.now),
                book=system.book,
            )
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _print(answer: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.estimates import record_lines
    from meterledger.entrypoints.cli.words import dollars, print_asked, worked

    print(f"Bill {answer['bill']}, {answer['schedule']}, {answer['from']} to {answer['to']}")
    if answer["versus"]:
        _print_difference(answer["versus"])
    for line in answer["lines"]:
        print(f"\n{line['label']}, {line['from']} to {line['to']}: {dollars(line['usd'])}")
        print(f"  {worked(line['arithmetic'])}")
        for name, value in line["inputs"].items():
            print(f"  {name.replace('_', ' ')}: {value}")
        for citation in line["citations"]:
            print(f"  by {citation['text']} ({citation['instrument']})")
        print(f"  standing: {line['standing']}")
    print(f"\nTotal: {dollars(answer['total_usd'])} ({answer['standing']})")
    for reason in answer["reasons"]:
        print(f"{reason['finding']} - {reason['citation']['text']}")
    if "estimate_records" in answer:
        print("On record of the estimate:")
        for told in record_lines(answer["estimate_records"]):
            print(told)
    if "asked" in answer:
        print_asked(answer["asked"])
    if "relief" in answer:
        _print_relief(answer["relief"])


def _print_relief(told: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.words import dollars, worked

    print(f"\nTaken off as agreed ({told['relief']}): {dollars(told['off_usd'])}")
    for line in told["lines"]:
        print(f"  {line['label']}: {dollars(line['off_usd'])}")
        print(f"    {worked(line['arithmetic'])}")
    for reason in told["reasons"]:
        print(f"{reason['finding']} - {reason['citation']['text']}")


def _print_difference(versus: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.words import dollars

    print(f"\nAgainst {versus['bill']}: {dollars(versus['total_usd'])}")
    for part in versus["parts"]:
        print(f"  {part['cause']}: {dollars(part['usd'])}")
    weather = versus["weather"]
    if weather["why"]:
        print(f"  (weather is not told apart: {weather['why']})")
    else:
        print(f"  (weather: {weather['kwh']} kWh by the temperatures at {weather['station']})")
    print("Charge by charge:")
    for part in versus["by_charge"]:
        print(f"  {part['cause']}: {dollars(part['usd'])}")
    before, after = versus["estimated_kwh"]
    if (before, after) != ("0.000", "0.000"):
        print(f"Estimated: {before} kWh of the earlier bill, {after} kWh of this one")
