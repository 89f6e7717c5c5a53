"""Issued documents, set aside, came back; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("record", "0001_initial"),
        ("bills", "0002_corrections"),
    ]

    operations = [
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bill_id", models.TextField()),
                ("account_id", models.TextField(db_index=True)),
                ("kind", models.TextField()),
                ("channel", models.TextField()),
                ("sha256", models.TextField()),
                ("content_sha256", models.TextField()),
                ("template", models.TextField()),
                ("template_sha256", models.TextField()),
                ("compiler", models.TextField()),
                ("page_count", models.IntegerField()),
                ("pack_sha256", models.TextField()),
                ("pack_offset", models.BigIntegerField()),
                ("size_bytes", models.BigIntegerField()),
                ("content_offset", models.BigIntegerField()),
                ("content_size_bytes", models.BigIntegerField()),
                ("run_id", models.TextField(db_index=True)),
                ("address", models.TextField()),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "document",
                "indexes": [models.Index(fields=["bill_id"], name="document_of_bill")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "duplicate"), _negated=True),
                        fields=("bill_id", "channel"),
                        name="a_bill_goes_out_once_on_a_channel",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "duplicate")),
                        fields=("bill_id", "channel", "sha256"),
                        name="a_duplicate_is_kept_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["original", "duplicate", "correction notice"])
                        ),
                        name="document_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["print", "electronic"])),
                        name="document_channel_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("page_count__gte", 1)), name="document_has_pages"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentCameBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bill_id", models.TextField()),
                ("account_id", models.TextField()),
                ("sha256", models.TextField()),
                ("reason", models.TextField()),
                ("author", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "document_came_back",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("bill_id", "sha256"), name="a_document_comes_back_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="what_came_back_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentSetAside",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bill_id", models.TextField()),
                ("account_id", models.TextField()),
                ("run_id", models.TextField()),
                ("reason", models.TextField()),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "document_set_aside",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("bill_id", "run_id"), name="a_bill_is_set_aside_once_in_a_run"
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
