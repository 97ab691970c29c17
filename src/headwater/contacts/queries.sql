-- name: find_by_keys
-- The contacts that share a key with any of these, with all that is needed to compare them.
select k.key, c.id, c.first_name, c.middle_name, c.last_name, c.suffix, c.nickname, c.full_name, c.company,
       c.company_key, c.domain, c.country, c.linkedin,
       coalesce((select array_agg(distinct o.value) from observation o
                 where o.workspace_id = current_workspace() and o.contact_id = c.id and o.field = 'email'
                   and o.source = 'file' and o.dropped_at is null), '{}') as emails
from contact_key k
join contact c on c.workspace_id = k.workspace_id and c.id = k.contact_id
where k.workspace_id = current_workspace() and k.key = any(%(keys)s)
order by c.id;

-- name: domains_of
-- The domains that people of these employers were given with.
select distinct company_key, domain from contact
where workspace_id = current_workspace() and company_key = any(%(employers)s) and domain is not null;

-- name: owners
-- Whose these addresses are known to be.
select distinct o.value, c.id, c.first_name, c.last_name, c.nickname
from observation o join contact c on c.workspace_id = o.workspace_id and c.id = o.contact_id
where o.workspace_id = current_workspace() and o.field = 'email' and o.value = any(%(addresses)s)
  and o.dropped_at is null and o.confidence >= 0.7;

-- name: holders
-- Which contacts have these values in view.
select distinct value, contact_id from observation
where workspace_id = current_workspace() and field = %(field)s and value = any(%(values)s) and dropped_at is null
order by value, contact_id;

-- name: lock_numbers
-- One transaction at a time counts who has a number; locked in one order, so that two can not wait for each other.
select pg_advisory_xact_lock(hashtextextended('headwater number ' || n.value, current_workspace()))
from (select unnest(%(numbers)s::text[]) as value order by 1) n;

-- name: lock_intake
-- One reader at a time adds people to a workspace, so that two can not both add the same person.
select pg_advisory_xact_lock(hashtextextended('headwater intake', current_workspace()));

-- name: add_contacts
-- New contacts, in the order given.
insert into contact (workspace_id, first_name, middle_name, last_name, suffix, nickname, full_name, company,
                     company_key, domain, country, linkedin)
select current_workspace(), first_name, middle_name, last_name, suffix, nickname, full_name, company, company_key,
       domain, country, linkedin
from rows from (jsonb_to_recordset(%(rows)s) as (
    first_name text, middle_name text, last_name text, suffix text, nickname text, full_name text, company text,
    company_key text, domain text, country text, linkedin text)) with ordinality as r(
    first_name, middle_name, last_name, suffix, nickname, full_name, company, company_key, domain, country, linkedin, n)
order by n
returning id;

-- name: add_keys
-- Keys under which a contact can be found again.
insert into contact_key (workspace_id, key, contact_id)
select current_workspace(), key, contact_id
from jsonb_to_recordset(%(rows)s) as r(key bigint, contact_id bigint)
on conflict do nothing;

-- name: add_observations
-- What was reported; the same value from the same file is not observed twice.
insert into observation (workspace_id, contact_id, field, value, source, status, reported, confidence, price, basis,
                         detail, call_id, job_id, observed_at)
select current_workspace(), r.contact_id, r.field, r.value, r.source, r.status, r.reported, r.confidence, r.price,
       r.basis, r.detail, r.call_id, r.job_id, r.observed_at
from jsonb_to_recordset(%(rows)s) as r(
    contact_id bigint, field text, value text, source text, status text, reported real, confidence real, price bigint,
    basis text, detail jsonb, call_id bigint, job_id bigint, observed_at timestamptz)
where r.source <> 'file' or not exists (
    select 1 from observation o
    where o.workspace_id = current_workspace() and o.contact_id = r.contact_id and o.field = r.field
      and o.value = r.value and o.source = 'file' and o.dropped_at is null);

-- name: add_verdicts
-- What was judged.
insert into verdict (workspace_id, contact_id, field, value, source, status, sub_status, score, level, detail,
                     call_id, checked_at)
select current_workspace(), contact_id, field, value, source, status, sub_status, score, level, detail, call_id,
       checked_at
from jsonb_to_recordset(%(rows)s) as r(
    contact_id bigint, field text, value text, source text, status text, sub_status text, score int, level text,
    detail jsonb, call_id bigint, checked_at timestamptz);

