-- name: recall
-- Fresh values under these keyed fingerprints, counting their use. Rows are taken in one order, here and below: all
-- workspaces share them, and whoever holds some until the commit must not wait in a circle for others.
with hit as (
    select key, field from cache_entry
    where key = any(%(keys)s) and field = any(%(fields)s) and expires_at > clock_timestamp()
    order by key, field for update
)
update cache_entry c set times_used = c.times_used + 1, saved = c.saved + c.price
from hit where c.key = hit.key and c.field = hit.field
returning c.key, c.field, c.value, c.source, c.status, c.confidence, c.price, c.obtained_at;

-- name: remember
-- What was bought for all; a newer or surer value replaces the older.
insert into cache_entry (key, field, value, source, status, confidence, price, obtained_at, expires_at)
select decode(key, 'hex'), field, decode(value, 'hex'), source, status, confidence, price, obtained_at, expires_at
from jsonb_to_recordset(%(rows)s) as r(key text, field text, value text, source text, status text, confidence real,
                                       price bigint, obtained_at timestamptz, expires_at timestamptz)
order by decode(key, 'hex'), field
on conflict (key, field) do update
    set value = excluded.value, source = excluded.source, status = excluded.status, confidence = excluded.confidence,
        price = excluded.price, obtained_at = excluded.obtained_at, expires_at = excluded.expires_at
where excluded.confidence >= cache_entry.confidence or cache_entry.expires_at < clock_timestamp();
