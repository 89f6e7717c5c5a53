"""Held cases and runs in PostgreSQL; past bills for the gate, one query for a batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from meterledger.facts.bills import HeldBill
from meterledger.facts.held import (
    GateFinding,
    HeldAct,
    HeldCase,
    HeldStep,
    PastBill,
    RunCounts,
    RunRecord,
    RunState,
    SeenHold,
    StoreClock,
)
from meterledger.kernel.span import DaySpan
from meterledger.stores.held_words import (
    held_work,
    no_case,
    not_billed,
    past_spans,
    refuse_let_go,
    refuse_step,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day

CASES = """
SELECT c.account_id, c.agreement_id, lower(c.days), upper(c.days), c.ordinal, steps.found
  FROM held_case c
  JOIN LATERAL (
       SELECT json_agg(json_build_array(s.act, s.on_day, s.learned_at, s.by, s.reason, s.code,
                                        s.sentence, s.findings, s.total_cents, s.energy_wh,
                                        s.ceiling_cents, s.bill_id) ORDER BY s.number) AS found
         FROM held_step s WHERE s.case_id = c.case_id
       ) steps ON steps.found IS NOT NULL
"""
STILL_OPEN = """NOT EXISTS (SELECT FROM held_step e
    WHERE e.case_id = c.case_id AND e.act IN ('billed', 'replaced'))"""
OPEN_CASE = """
INSERT INTO held_case (case_id, account_id, agreement_id, days, ordinal, learned_at)
SELECT case_id, account_id, agreement_id,
       CASE WHEN from_day IS NOT NULL THEN daterange(from_day, until_day) END, ordinal, learned_at
  FROM unnest(%b::text[], %b::text[], %b::text[], %b::date[], %b::date[], %b::integer[],
              %b::timestamptz[])
       AS n (case_id, account_id, agreement_id, from_day, until_day, ordinal, learned_at)
"""
STEP = """
INSERT INTO held_step (case_id, number, act, on_day, by, reason, code, sentence, findings,
                       total_cents, energy_wh, ceiling_cents, bill_id, learned_at)
SELECT * FROM unnest(%b::text[], %b::integer[], %b::text[], %b::date[], %b::text[], %b::text[],
                     %b::text[], %b::text[], %b::jsonb[], %b::bigint[], %b::bigint[], %b::bigint[],
                     %b::text[], %b::timestamptz[])
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('held case ' || %s, 0))"
HELD = """
INSERT INTO held_bill (on_day, account_id, agreement_id, days, code, sentence, learned_at)
SELECT %s, account_id, agreement_id,
       CASE WHEN from_day IS NOT NULL THEN daterange(from_day, until_day) END, code, sentence, %s
  FROM unnest(%b::text[], %b::text[], %b::date[], %b::date[], %b::text[], %b::text[])
       AS n (account_id, agreement_id, from_day, until_day, code, sentence)
"""
BILLED = """
SELECT agreement_id, lower(days), upper(days) FROM service_period_claim
 WHERE cancelled_by IS NULL AND agreement_id = ANY (%s)
"""
PAST = """
SELECT c.account_id, c.service_point_id, b.bill_id, lower(c.days), upper(c.days), b.energy_wh,
       b.total_cents
  FROM service_period_claim c
  JOIN bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
 WHERE c.account_id = ANY (%s) AND c.cancelled_by IS NULL
   AND (c.days && daterange(%s, %s) OR c.days && daterange(%s, %s))
"""
RUN_COLUMNS = (
    "run_id, state, scope, on_day, due, billed, held, excluded, known_already, total_cents,"
    " energy_wh, estimated, zero, by_code, findings, sentence, by, reason, learned_at"
)
RUNS = f"SELECT {RUN_COLUMNS} FROM bill_run r"


