"""The bank's files, lines, matches and steps in PostgreSQL.

What is expected of the bank are the legs on cash themselves: nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from psycopg import errors

from meterledger.facts.bank import (
    BankFile,
    BankLine,
    BankMatch,
    BankStatement,
    BankTotals,
    BankUnmatch,
    Expectation,
    LineAct,
    LineStep,
    MatchRule,
    OpenLine,
)
from meterledger.facts.money import Entry
from meterledger.kernel.canonical import sha256_hex
from meterledger.stores.bank_words import (
    expectation_of,
    free_name,
    is_said,
    known_statement,
    matched_already,
    no_line,
    no_match,
    refuse_line_step,
    undone_already,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.ledger import entry_months, insert_entries

ONE_SPEAKS = 0x6C696E65
"""The advisory lock, with a line's name, under which people speak of it: one after the other."""
LINE = "l.line_id, l.booked_day, l.cents, l.reference, l.text, l.code"
STEPS = """
LATERAL (SELECT json_agg(json_build_array(t.act, t.by, t.reason, t.learned_at, t.ledger_account)
                         ORDER BY t.number) AS found
           FROM bank_line_step t WHERE t.line_id = l.line_id) steps
"""
ONE_LINE = f"""
SELECT {LINE}, s.bank_account, steps.found
  FROM bank_line l JOIN bank_statement s ON s.statement_id = l.statement_id
 CROSS JOIN {STEPS}
 WHERE l.line_id = %s
"""
OPEN_LINES = f"""
SELECT {LINE}, s.bank_account, steps.found
  FROM bank_open_line o
  JOIN bank_line l ON l.line_id = o.line_id
  JOIN bank_statement s ON s.statement_id = l.statement_id
 CROSS JOIN {STEPS}
 ORDER BY l.booked_day, l.line_id
"""
CASH_LEGS = "ledger_account LIKE '131%' AND (ledger_account = '131' OR ledger_account LIKE '131.%')"
EXPECTED = """
SELECT p.entry_id, p.number, p.ledger_account, p.cents, e.cause, p.effective_day,
       coalesce(f.name, CASE WHEN e.reverses IS NULL THEN s.reference END, '')
  FROM bank_open_expectation o
 CROSS JOIN LATERAL (
       SELECT * FROM posting p
        WHERE p.entry_id = o.entry_id AND p.number = o.number
          AND p.effective_day = o.effective_day OFFSET 0) p
 CROSS JOIN LATERAL (
       SELECT * FROM entry e
        WHERE e.entry_id = o.entry_id AND e.effective_day = o.effective_day OFFSET 0) e
  LEFT JOIN receipt r ON e.reverses IS NULL
                     AND r.payment_key = substr(p.entry_id, strpos(p.entry_id, ':') + 1)
  LEFT JOIN payment_file f ON f.sha256 = r.file_sha256
  LEFT JOIN settlement_step s ON s.entry_id = p.entry_id
 ORDER BY p.effective_day, p.entry_id, p.number
"""
"""What is marked as open, each with its leg and entry in their month: no other one is read."""
MATCHES = f"""
SELECT m.match_id, m.rule,
       (SELECT json_agg(json_build_array({LINE}) ORDER BY l.booked_day, l.line_id)
          FROM bank_match_line k JOIN bank_line l ON l.line_id = k.line_id
         WHERE k.match_id = m.match_id),
       (SELECT json_agg(json_build_array(p.entry_id, p.number, p.ledger_account, p.cents, e.cause,
                                         p.effective_day) ORDER BY p.effective_day, p.entry_id)
          FROM bank_match_expectation x
          JOIN posting p ON p.entry_id = x.entry_id AND p.number = x.number
                        AND p.effective_day = x.effective_day
          JOIN entry e ON e.entry_id = p.entry_id AND e.effective_day = p.effective_day
         WHERE x.match_id = m.match_id),
       m."by", m.reason,
       u."by", u.reason, u.learned_at, u.approved_by
  FROM bank_match m LEFT JOIN bank_unmatch u ON u.match_id = m.match_id
"""
STANDING = f"""{MATCHES}
 WHERE u.match_id IS NULL
   AND (%(day)s::date IS NULL OR m.match_id IN (
        SELECT k.match_id FROM bank_line l JOIN bank_match_line k ON k.line_id = l.line_id
         WHERE l.booked_day = %(day)s))
 ORDER BY m.learned_at DESC, m.match_id LIMIT %(limit)s
"""
ONE_MATCH = f"{MATCHES} WHERE u.match_id IS NULL AND m.match_id = %s"
MATCH_OF = f"""{MATCHES}
 WHERE u.match_id IS NULL AND m.match_id IN (
       SELECT match_id FROM bank_match_line WHERE line_id = %(piece)s
       UNION ALL
       SELECT match_id FROM bank_match_expectation WHERE expectation_id = %(piece)s)
"""
ONE_UNDONE = f"{MATCHES} WHERE u.match_id = %s"
UNDONE = f"{MATCHES} WHERE u.match_id IS NOT NULL ORDER BY u.learned_at DESC, m.match_id DESC"
TOTALS = f"""
SELECT min(cents) FILTER (WHERE side = 'lines'), min(cents) FILTER (WHERE side = 'lines matched'),
       min(pieces) FILTER (WHERE side = 'lines'), min(pieces) FILTER (WHERE side = 'lines matched'),
       (SELECT coalesce(sum(cents), 0) FROM ledger_sum WHERE {CASH_LEGS}),
       min(cents) FILTER (WHERE side = 'expectations matched')
  FROM bank_sum
"""
"""Sums that triggers keep beside what they are of: neither lines nor legs are read."""
ADD_LINES = """
INSERT INTO bank_line (line_id, statement_id, number, booked_day, cents, reference, text, code)
SELECT * FROM unnest(%b::text[], %b::text[], %b::integer[], %b::date[], %b::bigint[], %b::text[],
                     %b::text[], %b::text[])
"""