-- name: add_asked
-- That something was asked about a contact; the newest outcome counts, also of two in one batch. In the order of the
-- rows, so that two workers can not wait for each other.
insert into asked (workspace_id, contact_id, operation, subject, fields, outcome, call_id, at)
select distinct on (contact_id, operation, subject) current_workspace(), contact_id, operation, subject,
       array(select jsonb_array_elements_text(fields)), outcome, call_id, at
from rows from (jsonb_to_recordset(%(rows)s) as (
    contact_id bigint, operation text, subject text, fields jsonb, outcome text, call_id bigint, at timestamptz)
) with ordinality as r(contact_id, operation, subject, fields, outcome, call_id, at, n)
order by contact_id, operation, subject, n desc
on conflict (workspace_id, contact_id, operation, subject) do update
    set outcome = excluded.outcome, fields = excluded.fields, call_id = excluded.call_id, at = excluded.at;

-- name: contacts
-- These contacts.
select * from contact where workspace_id = current_workspace() and id = any(%(ids)s);

-- name: observations
-- What is in view of these contacts.
select * from observation
where workspace_id = current_workspace() and contact_id = any(%(ids)s) and dropped_at is null
order by id;

-- name: verdicts
-- The newest verdict per value and source of these contacts.
select distinct on (contact_id, field, value, source) *
from verdict
where workspace_id = current_workspace() and contact_id = any(%(ids)s)
order by contact_id, field, value, source, checked_at desc, id desc;

-- name: validations
-- Every verdict about a contact's values.
select * from verdict where workspace_id = current_workspace() and contact_id = %(contact)s order by checked_at, id;

-- name: asked
-- What was asked about these contacts, as long as an answer stays fresh: 90 days. An objection stays for good.
select * from asked
where workspace_id = current_workspace() and contact_id = any(%(ids)s)
  and (at > clock_timestamp() - interval '90 days' or outcome = 'forbidden');

-- name: sources
-- Who gave these contacts their addresses and numbers. What came out of the cache is the word of who found it; a guess
-- of our own is nobody's.
select contact_id, field, value, array_agg(distinct regexp_replace(source, '^cache:', '')) as sources
from observation
where workspace_id = current_workspace() and contact_id = any(%(ids)s) and field in ('email', 'phone')
  and dropped_at is null and source <> 'pattern'
group by contact_id, field, value;

-- name: shared_numbers
-- Of these numbers those that many different people have, by name, for one person may stand twice in a workspace.
-- ``untold``: who has one and whose newest verdict of ours does not say so, unless the line is dead anyway.
with holder as (
    select distinct o.value, o.contact_id,
        coalesce(nullif(lower(concat_ws(' ', c.first_name, c.last_name)), ''), lower(c.full_name), c.id::text) as name
    from observation o join contact c on c.workspace_id = o.workspace_id and c.id = o.contact_id
    where o.workspace_id = current_workspace() and o.field = 'phone' and o.value = any(%(numbers)s)
      and o.dropped_at is null
), shared as (
    select value, count(distinct name)::int as people from holder
    group by value having count(distinct name) >= %(many)s
), newest as (
    select distinct on (v.contact_id, v.value, v.source) v.contact_id, v.value, v.source, v.status, v.sub_status
    from verdict v join holder h on h.contact_id = v.contact_id and h.value = v.value
                   join shared s on s.value = v.value
    where v.workspace_id = current_workspace() and v.field = 'phone'
    order by v.contact_id, v.value, v.source, v.checked_at desc, v.id desc
)
select s.value, s.people, array(
    select h.contact_id from holder h
    where h.value = s.value and not exists (
        select 1 from newest n
        where n.contact_id = h.contact_id and n.value = h.value
          and (n.status = 'invalid' or (n.source = 'headwater' and n.sub_status = %(shared)s)))
    order by h.contact_id) as untold
from shared s order by s.value;

-- name: bump_patterns
-- Count the shapes of addresses seen at a domain, in one order, so that two workers can not wait for each other.
insert into address_pattern (workspace_id, domain, pattern, seen)
select current_workspace(), domain, pattern, count(*)
from jsonb_to_recordset(%(rows)s) as r(domain text, pattern text)
group by domain, pattern order by domain, pattern
on conflict (workspace_id, domain, pattern) do update set seen = address_pattern.seen + excluded.seen;

-- name: patterns
-- The shapes known at these domains.
select domain, pattern, seen from address_pattern
where workspace_id = current_workspace() and domain = any(%(domains)s) order by domain, seen desc, pattern;
