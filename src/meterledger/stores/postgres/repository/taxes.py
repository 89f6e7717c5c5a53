"""Where premises are taxed and who is exempt, as rows; what was taxed on bills, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from psycopg import errors

from meterledger.facts.places import TaxPlace
from meterledger.facts.taxes import (
    GROSS_RECEIPTS_CODE,
    SalesTaxPlace,
    TaxExemption,
    TaxTotal,
    tax_of_line,
)
from meterledger.stores.believed import (
    Believed,
    believed_tax_places,
    contents,
    learned_after,
    refuse_unknown,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.dated import (
    TABLES,
    close_dated,
    columns_of,
    fact_of,
    insert_dated,
    keep_dated,
)
from meterledger.stores.postgres.repository.ledger import TAXES
from meterledger.stores.taxed import (
    NOT_TOLD_APART,
    believed_exemptions,
    believed_sales_tax_places,
    carried_ended,
    cut_back,
    ended_exemption,
    in_order,
    refuse_not_believed,
    refuse_stale_place,
)

# A record keeps its amounts as text; a cancelled bill counts on its day, and is taken off on the
# day of its reversal.
TOTALS = """
WITH posted AS (
    SELECT 1 AS sign, bill_id, tax_place, record
      FROM bill WHERE issued_day >= %(since)s AND issued_day < %(until)s
    UNION ALL
    SELECT -1, b.bill_id, b.tax_place, b.record
      FROM entry e JOIN bill b ON b.entry_id = e.reverses
     WHERE e.effective_day >= %(since)s AND e.effective_day < %(until)s
),
lines AS (
    SELECT sign, bill_id, tax_place, line ->> 'code' AS code, line -> 'inputs' AS inputs,
           (line ->> 'usd')::numeric AS usd
      FROM posted,
           jsonb_array_elements(convert_from(record, 'UTF8')::jsonb -> 'lines') AS line
     WHERE line ->> 'group' = 'tax'
),
named AS (
    SELECT *, coalesce(inputs ->> 'rate_series',
                       max(inputs ->> 'rate_series') OVER (PARTITION BY sign, bill_id, code),
                       CASE WHEN code = %(municipal)s AND tax_place <> 'none'
                            THEN 'municipal_gross_receipts_' || tax_place END, '') AS series
      FROM lines
)
SELECT code, series,
       sum(sign * 100 * coalesce(inputs ->> 'taxable_usd', inputs ->> 'charges_usd', '0')::numeric),
       sum(sign * 100 * coalesce(inputs ->> 'exempt_usd', '0')::numeric),
       sum(sign * 100 * usd),
       count(DISTINCT bill_id) FILTER (WHERE sign = 1)
       - count(DISTINCT bill_id) FILTER (WHERE sign = -1)
  FROM named GROUP BY 1, 2
