-- What was said of the weather stays as it was written; it is about nobody.

SELECT keep_append_only('daily_temperature'::regclass);
SELECT drop_like_indexes();
