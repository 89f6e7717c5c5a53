"""The money of line extensions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.stores.extension_town import (
    CONTRACT,
    DEPOSIT,
    GUARANTEE,
    NOON,
    OTHERS_DEPOSIT,
    REFUNDS_TOLD,
    SPECIAL,
    Desk,
    facility,
)
from tests.stores.money_journeys.journey import journey
from tests.stores.paper_town import agreement_of, bill_of

from meterledger.extensions import Change
from meterledger.usecases.depositor_refunds import ask_depositor_refund
from meterledger.usecases.extension_money import (
    give_back_guarantee_deposit,
    return_extension_payment,
)
from meterledger.usecases.extension_tellings import (
    Told,
    change_facility,
    release_construction,
    serve_from_extension,
    sign_guarantee,
)

TODAY = date(2026, 11, 28)
REFUNDED = date(2026, 11, 30)
LAST = NOON + timedelta(hours=2)


def desk(store: Any) -> Desk:
    """The desk of the act itself, after all that its town did."""
    return Desk(store, LAST, [1])


def told(store: Any, act: Any, *more: Any, on: date = TODAY, **how: Any) -> Any:
    """Tell something of the contract."""
    return act(CONTRACT, *more, Told(on, "Ana"), store=store, moment=desk(store).moment, **how)


def ready(store: Any) -> None:
    """The first account is there."""
    made = Desk(store)
    made.open(DEPOSIT, contract="EXT-0")


def opened(store: Any) -> None:
    Desk(store).open(DEPOSIT)


def paid(store: Any) -> None:
    made = Desk(store)
    made.open(DEPOSIT)
    made.pay(6_000_00)


def connected(store: Any) -> None:
    made = Desk(store)
    made.open(DEPOSIT)
    made.pay(6_000_00)
    made.connect("lot 1", date(2018, 8, 1), verified=False)


def verified(store: Any) -> None:
    made = Desk(store)
    made.open(DEPOSIT)
    made.pay(6_000_00)
    made.connect("lot 1", date(2018, 8, 1))


def guaranteed(store: Any) -> Desk:
    made = Desk(store)
    made.open(GUARANTEE)
    made.pay(500_00)
    return made


def served(store: Any) -> Desk:
    made = guaranteed(store)
    with store.viewing(*_who()):
        serve_from_extension(
            CONTRACT,
            agreement_of(1).agreement_id,
            Told(date(2025, 1, 1), "Ana"),
            store=store,
            moment=made.moment,
        )
    return made


def _who() -> tuple[Any, list[str]]:
    from tests.stores.paper_town import ANALYST

    return ANALYST, ["a test"]


def lacking(store: Any) -> None:
    """Five bills of which two lack something."""
    served(store)
    for month, cents in enumerate((100_00, 100_00, 100_00, 100_00, 150_00)):
        store.record_bills([bill_of(1, month, cents=cents)])


def crediting(store: Any) -> None:
    """Seven bills, of which the last is paid by what was too much."""
    served(store)
    for month, cents in enumerate((500_00, 500_00, 500_00, 100_00, 60_00, 200_00, 300_00)):
        store.record_bills([bill_of(1, month, cents=cents)])


def ended(store: Any) -> None:
    """Enough was billed: the guarantee is ended."""
    made = served(store)
    for month, cents in enumerate((900_00, 100_00, 100_00, 700_00)):
        store.record_bills([bill_of(1, month, cents=cents)])
    made.run(TODAY)


def facilities(store: Any) -> None:
    Desk(store).open(facility())


def left_behind(store: Any) -> None:
    """Months of a facility are charged; then it is told that service had ended before them."""
    made = Desk(store)
    made.open(facility(charges_from="2025-06-01", frozen_monthly_usd="90.00"))
    made.run(date(2025, 9, 30), parts=("facility",))
    store.stop_service(agreement_of(1).agreement_id, date(2025, 8, 2), made.moment.known_at)


def special(store: Any) -> None:
    Desk(store).open(SPECIAL)


def earned(store: Any) -> None:
    """A developer's deposit, of which a third came back."""
    made = Desk(store)
    made.open(OTHERS_DEPOSIT, depositor=made.developer())
    made.pay(6_000_00)
    made.connect("lot 1", date(2018, 8, 1), units=4)
    made.run(date(2018, 8, 1))


@journey("ask for a depositor's refund", earned)
def _(store: Any, _: Any) -> Any:
    act = Desk(store, REFUNDS_TOLD + timedelta(hours=2), [1])
    how: dict[str, Any] = {"by": "Ana", "reason": "earned", "desk": act.money(REFUNDED)}
    return act.look(lambda: ask_depositor_refund(CONTRACT, **how)).case


@journey("open a contract", ready)
def _(store: Any, _: Any) -> Any:
    return desk(store).open(DEPOSIT, GUARANTEE)


@journey("pay an advance", opened)
def _(store: Any, _: Any) -> Any:
    return desk(store).pay(6_000_00)


@journey("pay for special facilities", special)
def _(store: Any, _: Any) -> Any:
    return desk(store).pay(10_000_00)


@journey("an advance comes back", paid)
def _(store: Any, _: Any) -> Any:
    return told(store, return_extension_payment, "R-1", on=date(2018, 3, 1))


@journey("sign a guarantee", guaranteed)
def _(store: Any, _: Any) -> Any:
    return told(store, sign_guarantee)


@journey("release construction", paid)
def _(store: Any, _: Any) -> Any:
    return told(store, release_construction)


@journey("serve from an extension", guaranteed)
def _(store: Any, _: Any) -> Any:
    agreement = agreement_of(1).agreement_id
    return told(store, serve_from_extension, agreement, on=date(2025, 1, 1))


@journey("tell a connection", paid)
def _(store: Any, _: Any) -> Any:
    return desk(store).connect("lot 1", date(2018, 8, 1), verified=False)


@journey("verify a connection", connected)
def _(store: Any, _: Any) -> Any:
    return desk(store).verify("lot 1", date(2018, 8, 1))


@journey("change a facility", facilities)
def _(store: Any, _: Any) -> Any:
    return told(
        store,
        change_facility,
        Change.PARTIAL_REPLACEMENT,
        on=date(2019, 3, 15),
        replacement_cents=8_000_00,
        enlargement_cents=0,
    )


@journey("extension run: refund", verified)
def _(store: Any, _: Any) -> Any:
    return bool(desk(store).run(date(2018, 8, 1), parts=("refund",)))


@journey("extension run: last refund", verified)
def _(store: Any, _: Any) -> Any:
    return bool(desk(store).run(date(2023, 2, 1), parts=("refund",)))


@journey("extension run: facility", facilities)
def _(store: Any, _: Any) -> Any:
    return bool(desk(store).run(date(2019, 3, 1), parts=("facility",)))


@journey("extension run: facility after its customer left", left_behind)
def _(store: Any, _: Any) -> Any:
    return bool(desk(store).run(date(2025, 12, 31), parts=("facility",)))


@journey("extension run: guarantee", lacking)
def _(store: Any, _: Any) -> Any:
    return bool(desk(store).run(TODAY))


@journey("extension run: credit", crediting)
def _(store: Any, _: Any) -> Any:
    return bool(desk(store).run(TODAY))


@journey("give a guarantee deposit back", ended)
def _(store: Any, _: Any) -> Any:
    return told(store, give_back_guarantee_deposit)
