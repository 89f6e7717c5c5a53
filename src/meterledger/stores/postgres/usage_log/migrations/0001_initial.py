"""Findings, estimates, reviews, edits, efforts, runs; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ReadingEffort",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter", models.TextField()),
                ("meter_id", models.TextField(db_index=True)),
                ("day", models.DateField()),
                ("kind", models.TextField()),
                ("outcome", models.TextField()),
                ("by", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "reading_effort",
            },
        ),
        migrations.CreateModel(
            name="UsageRun",
            fields=[
                ("run_id", models.TextField(primary_key=True, serialize=False)),
                ("day", models.DateField(db_index=True)),
                ("base_sequence", models.BigIntegerField()),
                ("batch_count", models.IntegerField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "usage_run",
            },
        ),
        migrations.CreateModel(
            name="UsageEdit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter", models.TextField()),
                ("meter_id", models.TextField(db_index=True)),
                ("day", models.DateField()),
                ("start", models.BigIntegerField()),
                ("until", models.BigIntegerField()),
                ("before_wh", models.BigIntegerField()),
                ("after_wh", models.BigIntegerField()),
                ("interval_count", models.IntegerField()),
                ("before_sequence", models.BigIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("author", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "usage_edit",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="usage_edit_has_author_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sequence__gt", models.F("before_sequence"))),
                        name="usage_edit_makes_a_new_version",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageEstimate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter", models.TextField()),
                ("meter_id", models.TextField()),
                ("day", models.DateField()),
                ("start", models.BigIntegerField()),
                ("until", models.BigIntegerField()),
                ("interval_count", models.IntegerField()),
                ("energy_wh", models.BigIntegerField()),
                ("method", models.SmallIntegerField()),
                ("cause", models.TextField()),
                ("provision", models.TextField()),
                ("citation", models.TextField()),
                ("inputs", models.JSONField()),
                ("former_occupant", models.BooleanField()),
                ("sequence", models.BigIntegerField()),
                ("run_id", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "usage_estimate",
                "indexes": [models.Index(fields=["day"], name="usage_estimate_of_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("meter_id", "day", "start", "sequence"),
                        name="usage_estimate_once_per_version",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cause", ""), _negated=True),
                            models.Q(("provision", ""), _negated=True),
                        ),
                        name="usage_estimate_says_cause_and_rung",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("start"))),
                        name="usage_estimate_covers_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter", models.TextField()),
                ("meter_id", models.TextField(db_index=True)),
                ("day", models.DateField()),
                ("act", models.TextField()),
                ("author", models.TextField()),
                ("reason", models.TextField()),
                (
                    "finding_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "usage_review",
                "indexes": [models.Index(fields=["meter", "day"], name="usage_review_of_meter")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="usage_review_has_author_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("act__in", ["accept", "edit", "estimate", "reject"])),
                        name="usage_review_act_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageFinding",
            fields=[
                ("finding_id", models.TextField(primary_key=True, serialize=False)),
                ("digest", models.TextField()),
                ("meter", models.TextField()),
                ("meter_id", models.TextField()),
                ("day", models.DateField()),
                ("code", models.TextField()),
                ("weight", models.TextField()),
                ("sentence", models.TextField()),
                ("evidence", models.JSONField()),
                ("thresholds", models.JSONField()),
                ("learned_at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="usage_log.usagerun"
                    ),
                ),
            ],
            options={
                "db_table": "usage_finding",
            },
        ),
        migrations.CreateModel(
            name="UsageBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("sequence", models.BigIntegerField()),
                ("complete", models.BigIntegerField()),
                ("estimated", models.BigIntegerField()),
                ("held", models.BigIntegerField()),
                ("no_meter", models.BigIntegerField()),
                ("findings", models.BigIntegerField()),
                ("estimated_intervals", models.BigIntegerField()),
                ("estimated_wh", models.BigIntegerField()),
                ("learned_at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="usage_log.usagerun"
                    ),
                ),
            ],
            options={
                "db_table": "usage_batch",
            },
        ),
        migrations.CreateModel(
            name="UsageFindingCleared",
            fields=[
                (
                    "finding",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="usage_log.usagefinding",
                    ),
                ),
                ("learned_at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="usage_log.usagerun"
                    ),
                ),
            ],
            options={
                "db_table": "usage_finding_cleared",
            },
        ),
        migrations.AddIndex(
            model_name="usagefinding",
            index=models.Index(fields=["meter", "day"], name="usage_finding_of_meter"),
        ),
        migrations.AddIndex(
            model_name="usagefinding",
            index=models.Index(fields=["meter_id", "day"], name="usage_finding_of_number"),
        ),
        migrations.AddIndex(
            model_name="usagefinding",
            index=models.Index(
                condition=models.Q(("weight", "hold")),
                fields=["day"],
                name="usage_finding_that_holds",
            ),
        ),
        migrations.AddConstraint(
            model_name="usagefinding",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__in", ["note", "hold"])),
                name="usage_finding_weight_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="usagebatch",
            constraint=models.UniqueConstraint(
                fields=("run", "number"), name="usage_batch_is_done_once"
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
