"""Options of commands that are texts: days, instants, months, hours and readings among them.

Every option that is a text stands in one of the lists here; a new one has to be put into one. What
is read by one reader of the house is asked there once, whatever option it stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.poison.fields import WIDE, NumericField
from tests.poison.money_files import asking

from meterledger.entrypoints.cli import due_date, lake, ledger, meter_words
from meterledger.entrypoints.cli.answer import day_from
from meterledger.facts.meters import Register
from meterledger.facts.readings import Flow
from meterledger.metering.register_reads import shown_from_text
from meterledger.usecases.close_period import period_from

READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "day": (
        lambda text: day_from(text, option="--on"),
        """--asked --as-known --at --booked-until --connected --delinquent --disconnection-notice
        --discovered --due --expires --first-day --from --inquired --issued-from --issued-to
        --made-on --month --month-end --notified --on --requested --since --to --until day month""",
    ),
    "day of birth": (due_date._birth_date, "--birth-date"),
    "instant": (lambda text: meter_words.instant_from(text, option="--at"), "--at --was"),
    "what was known": (ledger._instant, "--known-at"),
    "month of the lake": (lambda text: lake._month(text, option="--before"), "--before"),
    "period": (period_from, "period"),
    "hours": (lambda text: meter_words.hours_from([text]), "--hours"),
}
"""How each is read, and where it stands."""
READS = "--closing --opening"
"""What registers show: read by what the register can show."""
NUMBERS = "--average-kwh --intervals --kw --less --percent --register --set --share --units"
"""Asked by ``commands``."""
WORDS = """
--about --account --address --agency --agency-terms --agreement --approved-by --area --author
--authorized --basis --before --bill-medium --billed-on --book --by --cause --certificate
--channel --check
--city --code --cold-weather --combination --customer --depositor --details --device
--earlier-account --evidence --facts --file --for --for-item --forbidden-by --guarantor --holder
--host --how --key --kind --known-by
--law --maker --means --meter --model --month-option --municipality --name --number --opinion
--new-person --out --outcome --owner --payee --payment --person --portal --postal-code --premise
--public-key --purpose --queue --reading --reason --reference --rendered-then --routing --sales-tax
--sales-tax-place --schedule --seen --sent-by --serial --service-point --setting --settle
--shared-key-file --signature --source --standard --state --statement --station --storm --tax
--tax-place --tender --terms --unit --versus --viewer --what --with --without --zone account
accounts agreement bank bill case contract deposit file hold_id key late_charge line match_id medium
meter
name name_of names other payment pledge pieces premise program provision relief rule run
service_point sha256 sheet statement to to_account what words_given
"""
"""Names, words of a list, sentences: looked up, compared or kept as they are."""


def registered() -> set[str]:
    """Every option and argument that stands in a list here."""
    lists = [where for _, where in READERS.values()]
    return {name for one in (*lists, READS, NUMBERS, WORDS) for name in one.split()}


def fields() -> Iterator[NumericField]:
    """Each reader, whatever option it stands in."""
    right = {
        "day": {"2025-07-01"},
        "day of birth": {"2025-07-01"},
        "instant": {"2025-07-01T00:00:00Z"},
        "what was known": {"2025-07-01T00:00:00Z", ""},
        "month of the lake": {"2025-07"},
        "period": {"2025-07"},
    }
    for name, (read, _) in READERS.items():
        also = frozenset(right.get(name, ()))
        yield NumericField(f"options, {name}", asking(read), low=1, high=0, also=also)
    register = Register("kWh", Flow.DELIVERED, "kWh", 5, 1, 1)
    yield NumericField(
        "options, what a register shows",
        asking(lambda text: shown_from_text(register, _typed(text))),
        high=99_999,
        places=1,
        digits=7,
        forms=WIDE,
    )


def _typed(text: str) -> Any:
    """As the option takes it: blanks around a value are no part of it."""
    return meter_words.reads_from([f"kWh={text}"], option="--opening")[0].value
