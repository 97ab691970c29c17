-- name: resumable
-- The newest job of the same file, options and output that has not ended.
select id, state, rows_read, round from job
where workspace_id = current_workspace() and fingerprint = %(fingerprint)s and state not in ('done', 'cancelled')
order by id desc limit 1;

-- name: create_job
-- A new job.
insert into job (workspace_id, fingerprint, source_path, source_sha256, output_path, headers, options, rows_expected)
values (current_workspace(), %(fingerprint)s, %(source)s, %(sha256)s, %(output)s, %(headers)s, %(options)s, %(rows)s)
returning id;

-- name: job
-- One job of the workspace.
select * from job where workspace_id = current_workspace() and id = %(job)s;

-- name: jobs
-- The workspace's jobs, newest first.
select j.id, j.state, j.source_path, j.output_path, j.created_at, j.finished_at, j.rows_read, j.rows_expected, j.reason,
       (select count(*) from lookup l where l.job_id = j.id) as lookups,
       (select count(*) from lookup l where l.job_id = j.id and l.state = 'done') as done
from job j where j.workspace_id = current_workspace() order by j.id desc limit %(limit)s;

-- name: set_state
-- Move a job to a state, if it is in one of those it may come from.
update job set state = %(state)s, reason = %(reason)s,
    finished_at = case when %(state)s in ('done', 'cancelled', 'failed') then clock_timestamp() end
where workspace_id = current_workspace() and id = %(job)s and state = any(%(from)s)
returning id;

-- name: next_round
-- A retried job is a new round of the same job.
update job set round = round + 1, state = 'running', reason = null, finished_at = null
where workspace_id = current_workspace() and id = %(job)s and state = any(%(from)s)
returning round;

-- name: add_rows
-- Rows of the file as they were read; a row that is already stored stays.
insert into intake_row (workspace_id, job_id, line, cells, state, column_name, reason, notes, contact_id)
select current_workspace(), %(job)s, line, array(select jsonb_array_elements_text(cells)), state, column_name, reason,
       notes, contact_id
from jsonb_to_recordset(%(rows)s) as r(line int, cells jsonb, state text, column_name text, reason text, notes jsonb,
                                       contact_id bigint)
on conflict do nothing;

-- name: read_to_end
-- The file has no more rows than these.
update job set rows_expected = rows_read where workspace_id = current_workspace() and id = %(job)s;

-- name: rows_read
-- How far the file has been stored.
update job set rows_read = %(rows)s where workspace_id = current_workspace() and id = %(job)s;

-- name: add_lookups
-- One lookup per person of the job.
insert into lookup (workspace_id, job_id, contact_id, want)
select current_workspace(), %(job)s, contact, %(want)s from unnest(%(contacts)s::bigint[]) as c(contact)
on conflict do nothing
returning id, contact_id;

-- name: fill_contacts
-- What a later row adds to a person who is already known; nothing known is changed.
update contact c set
    middle_name = coalesce(c.middle_name, r.middle_name), suffix = coalesce(c.suffix, r.suffix),
    nickname = coalesce(c.nickname, r.nickname), company = coalesce(c.company, r.company),
    company_key = coalesce(c.company_key, r.company_key), domain = coalesce(c.domain, r.domain),
    country = coalesce(c.country, r.country), linkedin = coalesce(c.linkedin, r.linkedin)
from jsonb_to_recordset(%(rows)s) as r(id bigint, middle_name text, suffix text, nickname text, company text,
                                       company_key text, domain text, country text, linkedin text)
where c.workspace_id = current_workspace() and c.id = r.id;

-- name: recalled_from_cache
-- These lookups owe something to the shared cache.
update lookup l set recalled_from = 'cache', spent = l.spent + r.spent, saved = l.saved + r.saved
from jsonb_to_recordset(%(rows)s) as r(id bigint, spent bigint, saved bigint)
where l.workspace_id = current_workspace() and l.id = r.id;

