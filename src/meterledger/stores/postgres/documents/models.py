"""Issued documents, what was set aside and what came back. Append-only, all of it.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere the nouns (``facts/documents``), reading and writing (``repository/documents``),
                the bytes (the vault of documents).
"""

from __future__ import annotations

from django.db import models


class Document(models.Model):
    """One document of a bill, with where its bytes lie."""

    bill_id = models.TextField()
    account_id = models.TextField(db_index=True)
    kind = models.TextField()
    channel = models.TextField()
    sha256 = models.TextField()
    content_sha256 = models.TextField()
    template = models.TextField()
    template_sha256 = models.TextField()
    compiler = models.TextField()
    page_count = models.IntegerField()
    pack_sha256 = models.TextField()
    pack_offset = models.BigIntegerField()
    size_bytes = models.BigIntegerField()
    content_offset = models.BigIntegerField()
    content_size_bytes = models.BigIntegerField()
    run_id = models.TextField(db_index=True)
    address = models.TextField()
    made_at = models.DateTimeField()
    due_day = models.DateField(null=True)

    class Meta:
        db_table = "document"
        indexes = (
            models.Index(name="document_of_bill", fields=["bill_id"]),
            models.Index(
                name="document_that_is_due_later",
                fields=["bill_id", "due_day"],
                condition=models.Q(due_day__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                name="a_bill_goes_out_once_on_a_channel",
                fields=["bill_id", "channel"],
                condition=~models.Q(kind="duplicate"),
            ),
            models.UniqueConstraint(
                name="a_duplicate_is_kept_once",
                fields=["bill_id", "channel", "sha256"],
                condition=models.Q(kind="duplicate"),
            ),
            models.CheckConstraint(
                name="document_kind_is_known",
                condition=models.Q(kind__in=["original", "duplicate", "correction notice"]),
            ),
            models.CheckConstraint(
                name="document_channel_is_known",
                condition=models.Q(channel__in=["print", "electronic"]),
            ),
            models.CheckConstraint(
                name="document_has_pages", condition=models.Q(page_count__gte=1)
            ),
        )


class DocumentSetAside(models.Model):
    """A bill of a run of which no document could be made, with the reason."""

    bill_id = models.TextField()
    account_id = models.TextField()
    run_id = models.TextField()
    reason = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "document_set_aside"
        constraints = (
            models.UniqueConstraint(
                name="a_bill_is_set_aside_once_in_a_run", fields=["bill_id", "run_id"]
            ),
        )


class DocumentCameBack(models.Model):
    """An electronic document that was not delivered."""

    bill_id = models.TextField()
    account_id = models.TextField()
    sha256 = models.TextField()
    reason = models.TextField()
    author = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "document_came_back"
        constraints = (
            models.UniqueConstraint(
                name="a_document_comes_back_once", fields=["bill_id", "sha256"]
            ),
            models.CheckConstraint(name="what_came_back_says_why", condition=~models.Q(reason="")),
        )
