"""Of which stretch of time a stored file speaks, so that others need not be opened to know."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("readings", "0003_made_at")]

    operations = [
        migrations.AddField("intakemovement", "about_from", models.BigIntegerField(null=True)),
        migrations.AddField("intakemovement", "about_until", models.BigIntegerField(null=True)),
    ]
