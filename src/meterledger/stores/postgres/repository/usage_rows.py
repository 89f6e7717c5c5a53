"""Rows of the usage log: facts into columns, and back.

Lives here      one insert for many rows of a kind; a row as the fact it was.
Lives elsewhere transactions and queries (``usage_log``), the tables (``usage_log/models``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.findings import Finding, Weight
from meterledger.facts.usage_log import (
    FindingOnFile,
    LoggedEstimate,
    LoggedFinding,
    ReviewAct,
    UsageBatchRecord,
    UsageEdit,
    UsageReview,
)
from meterledger.stores.postgres.connections import Connection


def insert_findings(connection: Connection, findings: Sequence[LoggedFinding]) -> None:
    if not findings:
        return
    connection.execute(
        "INSERT INTO usage_finding (finding_id, digest, run_id, meter, meter_id, day, code, weight,"
        " sentence, evidence, thresholds, learned_at)"
        " SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[],"
        " %b::date[], %b::text[], %b::text[], %b::text[], %b::jsonb[], %b::jsonb[],"
        " %b::timestamptz[])",
        [
            [one.finding_id for one in findings],
            [one.digest for one in findings],
            [one.run for one in findings],
            [one.meter for one in findings],
            [one.meter_id for one in findings],
            [one.day for one in findings],
            [one.finding.code for one in findings],
            [one.finding.weight.value for one in findings],
            [one.finding.sentence for one in findings],
            [Jsonb(one.finding.evidence) for one in findings],
            [Jsonb(dict(one.thresholds)) for one in findings],
            [one.learned_at for one in findings],
        ],
    )


def insert_cleared(connection: Connection, batch: UsageBatchRecord) -> None:
    if batch.cleared:
        connection.execute(
            "INSERT INTO usage_finding_cleared (finding_id, run_id, learned_at)"
            " SELECT finding_id, %s, %s FROM unnest(%s::text[]) AS n (finding_id)"
            " ON CONFLICT DO NOTHING",
            [batch.run.run_id, batch.learned_at, list(batch.cleared)],
        )


def insert_estimates(
    connection: Connection, estimates: Sequence[LoggedEstimate], sequence: int
) -> None:
    """Keep estimates of one version of the lake, or those that were made with it for bills."""
    if not estimates:
        return
    connection.execute(
        "INSERT INTO usage_estimate (meter, meter_id, day, start, until, interval_count, energy_wh,"
        " method, cause, provision, citation, inputs, former_occupant, sequence, run_id,"
        " learned_at)"
        " SELECT meter, meter_id, day, start, until, interval_count, energy_wh, method, cause,"
        " provision, citation, inputs, former_occupant, %s, run_id, learned_at"
        " FROM unnest(%b::text[], %b::text[], %b::date[], %b::bigint[], %b::bigint[],"
        " %b::integer[], %b::bigint[], %b::smallint[], %b::text[], %b::text[], %b::text[],"
        " %b::jsonb[], %b::boolean[], %b::text[], %b::timestamptz[])"
        " AS n (meter, meter_id, day, start, until, interval_count, energy_wh, method, cause,"
        " provision, citation, inputs, former_occupant, run_id, learned_at)",
        [
            sequence,
            [one.estimate.meter for one in estimates],
            [one.meter_id for one in estimates],
            [one.day for one in estimates],
            [one.estimate.start for one in estimates],
            [one.estimate.until for one in estimates],
            [one.interval_count for one in estimates],
            [one.estimate.energy_wh for one in estimates],
            [int(one.estimate.method) for one in estimates],
            [one.estimate.cause.value for one in estimates],
            [one.estimate.provision for one in estimates],
            [one.estimate.citation for one in estimates],
            [Jsonb([list(pair) for pair in one.estimate.inputs]) for one in estimates],
            [one.estimate.former_occupant for one in estimates],
            [one.run for one in estimates],
            [one.estimate.made_at for one in estimates],
        ],
    )


def insert_review(connection: Connection, review: UsageReview) -> None:
    connection.execute(
        "INSERT INTO usage_review (meter, meter_id, day, act, author, reason, finding_ids,"
        " sequence, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(review.meter, review.meter_id, review.day, review.act.value, review.author),
            *(review.reason, list(review.finding_ids), review.sequence, review.at),
        ],
    )


def insert_edit(connection: Connection, edit: UsageEdit, sequence: int) -> None:
    connection.execute(
        "INSERT INTO usage_edit (meter, meter_id, day, start, until, before_wh, after_wh,"
        " interval_count, before_sequence, sequence, author, reason, learned_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(edit.meter, edit.meter_id, edit.day, edit.start, edit.until),
            *(edit.before_wh, edit.after_wh, edit.interval_count, edit.before_sequence),
            *(sequence, edit.author, edit.reason, edit.at),
        ],
    )


def read_finding(row: tuple[Any, ...]) -> FindingOnFile:
    meter, meter_id, day, code, weight, sentence, evidence, run, learned_at, thresholds = row[:10]
    cleared_at, act, author, reason, at, finding_ids, sequence = row[10:]
    logged = LoggedFinding(
        meter=meter,
        meter_id=meter_id,
        day=day,
        finding=Finding(code, Weight(weight), sentence, evidence),
        run=run,
        learned_at=learned_at,
        thresholds=tuple(sorted(thresholds.items())),
    )
    review = None
    if act is not None:
        review = UsageReview(
            meter, meter_id, day, ReviewAct(act), author, reason, at, tuple(finding_ids), sequence
        )
    return FindingOnFile(logged, cleared_at, review)


def read_estimate(row: tuple[Any, ...]) -> LoggedEstimate:
    meter, start, until, energy_wh, method, cause, provision, citation, made_at, inputs = row[:10]
    former_occupant, meter_id, day, run, interval_count, sequence = row[10:]
    estimate = Estimate(
        meter=meter,
        start=start,
        until=until,
        energy_wh=energy_wh,
        method=Method(method),
        cause=EstimateCause(cause),
        provision=provision,
        citation=citation,
        made_at=made_at,
        inputs=tuple((str(name), str(text)) for name, text in inputs),
        former_occupant=former_occupant,
    )
    return LoggedEstimate(estimate, meter_id, day, run, interval_count, sequence)