"""


class TaxTables(Tables):
    """The part of the store that keeps taxes."""

    def tax_premise(self, place: TaxPlace | SalesTaxPlace) -> bool:
        """Record where a premise is taxed from a day on; what was true before ends on that day.

        :raises Conflict: if there is no such premise, or something begins there then or later
        """
        self._connections.ensure_months([record_day(place.learned_at)])
        try:
            return self._step("tax a premise", lambda connection: self._tax(connection, place))
        except errors.ExclusionViolation:  # somebody was faster: look again, which says it better
            return self._step("tax a premise", lambda connection: self._tax(connection, place))

    def _tax(self, connection: Connection, place: TaxPlace | SalesTaxPlace) -> bool:
        if not connection.execute(
            "SELECT 1 FROM premise WHERE premise_id = %s", [place.premise_id]
        ).fetchone():
            refuse_unknown("premise", place.premise_id, f"taxes, {place.days}")
        kind = type(place)
        believed: Believed[Any] = (
            believed_sales_tax_places() if kind is SalesTaxPlace else believed_tax_places()
        )
        known = _believed_now(connection, kind, "premise_id", place.premise_id)
        old, left = cut_back(known, place)
        moment = place.learned_at
        if old is not None:
            moment = learned_after(place.learned_at, old.learned_at)
            if not close_dated(connection, old, "premise_id", moment):
                refuse_stale_place(place)
            insert_dated(connection, [replace(left, learned_at=moment)])
            insert_dated(connection, [replace(place, learned_at=moment)])
        elif not keep_dated(connection, [place], believed, {"premise_id": [place.premise_id]}):
            return False
        told = {"place": _place_of(place), "from": place.days.from_day.isoformat()}
        self._note(connection, "premise taxed", [(place.premise_id, told, moment)])
        return True

    def record_exemption(self, exemption: TaxExemption) -> TaxExemption:
        """Keep a certificate; the same again changes nothing. Answers it as it is believed.

        :raises Conflict: if there is no such account or agreement of it, or another certificate
            for the same tax holds on one of the days
        """
        self._connections.ensure_months([record_day(exemption.learned_at)])
        try:
            return self._step("exempt", lambda connection: self._exempt(connection, exemption))
        except errors.ExclusionViolation:  # somebody was faster: look again, which says it better
            return self._step("exempt", lambda connection: self._exempt(connection, exemption))

    def _exempt(self, connection: Connection, exemption: TaxExemption) -> TaxExemption:
        where = f"certificate {exemption.certificate}"
        account, agreement = exemption.account_id, exemption.agreement_id
        if not connection.execute(
            "SELECT 1 FROM account WHERE account_id = %s", [account]
        ).fetchone():
            refuse_unknown("account", account, where)
        if (
            agreement
            and not connection.execute(
                "SELECT 1 FROM agreement WHERE agreement_id = %s AND account_id = %s",
                [agreement, account],
            ).fetchone()
        ):
            refuse_unknown("agreement", agreement, where)
        kept = replace(
            exemption,
            learned_at=learned_after(exemption.learned_at, _newest_bill(connection, account)),
        )
        if not keep_dated(connection, [kept], believed_exemptions(), {"account_id": [account]}):
            return exemption
        for one in _believed_now(connection, TaxExemption, "account_id", account):
            if contents(one) == contents(kept):
                kept = replace(kept, learned_at=one.learned_at)
        self._note(connection, "tax exemption", [(account, _told(kept), kept.learned_at)])
        return kept

    def end_exemption(
        self,
        exemption: TaxExemption,
        until_day: date,
        learned_at: datetime,
        carried: Sequence[TaxExemption] = (),
    ) -> TaxExemption:
        """Believe from now on that a certificate holds until ``until_day`` (out).

        :raises Conflict: if it is not what is believed now, or would hold on no day or on more days
        """
        self._connections.ensure_months([record_day(learned_at)])

        def work(connection: Connection) -> TaxExemption:
            account = exemption.account_id
            since = max(one.learned_at for one in (exemption, *carried))
            moment = learned_after(learned_at, since, _newest_bill(connection, account))
            ended = ended_exemption(exemption, until_day, moment)
            for one, left in [(exemption, ended), *carried_ended(carried, until_day, moment)]:
                if not close_dated(connection, one, "account_id", moment):
                    refuse_not_believed(one)
                if left is not None:
                    insert_dated(connection, [left])
            told = _told(ended)
            self._note(connection, "tax exemption ended", [(account, told, moment)])
            return ended

        return self._step("end an exemption", work)

    def exemptions_of_account(self, account_id: str, known_at: datetime) -> list[TaxExemption]:
        """The account's certificates as known then, by agreement, tax and first day."""
        names = ", ".join(columns_of(TaxExemption))
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {names}, lower(days), upper(days), lower(known) FROM tax_exemption"
                " WHERE account_id = %s AND known @> %s::timestamptz",
                [account_id, known_at],
            ).fetchall()
        )
        return in_order(fact_of(TaxExemption, row) for row in rows)

    def tax_totals(self, since: date, until: date) -> list[TaxTotal]:
        """What was taxed on bills posted on days from ``since`` until ``until`` (out), by tax."""
        rows = self._read(
            lambda connection: connection.execute(
                TOTALS, {"since": since, "until": until, "municipal": GROSS_RECEIPTS_CODE}
            ).fetchall()
        )
        return sorted(
            (
                TaxTotal(
                    tax_of_line(code, {"rate_series": series}) or NOT_TOLD_APART,
                    *(int(one) for one in sums),
                )
                for code, series, *sums in rows
            ),
            key=lambda one: one.of,
        )

    def tax_postings(self, since: date, until: date) -> dict[str, int]:
        """Sums of the sub-accounts of taxes over postings of the days, in cents."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT ledger_account, sum(cents) FROM posting"
                " WHERE split_part(ledger_account, '.', 1) = %s"
                " AND effective_day >= %s AND effective_day < %s GROUP BY 1 ORDER BY 1",
                [TAXES, since, until],
            ).fetchall()
        )
        return {account: int(cents) for account, cents in rows}


def _believed_now(connection: Connection, kind: type[Any], key: str, value: str) -> list[Any]:
    names = ", ".join(columns_of(kind))
    rows = connection.execute(
        f"SELECT {names}, lower(days), upper(days), lower(known) FROM {TABLES[kind]}"
        f" WHERE {key} = %s AND upper_inf(known) ORDER BY lower(days)",
        [value],
    )
    return [fact_of(kind, row) for row in rows.fetchall()]


def _newest_bill(connection: Connection, account_id: str) -> datetime | None:
    row = connection.execute(
        "SELECT max(known_at) FROM service_period_claim WHERE agreement_id IN"
        " (SELECT agreement_id FROM agreement WHERE account_id = %s)",
        [account_id],
    ).fetchone()
    return row[0] if row else None


def _place_of(place: TaxPlace | SalesTaxPlace) -> str:
    return place.jurisdiction if isinstance(place, SalesTaxPlace) else place.place


def _told(exemption: TaxExemption) -> dict[str, str]:
    return {
        "agreement": exemption.agreement_id,
        "tax": exemption.tax.value,
        "kind": exemption.kind.value,
        "certificate": exemption.certificate,
        "share": str(exemption.share),
        "days": str(exemption.days),
    }