class ReconciliationTables(Tables):
    """The part of the store that keeps what the bank says."""

    def bank_file(self, sha256: str) -> BankFile | None:
        """The file of that hash, if it was taken."""
        return self._read(lambda connection: _file(connection, sha256))

    def record_bank_file(self, file: BankFile) -> bool:
        """Keep a file whole, once.

        :raises Conflict: if a statement of the same account and day is kept from another file
        """
        self._connections.ensure_months({record_day(file.learned_at)})
        return self._step("take a bank file", lambda one: self._keep_file(one, file))

    def _keep_file(self, connection: Connection, file: BankFile) -> bool:
        kept = connection.execute(
            "INSERT INTO bank_file (sha256, name, format, learned_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (sha256) DO NOTHING",
            [file.sha256, file.name, file.format, file.learned_at],
        )
        if kept.rowcount == 0:
            return False
        for one in file.statements:
            known = connection.execute(
                "SELECT f.name FROM bank_statement s JOIN bank_file f ON f.sha256 = s.sha256"
                " WHERE s.statement_id = %s",
                [one.statement_id],
            ).fetchone()
            if known is not None:
                raise known_statement(one.statement_id, str(known[0]), file.name)
            connection.execute(
                "INSERT INTO bank_statement (statement_id, sha256, bank_account, as_of_day,"
                " opening_cents, closing_cents) VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    *(one.statement_id, file.sha256, one.bank_account, one.as_of_day),
                    *(one.opening_cents, one.closing_cents),
                ],
            )
            connection.execute(
                ADD_LINES,
                [
                    [line.line_id for line in one.lines],
                    [one.statement_id] * len(one.lines),
                    list(range(1, len(one.lines) + 1)),
                    [line.booked_day for line in one.lines],
                    [line.cents for line in one.lines],
                    [line.reference for line in one.lines],
                    [line.text for line in one.lines],
                    [line.code for line in one.lines],
                ],
            )
        subject = {"file": file.name, "lines": file.line_count, "cents": file.cents}
        self._note(connection, "bank file taken", [(file.sha256, subject, file.learned_at)])
        return True

    def bank_statements(self, *, limit: int = 100) -> list[BankStatement]:
        """Statements, the newest day first."""
        return self._read(lambda connection: _statements(connection, None, limit))

    def open_bank_lines(self) -> list[OpenLine]:
        """Lines that no match has, oldest first."""
        rows = self._read(lambda connection: connection.execute(OPEN_LINES).fetchall())
        return [OpenLine(_line(row[:6]), row[6], _steps(row[0], row[7])) for row in rows]

    def bank_line(self, line_id: str) -> OpenLine:
        """A line, in a match or not, with what people said of it."""
        row = self._read(lambda connection: connection.execute(ONE_LINE, [line_id]).fetchone())
        if row is None:
            raise no_line(line_id)
        return OpenLine(_line(row[:6]), row[6], _steps(line_id, row[7]))

    def open_expectations(self) -> list[Expectation]:
        """What no match has, oldest first."""
        rows = self._read(lambda connection: connection.execute(EXPECTED).fetchall())
        return [_expectation(row) for row in rows]

    def record_bank_matches(self, matches: Sequence[BankMatch], *, learned_at: datetime) -> None:
        """Keep matches, all or none.

        :raises Conflict: if a line or an expectation is matched already, or is unknown
        """
        if not matches:
            return
        self._connections.ensure_months({record_day(learned_at)})

        def keep(connection: Connection) -> None:
            _insert_matches(connection, matches, learned_at)
            by_hand = [one for one in matches if one.by]
            told = [{"match": one.match_id, "by": one.by, "reason": one.reason} for one in by_hand]
            if told:
                notes = [("bank", one, learned_at) for one in told]
                self._note(connection, "bank matched by hand", notes)
            if len(matches) > len(by_hand):
                note = {"matches": len(matches), "lines": sum(len(one.lines) for one in matches)}
                self._note(connection, "bank matched", [("reconciliation", note, learned_at)])

        self._in_words("match bank lines", keep)

    def _in_words(self, purpose: str, work: Any) -> None:
        """Do it; what the database refuses is said in the store's words."""
        try:
            self._step(purpose, work)
        except (errors.UniqueViolation, errors.ForeignKeyViolation) as problem:
            named = (problem.diag.message_detail or "").partition(")=(")[2].partition(")")[0]
            raise matched_already(named or "a line") from problem
        except errors.CheckViolation as problem:
            if problem.diag.constraint_name != "a_match_is_the_same_money":
                raise
            raise matched_already("a line") from problem

    def bank_matches(self, *, booked_on: date | None = None, limit: int = 200) -> list[BankMatch]:
        """Matches that stand, the newest first."""
        asked = {"day": booked_on, "limit": limit}
        rows = self._read(lambda one: one.execute(STANDING, asked).fetchall())
        return [_match(row) for row in rows]

    def bank_match(self, match_id: str) -> BankMatch:
        """A match that stands."""
        row = self._read(lambda one: one.execute(ONE_MATCH, [match_id]).fetchone())
        if row is None:
            raise no_match(match_id)
        return _match(row)

    def bank_match_of(self, piece: str) -> BankMatch | None:
        """The match that stands and has this line or expectation."""
        row = self._read(lambda one: one.execute(MATCH_OF, {"piece": piece}).fetchone())
        return None if row is None else _match(row)

    def bank_unmatch_of(self, match_id: str) -> BankUnmatch | None:
        """How the match was undone."""
        row = self._read(lambda one: one.execute(ONE_UNDONE, [match_id]).fetchone())
        return None if row is None else BankUnmatch(_match(row), *row[6:])

    def bank_unmatches(self) -> list[BankUnmatch]:
        """Matches that were undone, the newest first."""
        rows = self._read(lambda one: one.execute(UNDONE).fetchall())
        return [BankUnmatch(_match(row), *row[6:]) for row in rows]

    def record_bank_unmatch(
        self, undone: BankUnmatch, *, entries: Sequence[Entry] = (), match: BankMatch | None = None
    ) -> None:
        """Undo a match: its pieces are open again."""
        months = entry_months(entries)
        self._connections.ensure_months({record_day(undone.learned_at)} | months)
        try:
            self._step("undo a match", lambda one: self._undo(one, undone, entries, match))
        except errors.UniqueViolation as problem:
            raise undone_already(undone.match.match_id) from problem
        except errors.ForeignKeyViolation as problem:
            raise no_match(undone.match.match_id) from problem

    def _undo(
        self,
        connection: Connection,
        undone: BankUnmatch,
        entries: Sequence[Entry],
        match: BankMatch | None,
    ) -> None:
        name, at = undone.match.match_id, undone.learned_at
        connection.execute(
            'INSERT INTO bank_unmatch (match_id, "by", approved_by, reason, learned_at)'
            " VALUES (%s, %s, %s, %s, %s)",
            [name, undone.by, undone.approved_by, undone.reason, at],
        )
        for line in undone.match.lines:
            connection.execute(
                'INSERT INTO bank_line_step (line_id, number, act, "by", reason, ledger_account,'
                " learned_at) SELECT %(line)s, count(*) + 1, %(act)s, %(by)s, %(why)s, '', %(at)s"
                " FROM bank_line_step WHERE line_id = %(line)s",
                {
                    "line": line.line_id,
                    "act": LineAct.UNMATCHED.value,
                    "by": undone.by,
                    "why": undone.reason,
                    "at": at,
                },
            )
        if entries:
            insert_entries(connection, list(entries))
        if match is not None:
            _insert_matches(connection, [match], at)
        told = {"match": name, "by": undone.by, "reason": undone.reason}
        self._note(connection, "bank match undone", [("bank", told, at)])

    def record_line_step(
        self, step: LineStep, entry: Entry | None = None, match: BankMatch | None = None
    ) -> None:
        """Add what a person said of an open line.

        :raises NotFound: if there is no such line
        :raises Conflict: if the step does not follow what was said, or two people are one
        """
        months = entry_months([entry]) if entry is not None else set()
        self._connections.ensure_months({record_day(step.learned_at)} | months)
        self._in_words("speak of a bank line", lambda one: self._add_step(one, step, entry, match))

    def _add_step(
        self, connection: Connection, step: LineStep, entry: Entry | None, match: BankMatch | None
    ) -> None:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [step.line_id, ONE_SPEAKS]
        )
        line = _open_line(connection, step.line_id)
        steps = line.steps if line is not None else ()
        if is_said(steps, step):
            return
        refuse_line_step(line, step)
        connection.execute(
            "INSERT INTO bank_line_step (line_id, number, act, by, reason, ledger_account,"
            " learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                *(step.line_id, len(steps) + 1, step.act.value, step.by, step.reason),
                *(step.ledger_account, step.learned_at),
            ],
        )
        if step.act is LineAct.APPROVED and line is not None and line.proposed is not None:
            made = line.proposed
            connection.execute(
                "INSERT INTO bank_adjustment (adjustment_key, line_id, proposed_by, approved_by,"
                " ledger_account, learned_at) VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    *(line.adjustment_key, step.line_id, made.by, step.by),
                    *(made.ledger_account, step.learned_at),
                ],
            )
            if entry is not None and match is not None:
                insert_entries(connection, [entry])
                _insert_matches(connection, [match], step.learned_at)
        note = {"line": step.line_id, "by": step.by, "reason": step.reason}
        self._note(connection, f"bank line {step.act.value}", [("bank", note, step.learned_at)])

    def bank_totals(self) -> BankTotals:
        """Both sides in cents, and what of them is matched."""
        row = self._read(lambda connection: connection.execute(TOTALS).fetchone()) or (0,) * 6
        cents, matched, lines, lines_matched, expected, expected_matched = map(int, row)
        return BankTotals(cents, matched, expected, expected_matched, lines, lines_matched)


