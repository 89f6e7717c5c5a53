"""A row in every table of the intake and of the usage log, for tests of what a database refuses."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from tests.stores.paper_town import (
    ANALYST,
    FIRST_DAY,
    LATER,
    UNUSABLE,
    account_id,
    agreement_of,
    held_of,
    register_channel,
)
from tests.stores.settled_paper import keep_settlements
from tests.stores.test_promises_of_documents import back_of, document_of, name_of

from meterledger.facts.corrections import PutRight, WrongFact
from meterledger.facts.documents import SetAside
from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.findings import Finding, Weight
from meterledger.facts.held import RunRecord, RunState, SeenHold
from meterledger.facts.intake import REJECTED, QuarantineOutcome
from meterledger.facts.lake_log import Compaction, FileOnDisk, LakeHold, Tombstone
from meterledger.facts.sources import UNSIGNED, Source
from meterledger.facts.taxes import ExemptionKind, SalesTaxPlace, TaxExemption, TaxKind
from meterledger.facts.usage_log import (
    LoggedEstimate,
    LoggedFinding,
    ReadingEffort,
    ReviewAct,
    UsageBatchRecord,
    UsageCounts,
    UsageEdit,
    UsageReview,
    UsageRun,
)
from meterledger.facts.weather import DailyTemperature
from meterledger.kernel.span import Validity
from meterledger.stores.postgres import PostgresStore
from meterledger.usecases.usage_ports import LakePublication

DAY = date(2025, 3, 4)
METER = "00112233445566aa"
RUN = UsageRun("usage:2025-03-04:0", DAY, 0, 2, LATER)


def keep_intake(store: PostgresStore) -> None:
    """A source, and a line of a file that is rejected; the file itself keeps another line."""
    store.add_source(Source("north", UNSIGNED, "", is_sequenced=False, learned_at=LATER))
    store.record_file(
        sha256="c" * 64,
        name="another file",
        format="csv",
        channels=[register_channel("M-2")],
        quarantined=[UNUSABLE],
        lake_files=["c.parquet"],
        learned_at=LATER,
    )
    with store.viewing(ANALYST, ["quarantine"]):
        item = store.quarantined_items()[-1]
        store.record_rejection(item, QuarantineOutcome(REJECTED, "Ana", "a test meter", LATER))


def keep_lake(store: PostgresStore) -> None:
    """A row in every table of what becomes of lake files."""
    compaction = Compaction("2025-01", ("a.parquet",), ("b.parquet",), 2, 1)
    newest = store.lake_sequence()
    store.record_compaction(compaction, based_on=newest, learned_at=LATER)
    gone = FileOnDisk("a.parquet", 96, 2048, "a" * 64)
    store.record_tombstones([Tombstone(gone, "superseded", "replaced", LATER.date(), LATER)])
    store.place_lake_hold(LakeHold("H-1", None, "2025-01", "2025-01", "dispute", "Ana", LATER))
    store.release_lake_hold("H-1", author="Ana", reason="settled", learned_at=LATER)


def keep_documents(store: PostgresStore) -> None:
    """A document of the first account's bill; it was set aside before and came back after."""
    document = document_of(1)
    aside = SetAside(name_of(1), document.account_id, "a run", "a letter", LATER)
    store.record_documents([document], [aside])
    store.record_came_back(back_of(1))
    store.record_temperatures([DailyTemperature("KSTL", DAY, 501, "a service", LATER)])


def keep_usage(store: PostgresStore) -> None:
    """A run with an estimate, a finding that was cleared and one that was edited; an effort."""
    edited, cleared = _finding("usage.spike"), _finding("usage.high")
    with store.viewing(ANALYST, ["M-1"]):
        store.start_usage_run(RUN)
        store.record_usage_batch(
            UsageBatchRecord(
                RUN,
                0,
                UsageCounts(held=1, findings=2),
                LATER,
                findings=(edited, cleared),
                estimates=(_estimate(),),
            ),
            _published(store, "night"),
        )
        store.record_usage_batch(
            UsageBatchRecord(
                RUN,
                1,
                UsageCounts(),
                LATER + timedelta(hours=1),
                cleared=(cleared.finding_id,),
            ),
            None,
        )
        before = store.lake_sequence()
        store.record_review(
            UsageReview(
                *(METER, "M-1", DAY, ReviewAct.EDIT, "Ana", "it was reset", LATER),
                *((edited.finding_id,), 0),
            ),
            UsageEdit(METER, "M-1", DAY, 0, 900, 9, 2, 1, before, "Ana", "it was reset", LATER),
            _published(store, "edit"),
        )
        store.record_effort(
            ReadingEffort(METER, "M-1", DAY, "poll", "no answer", "head-end", LATER)
        )


def keep_held(store: PostgresStore) -> None:
    """A held case with its first step, a run, and a settlement."""
    store.see_held([SeenHold(held_of(2, 5))], on=LATER.date(), learned_at=LATER)
    store.record_run(RunRecord("R-1", RunState.FINISHED, "cycle 1", LATER.date(), LATER))
    keep_settlements(store)


def keep_taxes(store: PostgresStore) -> None:
    """A sales-tax jurisdiction of the first premise, a certificate, and a cycle put right."""
    wrong = (WrongFact.CYCLE, "15", "9", "Ana", "typed", LATER)
    store.put_right(PutRight(agreement_of(1).agreement_id, account_id(1), *wrong))
    days = Validity(FIRST_DAY)
    store.tax_premise(SalesTaxPlace("P-1", "creve_coeur", days, LATER))
    certificate = (ExemptionKind.CHARITABLE, "12-345", Fraction(1), days, LATER)
    store.record_exemption(TaxExemption(account_id(1), "", TaxKind.SALES, *certificate))


def _finding(code: str) -> LoggedFinding:
    finding = Finding(code, Weight.HOLD, "A look is needed.", {"energy_wh": 9})
    return LoggedFinding(METER, "M-1", DAY, finding, RUN.run_id, RUN.learned_at, (("times", "5"),))


def _estimate() -> LoggedEstimate:
    made = Estimate(
        meter=METER,
        start=1_741_068_000,
        until=1_741_068_900,
        energy_wh=250,
        method=Method.SAME_DAY,
        cause=EstimateCause.REMOTE_DEVICE_FAILED,
        provision="estimation.ami_interval.ladder",
        citation="Sheet 131.2, rev. Original, GRR V.E.3.d",
        made_at=LATER,
    )
    return LoggedEstimate(made, "M-1", DAY, RUN.run_id, 1)


def _published(store: PostgresStore, name: str) -> LakePublication:
    newest = store.lake_sequence()
    return LakePublication(
        f"{newest + 900:064x}", name, "estimates", 1, (f"{name}.parquet",), newest
    )