class HeldTables(Tables):
    """The part of the store that keeps held cases and runs."""

    def see_held(
        self, seen: Sequence[SeenHold], *, on: date, learned_at: datetime
    ) -> dict[str, str]:
        """Open a case for each window, or add to the one that is open what was seen of it."""
        if not seen:
            return {}
        self._connections.ensure_months([record_day(learned_at)])

        def write(connection: Connection) -> dict[str, str]:
            agreements = sorted({one.held.agreement_id for one in seen})
            rows = connection.execute(
                f"{CASES} WHERE c.agreement_id = ANY (%s)", [agreements]
            ).fetchall()
            known = {case.case_id: case for case in map(_case, rows)}
            # Asked after the cases: a bill that ended one of them since is seen here.
            billed = connection.execute(BILLED, [agreements]).fetchall()
            free = not_billed(seen, [(name, DaySpan(*days)) for name, *days in billed])
            work = held_work(known.values(), free, on, learned_at)
            _open(connection, work.opened)
            numbers = {name: len(case.steps) for name, case in known.items()}
            steps = []
            for case, step in work.steps:
                numbers[case.case_id] += 1
                steps.append((case.case_id, numbers[case.case_id], step))
            _insert_steps(connection, steps)
            self._log_held(connection, work.newly, on, learned_at)
            if work.opened or steps:
                told: dict[str, Any] = {"on": on.isoformat(), "opened": len(work.opened)}
                self._note(connection, "held cases", [(f"{len(seen)} held", told, learned_at)])
            return work.case_ids

        return self._again("hold bills", write)

    def record_held(self, held: Sequence[HeldBill], *, on: date, learned_at: datetime) -> None:
        """Keep in the log of what runs held that these were, and why."""
        if not held:
            return
        self._connections.ensure_months([record_day(learned_at)])
        self._step("hold bills", lambda one: self._log_held(one, held, on, learned_at))

    def _log_held(
        self, connection: Connection, held: Sequence[HeldBill], on: date, learned_at: datetime
    ) -> None:
        if not held:
            return
        connection.execute(
            HELD,
            [
                on,
                learned_at,
                [one.account_id for one in held],
                [one.agreement_id for one in held],
                [one.days.from_day if one.days else None for one in held],
                [one.days.until_day if one.days else None for one in held],
                [one.code for one in held],
                [one.sentence for one in held],
            ],
        )
        told = {"on": on.isoformat(), "agreements": [one.agreement_id for one in held]}
        self._note(connection, "bills held", [(f"{len(held)} bills", told, learned_at)])

    def settle_held(self, case_id: str, step: HeldStep) -> HeldCase:
        """Add what a person decided."""
        self._connections.ensure_months([record_day(step.learned_at)])

        def write(connection: Connection) -> HeldCase:
            # One after the other: whoever says the same at once sees that it was said.
            connection.execute(LOCK, [case_id])
            case = _one_case(connection, case_id)
            if case.says_already(step):
                return case
            refuse_step(case, step)
            _insert_steps(connection, [(case_id, len(case.steps) + 1, step)])
            told = {"act": step.act.value, "by": step.by, "reason": step.reason}
            self._note(connection, "held case settled", [(case_id, told, step.learned_at)])
            return _one_case(connection, case_id)

        return self._again("settle a held case", write)

    def held_case(self, case_id: str) -> HeldCase:
        """A case by its id."""
        return self._read(lambda connection: _one_case(connection, case_id))

    def held_cases(
        self, *, account_id: str | None = None, with_ended: bool = False
    ) -> list[HeldCase]:
        """Open cases, the oldest first."""
        where = "(%(account)s::text IS NULL OR c.account_id = %(account)s)"
        return self._cases(
            where if with_ended else f"{where} AND {STILL_OPEN}", {"account": account_id}
        )

    def held_case_of_bill(self, bill_id: str) -> list[HeldCase]:
        """The cases that a bill ended."""
        return self._cases(
            "c.case_id IN (SELECT case_id FROM held_step WHERE bill_id = %(bill)s)",
            {"bill": bill_id},
        )

    def decided_holds(self) -> list[HeldCase]:
        """Open cases on which a person has decided something."""
        return self._cases(
            f"c.case_id IN (SELECT case_id FROM held_step WHERE by <> '') AND {STILL_OPEN}", {}
        )

    def waived_holds(self, agreement_ids: Collection[str]) -> list[HeldCase]:
        """Cases of the agreements of which somebody left the period uncharged."""
        return self._cases(
            "c.case_id IN (SELECT case_id FROM held_step WHERE act = 'waived')"
            " AND c.agreement_id = ANY (%(agreements)s)",
            {"agreements": sorted(agreement_ids)},
        )

    def _cases(self, where: str, values: dict[str, Any]) -> list[HeldCase]:
        rows = self._read(
            lambda connection: connection.execute(f"{CASES} WHERE {where}", values).fetchall()
        )
        return sorted(
            map(_case, rows), key=lambda one: (one.opened.on, one.opened.learned_at, one.case_id)
        )

    def bills_before(
        self, account_ids: Sequence[str], days: DaySpan, shift_days: int
    ) -> dict[tuple[str, str], list[PastBill]]:
        """Live bills of the accounts about the window and about the same days a year before."""
        about, before = past_spans(days, shift_days)
        rows = self._read(
            lambda connection: connection.execute(
                PAST,
                [
                    list(account_ids),
                    *(about.from_day, about.until_day, before.from_day, before.until_day),
                ],
            ).fetchall()
        )
        found: dict[tuple[str, str], list[PastBill]] = {}
        for account, point, bill, from_day, until_day, energy_wh, cents in rows:
            past = PastBill(bill, DaySpan(from_day, until_day), energy_wh, cents)
            found.setdefault((account, point), []).append(past)
        return found

    def record_run(self, run: RunRecord) -> bool:
        """Keep what a run came to, or that it was let go."""
        self._connections.ensure_months([record_day(run.learned_at)])

        def write(connection: Connection) -> bool:
            if run.state is RunState.LET_GO:
                stopped = connection.execute(
                    f"{RUNS} WHERE run_id = %s AND state = 'stopped'", [run.run_id]
                ).fetchone()
                refuse_let_go(_run(stopped) if stopped else None, run.run_id)
            counts = run.counts
            new = connection.execute(
                f"INSERT INTO bill_run ({RUN_COLUMNS}) VALUES ({', '.join(['%s'] * 19)})"
                " ON CONFLICT (run_id, state) DO NOTHING",
                [
                    *(run.run_id, run.state.value, run.scope, run.on),
                    *(counts.due, counts.billed, counts.held, counts.excluded, counts.known),
                    *(counts.total_cents, counts.energy_wh, counts.estimated, counts.zero),
                    Jsonb([list(pair) for pair in counts.by_code]),
                    Jsonb([one.as_json() for one in run.findings]),
                    *(run.sentence, run.by, run.reason, run.learned_at),
                ],
            ).rowcount
            if new:
                told = {"scope": run.scope, "due": counts.due, "billed": counts.billed}
                event = f"bill run {run.state.value}"
                self._note(connection, event, [(run.run_id, told, run.learned_at)])
            return bool(new)

        return self._step("record a run of bills", write)

    def bill_runs(self, *, on: date | None = None, limit: int = 100) -> list[RunRecord]:
        """Runs, the newest first."""
        rows = self._step(
            "list runs of bills",
            lambda connection: connection.execute(
                f"{RUNS} WHERE %s::date IS NULL OR on_day = %s ORDER BY r.id DESC LIMIT %s",
                [on, on, limit],
            ).fetchall(),
        )
        return list(map(_run, rows))

    def standing_stop(self) -> RunRecord | None:
        """The oldest run that was stopped and not let go."""
        row = self._step(
            "look for a stopped run",
            lambda connection: connection.execute(
                f"{RUNS} WHERE state = 'stopped' AND NOT EXISTS (SELECT FROM bill_run g"
                " WHERE g.run_id = r.run_id AND g.state = 'let go') ORDER BY r.id LIMIT 1"
            ).fetchone(),
        )
        return _run(row) if row else None

    def clock(self) -> StoreClock:
        """What time it is for the system of record, and the newest it has kept."""

        def ask(connection: Connection) -> StoreClock:
            row = connection.execute(
                "SELECT clock_timestamp(),"
                " (SELECT max(learned_at) FROM (SELECT learned_at FROM record"
                "   ORDER BY event_number DESC LIMIT 100) newest),"
                " (SELECT max(on_day) FROM bill_run WHERE billed > 0)"
            ).fetchone()
            server, newest, issued = row or ()
            return StoreClock(server.astimezone(UTC), newest and newest.astimezone(UTC), issued)

        return self._step("ask for the time", ask)