def _insert_matches(
    connection: Connection, matches: Iterable[BankMatch], learned_at: datetime
) -> None:
    undone = {name for (name,) in connection.execute("SELECT match_id FROM bank_unmatch")}
    named = [(free_name(_name(one), undone), one) for one in matches]
    connection.execute(
        'INSERT INTO bank_match (match_id, rule, "by", reason, learned_at)'
        " SELECT n.*, %s FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[]) n",
        [
            learned_at,
            [name for name, _ in named],
            [one.rule.value for _, one in named],
            [one.by for _, one in named],
            [one.reason for _, one in named],
        ],
    )
    lines = [(name, line) for name, one in named for line in one.lines]
    connection.execute(
        "INSERT INTO bank_match_line (line_id, match_id)"
        " SELECT * FROM unnest(%b::text[], %b::text[])",
        [[line.line_id for _, line in lines], [name for name, _ in lines]],
    )
    expected = [(name, each) for name, one in named for each in one.expectations]
    legs = [each.expectation_id.rpartition("#") for _, each in expected]
    connection.execute(
        "INSERT INTO bank_match_expectation"
        " (expectation_id, match_id, entry_id, number, effective_day, cents)"
        " SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::smallint[], %b::date[],"
        " %b::bigint[])",
        [
            [each.expectation_id for _, each in expected],
            [name for name, _ in expected],
            [entry_id for entry_id, _, _ in legs],
            [int(number) for _, _, number in legs],
            [each.day for _, each in expected],
            [each.cents for _, each in expected],
        ],
    )