-- name: recalled_from_history
-- What own history kept these lookups from paying again: the price once paid for the values they wanted.
update lookup l set recalled_from = 'history', saved = paid.amount
from (select l2.id, sum(o.price)::bigint as amount, count(*) as n
      from lookup l2 join observation o on o.workspace_id = l2.workspace_id and o.contact_id = l2.contact_id
      where l2.workspace_id = current_workspace() and l2.id = any(%(ids)s) and o.field = any(l2.want)
        and o.dropped_at is null and o.job_id is distinct from l2.job_id and o.source <> 'file'
      group by l2.id) paid
where l.workspace_id = current_workspace() and l.id = paid.id and l.recalled_from is null;

-- name: finish_if_done
-- A job whose file is read and whose lookups are all done goes on to its export; told once. That it runs does not say
-- that it is read: it may have been paused, or cancelled and retried, in the middle of its file.
update job j set state = 'exporting'
where j.workspace_id = current_workspace() and j.id = any(%(jobs)s) and j.state = 'running'
  and j.rows_read >= coalesce(j.rows_expected, 0)
  and not exists (select 1 from lookup l where l.job_id = j.id and l.state in ('new', 'asking'))
returning j.id;

-- name: progress
-- Where a job stands.
select j.state, j.reason, j.rows_read, j.rows_expected,
       (select count(*) from lookup l where l.job_id = j.id) as lookups,
       (select count(*) from lookup l where l.job_id = j.id and l.state = 'done') as done,
       (select coalesce(sum(l.spent), 0)::bigint from lookup l where l.job_id = j.id) as spent
from job j where j.workspace_id = current_workspace() and j.id = %(job)s;

-- name: accepted_rows
-- The job's rows that go out, in the order of the file, after a line.
select line, cells, state, notes, contact_id from intake_row
where workspace_id = current_workspace() and job_id = %(job)s and state <> 'rejected' and line > %(after)s
order by line limit %(limit)s;

-- name: rejected_rows
-- The job's rows that could not be used, after a line.
select line, cells, column_name, reason from intake_row
where workspace_id = current_workspace() and job_id = %(job)s and state = 'rejected' and line > %(after)s
order by line limit %(limit)s;

-- name: lookups_of
-- How the job's lookups of these people ended.
select contact_id, outcome, spent, recalled_from, trail from lookup
where workspace_id = current_workspace() and job_id = %(job)s and contact_id = any(%(contacts)s);

-- name: row_counts
-- Rows by state.
select state, count(*) as n from intake_row
where workspace_id = current_workspace() and job_id = %(job)s group by state;

-- name: reject_counts
-- Rejected rows by reason.
select reason, count(*) as n from intake_row
where workspace_id = current_workspace() and job_id = %(job)s and state = 'rejected' group by reason order by n desc;

-- name: lookup_counts
-- Lookups by outcome, what was recalled and what that saved, and how many ended with the money (see out_of_money).
select coalesce(outcome, state) as outcome, recalled_from, count(*) as n, sum(saved)::bigint as saved,
       count(*) filter (where trail -> -1 ->> 'stop' = 'the job may not spend what the next call could cost') as unpaid
from lookup where workspace_id = current_workspace() and job_id = %(job)s group by 1, 2;

-- name: call_counts
-- Calls per vendor and how they ended.
select c.vendor, c.operation, c.state, count(distinct c.id) as calls, count(*) as records,
       sum(c.polls) filter (where i.position = 0)::bigint as polls,
       count(*) filter (where i.outcome = 'hit') as hits, coalesce(sum(i.units), 0)::bigint as units
from call_item i join call c on c.id = i.call_id
where i.workspace_id = current_workspace() and i.job_id = %(job)s
group by c.vendor, c.operation, c.state order by c.vendor, c.operation, c.state;

-- name: failed_calls
-- Why calls of a job failed, per vendor.
select c.vendor, c.reason, count(distinct c.id) as calls
from call_item i join call c on c.id = i.call_id
where i.workspace_id = current_workspace() and i.job_id = %(job)s and c.state = 'failed'
group by c.vendor, c.reason order by c.vendor, calls desc, c.reason;

-- name: unknown_calls
-- Calls whose outcome nobody knows, with the people they were for.
select c.id, c.vendor, c.operation, coalesce(i.answer ->> 'reason', c.reason) as reason, c.created_at, i.job_id,
       i.contact_id, i.subject, i.reserved, p.full_name, p.company
