"""The intake's book, outcomes of lines set aside, sources; 0002_intake.sql says the rest."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from meterledger.stores.postgres.readings.models import ExactField


class Migration(migrations.Migration):
    dependencies = [("readings", "0001_initial")]

    operations = [
        migrations.AddField("quarantinedline", "row_count", models.BigIntegerField(default=1)),
        migrations.AlterField("quarantinedline", "row_count", models.BigIntegerField()),
        migrations.AddField("quarantinedline", "energy_wh", ExactField(null=True)),
        migrations.CreateModel(
            name="QuarantineOutcome",
            fields=[
                (
                    "quarantined_line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="readings.quarantinedline",
                    ),
                ),
                ("outcome", models.TextField()),
                ("author", models.TextField()),
                ("reason", models.TextField()),
                (
                    "release",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="readings.receivedfile",
                    ),
                ),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "quarantine_outcome"},
        ),
        migrations.CreateModel(
            name="IntakeSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(db_index=True)),
                ("scheme", models.TextField()),
                ("key", models.TextField()),
                ("is_sequenced", models.BooleanField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "intake_source"},
        ),
        migrations.CreateModel(
            name="IntakeMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.TextField(db_index=True, null=True)),
                ("file_name", models.TextField()),
                ("size_bytes", models.BigIntegerField(null=True)),
                ("format", models.TextField()),
                ("source", models.TextField()),
                ("door", models.TextField()),
                ("given", models.JSONField()),
                ("sequence_number", models.BigIntegerField(null=True)),
                ("status", models.TextField()),
                ("refusal", models.TextField(null=True)),
                ("received_files", models.IntegerField()),
                ("received_rows", models.BigIntegerField()),
                ("received_energy_wh", ExactField()),
                ("stored_files", models.IntegerField()),
                ("stored_rows", models.BigIntegerField()),
                ("stored_energy_wh", ExactField()),
                ("quarantined_files", models.IntegerField()),
                ("quarantined_rows", models.BigIntegerField()),
                ("quarantined_energy_wh", ExactField()),
                ("refused_files", models.IntegerField()),
                ("refused_rows", models.BigIntegerField()),
                ("refused_energy_wh", ExactField()),
                ("unread_rows", models.BigIntegerField()),
                ("learned_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "intake_movement",
                "constraints": (
                    models.UniqueConstraint(
                        name="a_source_uses_a_number_once", fields=["source", "sequence_number"]
                    ),
                    models.CheckConstraint(
                        name="what_came_is_somewhere",
                        condition=models.Q(
                            received_files=models.F("stored_files")
                            + models.F("quarantined_files")
                            + models.F("refused_files"),
                            received_rows=models.F("stored_rows")
                            + models.F("quarantined_rows")
                            + models.F("refused_rows"),
                            received_energy_wh=models.F("stored_energy_wh")
                            + models.F("quarantined_energy_wh")
                            + models.F("refused_energy_wh"),
                        ),
                    ),
                    models.CheckConstraint(
                        name="a_refusal_says_why",
                        condition=models.Q(status="refused", refusal__isnull=False)
                        | (~models.Q(status="refused") & models.Q(refusal__isnull=True)),
                    ),
                ),
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
