"""``meterledger service``: start and stop service; show an account as it is known."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    CYCLE,
    MULTIPLIER,
    BadArgument,
    JsonFlag,
    day_from,
    refusing,
    say,
)
from meterledger.entrypoints.cli.made_anew import (
    ApprovedBy,
    By,
    Seen,
    Why,
    now_of_system,
    print_anew,
)
from meterledger.kernel.money import usd_display, usd_shown, usd_text
from meterledger.kernel.written_counts import many


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    from meterledger.entrypoints.cli import relief
    from meterledger.entrypoints.cli.correct_service import correct
    from meterledger.entrypoints.cli.small_general import small_general

    service = typer.Typer(
        help="Start, stop and change service at a place; show what is known of an account.",
        no_args_is_help=True,
    )
    service.command("start")(start)
    service.command("stop")(stop)
    service.command("change")(change)
    service.command("correct")(correct)
    service.command("small-general")(small_general)
    service.command("show")(show)
    relief.register(service)
    app.add_typer(service, name="service")


def start(
    account: Annotated[
        str, typer.Option(help="Account number: ten digits, the last a check digit.")
    ],
    premise: Annotated[str, typer.Option(help="Name of the place, like P-1042.")],
    address: Annotated[str, typer.Option(help="Street address of the place.")],
    city: Annotated[str, typer.Option(help="City of the place.")],
    postal_code: Annotated[str, typer.Option(help="Postal code of the place.")],
    schedule: Annotated[str, typer.Option(help="Rate option, like 1M-anytime.")],
    on: Annotated[str, typer.Option(help="First day of service.")],
    cycle: Annotated[
        int, typer.Option(click_type=CYCLE, help="Number of the reading cycle, counted from 1.")
    ],
    tax_place: Annotated[str, typer.Option(help="Municipality, like university_city, or none.")],
    person: Annotated[
        list[str] | None,
        typer.Option(
            help="Who is responsible and known, by the id that `service show` prints; again for a "
            "second person."
        ),
    ] = None,
    new_person: Annotated[
        list[str] | None,
        typer.Option(help="Who is responsible and new here, as id=name; again for a second one."),
    ] = None,
    service_point: Annotated[
        str | None, typer.Option(help="Name of the service point (SP-PREMISE unless given).")
    ] = None,
    meter: Annotated[
        str | None,
        typer.Option(
            help="Number of the meter installed there; none: service without one, or a meter that "
            "`meter install` brings with what its register shows."
        ),
    ] = None,
    multiplier: Annotated[
        int, typer.Option(click_type=MULTIPLIER, help="The meter's multiplier.")
    ] = 1,
    state: Annotated[
        str,
        typer.Option(help="State of the place, like MO; needed where the utility serves several."),
    ] = "",
    sales_tax_place: Annotated[
        str,
        typer.Option(
            help="Sales-tax jurisdiction, like creve_coeur, or none; needed where service is not "
            "residential."
        ),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Start service: person, account, place, meter and rate option at once, or nothing."""
    with refusing():
        from dataclasses import replace

        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.name_people import name_people
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.start_service import ServiceRequest, start_service, warnings_of

        known = [_person(text, "--person") for text in person or ()]
        declared = [_person(text, "--new-person") for text in new_person or ()]
        request = ServiceRequest(
            account_id=account,
            people=(),
            cycle=cycle,
            premise_id=premise,
            address=address,
            city=city,
            postal_code=postal_code,
            tax_place=tax_place,
            service_point_id=service_point or f"SP-{premise}",
            meter_id=meter,
            multiplier=multiplier,
            schedule=schedule,
            from_day=day_from(on, option="--on"),
            state=state,
            sales_tax_place=sales_tax_place,
        )
        viewer = Viewer("command line", "start service")
        with open_system(viewer=viewer, subjects=[account]) as system:
            people, namesakes = name_people(known, declared, system.store)
            request = replace(request, people=people)
            agreement = start_service(
                request, learned_at=system.now, view=system.view, store=system.store
            )
            warned = (*namesakes, *warnings_of(request, system.view))
        answer = {
            "agreement": agreement.agreement_id,
            "account": account,
            "service_point": agreement.service_point_id,
            "schedule": agreement.schedule,
            "from": agreement.days.from_day.isoformat(),
            "warnings": list(warned),
        }

        def words() -> None:
            print(
                f"Service started: account {account} at {premise} on {schedule} from {on}. "
                f"Agreement {agreement.agreement_id}."
            )
            for warning in warned:
                print(f"Warning: {warning}")

        say(answer, as_json=as_json, words=words)