def _open(connection: Connection, cases: Sequence[HeldCase]) -> None:
    if not cases:
        return
    connection.execute(
        OPEN_CASE,
        [
            [one.case_id for one in cases],
            [one.account_id for one in cases],
            [one.agreement_id for one in cases],
            [one.days.from_day if one.days else None for one in cases],
            [one.days.until_day if one.days else None for one in cases],
            [one.ordinal for one in cases],
            [one.opened.learned_at for one in cases],
        ],
    )
    _insert_steps(connection, [(one.case_id, 1, one.opened) for one in cases])


def _insert_steps(connection: Connection, steps: Sequence[tuple[str, int, HeldStep]]) -> None:
    if not steps:
        return
    each = [step for _, _, step in steps]
    connection.execute(
        STEP,
        [
            [case for case, _, _ in steps],
            [number for _, number, _ in steps],
            [one.act.value for one in each],
            [one.on for one in each],
            [one.by for one in each],
            [one.reason for one in each],
            [one.code for one in each],
            [one.sentence for one in each],
            [Jsonb([found.as_json() for found in one.findings]) for one in each],
            [one.total_cents for one in each],
            [one.energy_wh for one in each],
            [one.ceiling_cents for one in each],
            [one.bill_id for one in each],
            [one.learned_at for one in each],
        ],
    )