def _name(match: BankMatch) -> str:
    """A match's own name, short however many pieces it has."""
    return match.match_id if len(match.match_id) <= 200 else sha256_hex(match.match_id.encode())


def _file(connection: Connection, sha256: str) -> BankFile | None:
    row = connection.execute(
        "SELECT name, format, learned_at FROM bank_file WHERE sha256 = %s", [sha256]
    ).fetchone()
    if row is None:
        return None
    statements = _statements(connection, sha256, 100_000)
    name, kind, learned_at = row
    return BankFile(sha256, name, kind, tuple(statements), learned_at)


def _statements(connection: Connection, sha256: str | None, limit: int) -> list[BankStatement]:
    rows = connection.execute(
        "SELECT statement_id, bank_account, as_of_day, opening_cents, closing_cents, lines.found"
        "  FROM bank_statement s CROSS JOIN LATERAL ("
        f"      SELECT json_agg(json_build_array({LINE}) ORDER BY l.number) AS found"
        "         FROM bank_line l WHERE l.statement_id = s.statement_id) lines"
        " WHERE %s::text IS NULL OR s.sha256 = %s"
        " ORDER BY as_of_day DESC, statement_id DESC LIMIT %s",
        [sha256, sha256, limit],
    ).fetchall()
    return [
        BankStatement(name, account, day, opening, closing, tuple(map(_line, lines or ())))
        for name, account, day, opening, closing, lines in rows
    ]


