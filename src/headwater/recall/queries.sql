-- name: recall
-- Fresh values under these keyed fingerprints, counting their use.
update cache_entry set times_used = times_used + 1, saved = saved + price
where key = any(%(keys)s) and field = any(%(fields)s) and expires_at > clock_timestamp()
returning key, field, value, source, status, confidence, price, obtained_at;

-- name: remember
-- What was bought for all; a newer or surer value replaces the older.
insert into cache_entry (key, field, value, source, status, confidence, price, obtained_at, expires_at)
select decode(key, 'hex'), field, decode(value, 'hex'), source, status, confidence, price, obtained_at, expires_at
from jsonb_to_recordset(%(rows)s) as r(key text, field text, value text, source text, status text, confidence real,
                                       price bigint, obtained_at timestamptz, expires_at timestamptz)
on conflict (key, field) do update
    set value = excluded.value, source = excluded.source, status = excluded.status, confidence = excluded.confidence,
        price = excluded.price, obtained_at = excluded.obtained_at, expires_at = excluded.expires_at
where excluded.confidence >= cache_entry.confidence or cache_entry.expires_at < clock_timestamp();