def _one_case(connection: Connection, case_id: str) -> HeldCase:
    row = connection.execute(f"{CASES} WHERE c.case_id = %s", [case_id]).fetchone()
    if row is None:
        raise no_case(case_id)
    return _case(row)


def _case(row: tuple[Any, ...]) -> HeldCase:
    account, agreement, from_day, until_day, ordinal, steps = row
    days = DaySpan(from_day, until_day) if from_day else None
    return HeldCase(account, agreement, days, ordinal, tuple(map(_step, steps)))


def _step(told: list[Any]) -> HeldStep:
    act, on, learned_at, by, reason, code, sentence, findings, *amounts, bill_id = told
    total, energy, ceiling = amounts
    return HeldStep(
        act=HeldAct(act),
        on=date.fromisoformat(on),
        learned_at=datetime.fromisoformat(learned_at).astimezone(UTC),
        by=by,
        reason=reason,
        code=code,
        sentence=sentence,
        findings=tuple(map(GateFinding.from_json, findings)),
        total_cents=total,
        energy_wh=energy,
        ceiling_cents=ceiling,
        bill_id=bill_id,
    )


def _run(row: tuple[Any, ...]) -> RunRecord:
    run_id, state, scope, on = row[:4]
    due, billed, held, excluded, known, cents, energy_wh, estimated, zero = row[4:13]
    by_code, findings, sentence, by, reason, learned_at = row[13:]
    pairs = tuple((code, count) for code, count in by_code)
    return RunRecord(
        run_id=run_id,
        state=RunState(state),
        scope=scope,
        on=on,
        learned_at=learned_at.astimezone(UTC),
        counts=RunCounts(
            due, billed, held, excluded, known, cents, energy_wh, estimated, zero, pairs
        ),
        findings=tuple(map(GateFinding.from_json, findings)),
        sentence=sentence,
        by=by,
        reason=reason,
    )