def stop(
    agreement: Annotated[str, typer.Argument(help="Agreement, as `service show` names it.")],
    on: Annotated[str, typer.Option(help="First day without service.")],
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
    by: By = "",
    reason: Why = "",
    approved_by: ApprovedBy = "",
    seen: Seen = None,
    as_json: JsonFlag = False,
) -> None:
    """Stop service; the bill past the day is made again as the final one, later ones are void.

    A bill of several service points is made again without the days of the one that ends.
    """
    with refusing():
        from meterledger.entrypoints.cli.rebill import run_json
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.change_then_rebill import Signed
        from meterledger.usecases.end_billed_service import end_billed_service
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.rebill import RebillRun

        day = day_from(on, option="--on")
        viewer = Viewer("command line", "stop service")
        with open_system(viewer=viewer, subjects=[agreement]) as system:
            ended = end_billed_service(
                agreement_id=agreement,
                last_day_out=day,
                signed=Signed(by, reason, approved_by, tuple(seen or ())),
                now=now_of_system(system),
                store=system.store,
                dry_run=dry_run,
            )
        made = ended.every
        runs = [RebillRun(f"case:{made[0].cancelled.bill_id}", made)] if made else []
        answer = {
            "agreement": agreement,
            "until": day.isoformat(),
            "dry_run": dry_run,
            "rebilled": run_json(runs[0]) if runs else None,
            "withdrawn": [
                {
                    "bill": one.bill_id,
                    "from": one.days.from_day.isoformat(),
                    "to": one.days.until_day.isoformat(),
                    "total_usd": usd_text(one.total_cents),
                }
                for one in ended.withdrawn
            ],
            "left": list(ended.left),
        }

        def words() -> None:
            ends = "would end" if dry_run else "ends"
            print(f"Agreement {agreement} {ends}; {day} is the first day without it.")
            print_anew(runs, would=dry_run)
            for one in ended.withdrawn:
                leaves = "would leave" if dry_run else "leaves"
                print(f"  {one.bill_id} {leaves} nothing: {usd_display(-one.total_cents)}")
            for other in ended.left:
                account = made[0].bill.account_id
                print(
                    f"  Agreement {other} stood on its bill, and is on none from {day} on: end "
                    f"that with `meterledger together end {account} --on {day}`, and it is "
                    "billed by itself."
                )

        say(answer, as_json=as_json, words=words)


def change(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    schedule: Annotated[str, typer.Option(help="Rate option asked for, like 1M-smart.")],
    asked: Annotated[
        str | None, typer.Option(help="Day on which the request came; today unless given.")
    ] = None,
    service_point: Annotated[
        str, typer.Option(help="Service point; needed where the account has several.")
    ] = "",
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
    by: By = "",
    reason: Why = "",
    approved_by: ApprovedBy = "",
    seen: Seen = None,
    as_json: JsonFlag = False,
) -> None:
    """Change the rate option as the customer asks and the sheet allows (GRR V.H)."""
    with refusing():
        from meterledger.entrypoints.cli.rebill import run_json
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.change_rate import change_rate
        from meterledger.usecases.change_then_rebill import Signed, change_then_rebill
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "change a rate option")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            changed, anew = change_then_rebill(
                lambda only_look: change_rate(
                    account_id=account,
                    schedule=schedule,
                    asked=day_from(asked, option="--asked") if asked else system.today,
                    learned_at=system.now,
                    view=system.view,
                    store=system.store,
                    service_point_id=service_point,
                    dry_run=only_look,
                ),
                kept=lambda one: (
                    f"Account {account} is on {schedule} from {one.then.days.from_day}"
                ),
                anew=lambda one: (
                    f"The rate goes back to {one.then.days.from_day}, and "
                    f"{many(len(one.bills), 'bill')} since then "
                    f"{'is' if len(one.bills) == 1 else 'are'} made anew"
                ),
                signed=Signed(by, reason, approved_by, tuple(seen or ())),
                now=now_of_system(system),
                store=system.store,
                dry_run=dry_run,
            )
        effective = changed.then.days.from_day
        answer = {
            "account": account,
            "agreement": changed.service.agreement.agreement_id,
            "then": changed.then.agreement_id,
            "schedule": schedule,
            "from": effective.isoformat(),
            "dry_run": dry_run,
            "ruling": changed.ruling.as_json(),
            "bills": list(changed.bills),
            "rebilled": run_json(anew[0]) if anew else None,
        }

        def words() -> None:
            would = "would go" if dry_run else "goes"
            print(
                f"Account {account} {would} from {changed.service.agreement.schedule} to "
                f"{schedule} on {effective}."
            )
            for one in changed.ruling.decision.reasons:
                print(f"  {one.finding} ({one.citation.text})")
            if dry_run and changed.bills:
                print(f"Made anew: {', '.join(changed.bills)}.")
            print_anew(anew)

        say(answer, as_json=as_json, words=words)


