"""When a file says it was made: of two that differ, the one made later speaks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("readings", "0002_intake")]

    operations = [
        migrations.AddField("intakemovement", "made_at", models.BigIntegerField(null=True)),
        migrations.AddIndex(
            "intakemovement", models.Index(fields=["made_at"], name="intake_by_made_at")
        ),
    ]
