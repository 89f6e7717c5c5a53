"""A bank's notice makes a new version of a customer's bank account, and the customer is told."""

import django.db.models.deletion
from django.db import migrations, models

KEPT = """
ALTER TABLE bank_account ADD CONSTRAINT a_version_holds_from_a_day CHECK (
    (replaces = '') = (from_day IS NULL) AND replaces <> bank_id);
ALTER TABLE bank_change_told ADD CONSTRAINT a_person_tells_the_customer CHECK (
    btrim("by") <> '' AND btrim(how) <> '');

-- A version is of the same customer's bank account, and each has one after it.
CREATE FUNCTION versions_are_of_one_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.bank_account b
      WHERE b.bank_id = NEW.replaces AND b.account_id = NEW.account_id;
    IF NEW.replaces <> '' AND NOT FOUND THEN
        RAISE EXCEPTION 'Bank account % is no version of one of account %', NEW.bank_id,
                        NEW.account_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'versions_are_of_one_account';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER versions_are_of_one_account BEFORE INSERT ON bank_account
    FOR EACH ROW EXECUTE FUNCTION versions_are_of_one_account();
ALTER TABLE bank_account ENABLE ALWAYS TRIGGER versions_are_of_one_account;
REVOKE ALL ON FUNCTION versions_are_of_one_account() FROM PUBLIC;

SELECT keep_append_only('bank_change_told'), keep_personal('bank_change_told');
SELECT drop_like_indexes();
"""


class Migration(migrations.Migration):
    dependencies = [("payment_channels", "0003_card_refunds")]

    operations = [
        migrations.AddField(
            model_name="bankaccount",
            name="replaces",
            field=models.TextField(db_index=True, default=""),
        ),
        migrations.AddField(
            model_name="bankaccount",
            name="from_day",
            field=models.DateField(null=True),
        ),
        migrations.CreateModel(
            name="BankChangeTold",
            fields=[
                (
                    "bank",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="payment_channels.bankaccount",
                    ),
                ),
                ("by", models.TextField()),
                ("how", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "bank_change_told"},
        ),
        migrations.RunSQL(KEPT),
    ]