def _open_line(connection: Connection, line_id: str) -> OpenLine | None:
    """The line, held until the end of the transaction; None if it is matched.

    :raises NotFound: if there is none
    """
    row = connection.execute(
        f"SELECT {LINE}, s.bank_account, steps.found,"
        " NOT EXISTS (SELECT FROM bank_open_line o WHERE o.line_id = l.line_id)"
        f" FROM bank_line l JOIN bank_statement s ON s.statement_id = l.statement_id"
        f" CROSS JOIN {STEPS} WHERE l.line_id = %s",
        [line_id],
    ).fetchone()
    if row is None:
        raise no_line(line_id)
    return None if row[8] else OpenLine(_line(row[:6]), row[6], _steps(line_id, row[7]))


def _expectation(row: Sequence[Any]) -> Expectation:
    entry_id, number, ledger_account, cents, cause, day, *batch = row
    effective = date.fromisoformat(day) if isinstance(day, str) else day
    return expectation_of(entry_id, number, ledger_account, cents, cause, effective, *batch)


def _match(row: Sequence[Any]) -> BankMatch:
    name, rule, lines, expected, by, reason = row[:6]
    return BankMatch(
        name,
        MatchRule(rule),
        tuple(_line(one) for one in lines or ()),
        tuple(_expectation(one) for one in expected or ()),
        by,
        reason,
    )


def _line(row: Sequence[Any]) -> BankLine:
    line_id, day, cents, reference, text, code = row
    booked = date.fromisoformat(day) if isinstance(day, str) else day
    return BankLine(line_id, booked, cents, reference, text, code)


def _steps(line_id: str, found: Sequence[Any] | None) -> tuple[LineStep, ...]:
    return tuple(
        LineStep(line_id, LineAct(act), by, reason, datetime.fromisoformat(at), account)
        for act, by, reason, at, account in found or ()
    )