def show(
    account: Annotated[
        str | None, typer.Argument(help="Account number; without it, all accounts are listed.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show an account: people, places, agreements, bills and balance."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "show an account")
        with open_system(viewer=viewer, subjects=[account or "all accounts"]) as system:
            if account is None:
                answer: dict[str, Any] = {"accounts": system.store.account_ids()}
            else:
                answer = _account(system, account)
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _account(system: Any, account: str) -> dict[str, Any]:
    from meterledger.facts.budget import asked_of

    held = system.store.account(account)
    services = system.store.services_of_account(account, system.now)
    bills = system.store.bills_of_account(account)
    off = system.store.relief_of_bills([one.bill_id for one in bills])
    return {
        "account": account,
        "cycle": held.cycle,
        "opened": held.opened_day.isoformat(),
        "balance_usd": usd_text(system.store.balance_cents(account)),
        "people": [
            {"person": person, "name": name, "days": str(days)}
            for person, name, days in system.store.people_of_account(account, system.now)
        ],
        "agreements": [
            {
                "agreement": service.agreement.agreement_id,
                "schedule": service.agreement.schedule,
                "days": str(service.agreement.days),
                "premise": service.premise.premise_id,
                "address": f"{service.premise.address}, {service.premise.city}",
                "meters": [f"{one.meter_id} ({one.days})" for one in service.installations],
                "holders": list(service.holders),
                "billed_until": service.billed_until.isoformat() if service.billed_until else None,
                "billed_with": [
                    {"agreement": one.agreement_id, "days": str(one.days)}
                    for one in service.billed_with
                ],
            }
            for service in services
        ],
        "bills": [
            {
                "bill": one.bill_id,
                "from": one.days.from_day.isoformat(),
                "to": one.days.until_day.isoformat(),
                "usd": usd_text(one.total_cents),
                "asked_usd": usd_text(
                    asked_of(one.record, one.total_cents)
                    - (off[one.bill_id].cents if one.bill_id in off else 0)
                ),
                "due": one.due_day.isoformat(),
            }
            for one in bills
        ],
        "payments": [
            {
                "payment": one.payment_key,
                "usd": usd_text(one.cents),
                "received": one.received_day.isoformat(),
            }
            for one in system.store.payments_of_account(account)
        ],
    }


def _print(answer: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.words import dollars

    if "accounts" in answer:
        print("\n".join(answer["accounts"]) or "No account is known yet.")
        return
    balance = dollars(answer["balance_usd"])
    print(f"Account {answer['account']}, cycle {answer['cycle']}, balance {balance}")
    for one in answer["people"]:
        print(f"  person {one['person']}: {one['name']}, {one['days']}")
    for one in answer["agreements"]:
        print(
            f"  {one['schedule']} at {one['address']}, {one['days']}: {', '.join(one['holders'])}"
        )
        print(f"    agreement {one['agreement']}, meters {', '.join(one['meters'])}")
        for each in one["billed_with"]:
            print(f"    on the bill of agreement {each['agreement']}, {each['days']}")
    for one in answer["bills"]:
        asked = f" ({dollars(one['asked_usd'])} asked)" if one["asked_usd"] != one["usd"] else ""
        print(f"  bill {one['bill']}: {dollars(one['usd'])}{asked}, due {one['due']}")
    for one in answer["payments"]:
        print(f"  payment {one['payment']}: {usd_shown(one['usd'])} on {one['received']}")


def _person(text: str, option: str) -> tuple[str, str]:
    """Id and name; a person who is known may be named by the id alone."""
    person, equals, name = (part.strip() for part in text.partition("="))
    needs_name = option == "--new-person" or bool(equals)
    if not person or (needs_name and not name):
        raise BadArgument(
            f"'{text}' does not name a person",
            where=option,
            do="Write an id and a name, like rivera-1=Ana Rivera"
            if needs_name
            else "Write the id that `service show` prints, like rivera-1",
        )
    return person, name