from call c join call_item i on i.call_id = c.id
left join contact p on p.workspace_id = i.workspace_id and p.id = i.contact_id
where i.workspace_id = current_workspace() and i.outcome = 'unknown' and i.applied
  and (%(job)s::bigint is null or i.job_id = %(job)s)
order by c.id, i.position;

-- name: pause_items
-- Waiting items of a job are held, or let go again.
update item set state = %(to)s where workspace_id = current_workspace() and job_id = %(job)s and state = %(from)s;

-- name: cancel_items
-- Waiting items of a job leave their lanes; those that a worker has in hand this moment it drops by itself.
delete from item where id in (
    select id from item where workspace_id = current_workspace() and job_id = %(job)s and state in (0, 3)
    for update skip locked);

-- name: cancel_lookups
-- What nobody waits for any more.
update lookup set state = 'cancelled', finished_at = clock_timestamp()
where workspace_id = current_workspace() and job_id = %(job)s and state in ('new', 'asking')
  and not exists (select 1 from item i where i.lookup_id = lookup.id);

-- name: forget_failures
-- A retry may ask again what failed, and what is unknown only when the user says so.
delete from asked a using lookup l
where a.workspace_id = current_workspace() and l.workspace_id = a.workspace_id and l.contact_id = a.contact_id
  and l.job_id = %(job)s and a.outcome = any(%(outcomes)s);

-- name: unsettle
-- A retry asks anew, also what a later or earlier job was done with.
update lookup p set offered = null
from lookup l
where l.workspace_id = current_workspace() and l.job_id = %(job)s and l.outcome in ('partial', 'none')
  and p.workspace_id = l.workspace_id and p.contact_id = l.contact_id and p.id <> l.id;

-- name: reopen_lookups
-- Lookups that did not find all they wanted, or were cancelled before they could, are open again.
update lookup set state = 'new', outcome = null, finished_at = null
where workspace_id = current_workspace() and job_id = %(job)s
  and (outcome in ('partial', 'none') or state = 'cancelled')
returning id;

-- name: catch_all
-- Whether a domain behind these hosts is known to take every name.
select catch_all from mail_domain
where realm = %(realm)s and domain = %(domain)s and hosts = %(hosts)s and known_until > clock_timestamp();

-- name: remember_catch_all
-- How a domain treats unknown names.
insert into mail_domain (realm, domain, hosts, catch_all, known_until)
values (%(realm)s, %(domain)s, %(hosts)s, %(catch_all)s, clock_timestamp() + make_interval(secs => %(keep)s))
on conflict (realm, domain, hosts) do update set catch_all = excluded.catch_all, known_until = excluded.known_until;

-- name: put_off
-- Addresses to be asked for again; one that waits already goes on waiting.
insert into mailbox_recheck (workspace_id, address, deferrals, due_at)
select current_workspace(), address, 1, clock_timestamp() + make_interval(secs => after)
from jsonb_to_recordset(%(rows)s) as r(address text, after float8)
on conflict do nothing;

-- name: due_rechecks
-- Addresses that are due, kept from other processes while this one asks.
update mailbox_recheck set due_at = clock_timestamp() + make_interval(secs => %(lease)s)
where (workspace_id, address) in (
    select r.workspace_id, r.address from mailbox_recheck r join workspace w on w.id = r.workspace_id
    where w.realm = %(realm)s and r.due_at <= clock_timestamp()
    order by r.due_at limit %(n)s for update of r skip locked)
returning workspace_id, address, deferrals;

-- name: settle_rechecks
-- Put off once more, or done with.
with answered as (
    select address, after from jsonb_to_recordset(%(rows)s) as r(address text, after float8)
), done as (
    delete from mailbox_recheck m using answered a
    where m.workspace_id = current_workspace() and m.address = a.address and a.after is null
)
update mailbox_recheck m set deferrals = deferrals + 1, due_at = clock_timestamp() + make_interval(secs => a.after)
from answered a
where m.workspace_id = current_workspace() and m.address = a.address and a.after is not null;
