"""A person deals with what came back from a bank, and it waits no more."""

import django.db.models.deletion
from django.db import migrations, models

KEPT = """
ALTER TABLE ach_return_done ADD CONSTRAINT a_person_deals_with_a_return CHECK (
    btrim("by") <> '' AND btrim(reason) <> '');

-- What is drawn again by itself asks nobody.
CREATE FUNCTION done_is_what_asked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.ach_returned r
                WHERE r.returned_id = NEW.returned_id AND r.act = 'again') THEN
        RAISE EXCEPTION 'Returned entry % asks nobody', NEW.returned_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'done_is_what_asked';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER done_is_what_asked BEFORE INSERT ON ach_return_done
    FOR EACH ROW EXECUTE FUNCTION done_is_what_asked();
ALTER TABLE ach_return_done ENABLE ALWAYS TRIGGER done_is_what_asked;
REVOKE ALL ON FUNCTION done_is_what_asked() FROM PUBLIC;

SELECT keep_append_only('ach_return_done'), keep_personal('ach_return_done');
SELECT drop_like_indexes();
"""


class Migration(migrations.Migration):
    dependencies = [("payment_channels", "0005_asked_again")]

    operations = [
        migrations.CreateModel(
            name="AchReturnDone",
            fields=[
                (
                    "returned",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="payment_channels.achreturned",
                    ),
                ),
                ("on_day", models.DateField(db_index=True)),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "ach_return_done"},
        ),
        migrations.RunSQL(KEPT),
    ]
