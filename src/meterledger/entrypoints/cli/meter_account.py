"""``meterledger meter account``: the meters of one account over a month, added as GRR IV.C says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import usd_shown

if TYPE_CHECKING:
    from meterledger.usecases.account_together import Together


def register(meter: typer.Typer) -> None:
    """Add the command to the group of meters."""
    meter.command("account")(account)


def account(
    account: Annotated[str, typer.Argument(help="Account number.")],
    start: Annotated[str, typer.Option("--from", help="First day of the month.")],
    end: Annotated[str, typer.Option("--to", help="Last day, out.")],
    priced: Annotated[
        bool, typer.Option("--priced", help="What one bill on the sum would charge, too.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Add up the meters of an account (GRR IV.C), and say which of them stood still."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.span import DaySpan
        from meterledger.usecases.account_meters import account_meters
        from meterledger.usecases.account_together import price_together
        from meterledger.usecases.ports import Viewer

        first, out = day_from(start, option="--from"), day_from(end, option="--to")
        if out <= first:
            raise BadArgument(f"{end} is not after {start}", where="--to",
                              do="Give the first day that is out")  # fmt: skip
        viewer = Viewer("command line", "add up the meters of an account")
        with open_system(viewer=viewer, subjects=[account]) as system:
            month = account_meters(
                account_id=account,
                span=DaySpan(first, out),
                known_at=system.now,
                store=system.store,
                lake=system.lake,
                book=system.book,
            )
            together = (
                price_together(
                    account_id=account,
                    days=DaySpan(first, out),
                    known_at=system.now,
                    store=system.store,
                    lake=system.lake,
                    book=system.book,
                )
                if priced
                else None
            )
        answer = {
            "account": account,
            "from": start,
            "to": end,
            "meters": [
                {
                    "meter": one.meter_id,
                    "service_point": one.service_point_id,
                    "kwh": one.kwh,
                    "estimated": one.estimated,
                    "why": one.why,
                }
                for one in month.meters
            ],
            "facts": month.facts,
            "usage": None if month.usage is None else month.usage.as_json(),
            "zero_usage": {meter: ruling.as_json() for meter, ruling in month.zero_usage},
            **({} if together is None else {"priced": _priced(together)}),
        }
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _priced(one: Together) -> dict[str, Any]:
    from meterledger.kernel.money import usd_text

    return {
        "schedule": one.schedule,
        "energy_wh": str(one.energy_wh),
        "lines": [line.as_json() for line in one.lines],
        "total_usd": usd_text(one.cents),
        "alone": [
            {
                "meter": each.meter_id,
                "service_point": each.service_point_id,
                "energy_wh": str(each.usage.energy_wh),
                "sha256": each.usage.sha256,
                "total_usd": usd_text(each.cents),
            }
            for each in one.alone
        ],
        "difference_usd": usd_text(one.difference_cents),
    }


def _print(answer: dict[str, Any]) -> None:
    for one in answer["meters"]:
        told = f"{one['kwh']} kWh" if one["kwh"] is not None else one["why"]
        mark = ", estimated" if one["estimated"] else ""
        print(f"Meter {one['meter']} at {one['service_point']}: {told}{mark}")
    if answer["usage"] is None:
        print("Not every meter is known, and a sum with a part missing is no sum.")
        return
    print(f"Together {answer['usage']['outcome']['billing_kwh']} kWh:")
    for reason in answer["usage"]["reasons"]:
        print(f"  {reason['finding']} ({reason['citation']['text']})")
    for meter, ruling in answer["zero_usage"].items():
        if ruling["outcome"]["charged"] or ruling["outcome"]["wait_for_actual_reading"]:
            for reason in ruling["reasons"]:
                print(f"  meter {meter}: {reason['finding']} ({reason['citation']['text']})")
    if "priced" in answer:
        told = answer["priced"]
        print(f"One bill on the sum ({told['schedule']}): {usd_shown(told['total_usd'])}")
        for line in told["lines"]:
            print(f"  {line['label']}: {line['arithmetic']}")
        for each in told["alone"]:
            print(f"  meter {each['meter']} alone: {usd_shown(each['total_usd'])}")
        print(
            f"Difference to the bills by service point, which stand: "
            f"{usd_shown(told['difference_usd'])}"
        )
