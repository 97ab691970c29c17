-- name: register_lane
-- A lane and the limits of its account; what was learnt of it stays.
insert into lane (name) values (%(lane)s) on conflict do nothing;

-- name: register_budget
-- One limit of one endpoint family; a changed limit takes effect at once, what was taken stays taken.
insert into budget (family, seconds, gap, burst) values (%(family)s, %(seconds)s, %(gap)s, %(burst)s)
on conflict (family, seconds) do update set gap = excluded.gap, burst = excluded.burst
where (budget.gap, budget.burst) is distinct from (excluded.gap, excluded.burst);

-- name: open_lanes
-- A person started work again: lanes that were stopped (bad key, no credits) or failing may try again.
update lane set stop_reason = null, paused_until = null, failing_since = null, failures = 0
where name = any(%(lanes)s);

-- name: take_budget
-- Take one call of a family, or learn how long to wait.
select budget_take(%(family)s) as wait;

-- name: push_budget
-- The vendor said stop: nobody takes from this family before then.
update budget set tat = greatest(tat, extract(epoch from clock_timestamp()) + %(after)s + burst * gap)
where family = %(family)s;

-- name: lane_states
-- Which lanes are stopped or paused, and for how long still.
select name, stop_reason, failures, greatest(0, extract(epoch from paused_until - clock_timestamp()))::float8 as pause,
       coalesce(extract(epoch from clock_timestamp() - failing_since), 0)::float8 as failing_for
from lane where name = any(%(lanes)s);

-- name: stop_lane
-- Nothing of this account can work until a person acts.
update lane set stop_reason = %(reason)s where name = any(%(lanes)s);

-- name: lane_failed
-- The vendor can not be reached or is overloaded: all workers leave the lane alone for a while, longer each time.
update lane set failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp()),
    paused_until = case when failures >= %(patience)s
        then clock_timestamp() + make_interval(secs => least(30, 0.5 * 2 ^ least(failures, 6)) * %(jitter)s) end
where name = %(lane)s;

-- name: lane_works
-- The vendor answered.
update lane set failures = 0, failing_since = null, paused_until = null where name = %(lane)s and failures > 0;

-- name: add_items
-- Lookups wait in a lane; a lookup waits for one thing at a time.
with new as (
    select * from jsonb_to_recordset(%(rows)s)
        as r(lane text, workspace_id bigint, job_id bigint, lookup_id bigint, want jsonb, subject text)
), heads as (
    insert into lane_workspace (lane, workspace_id) select distinct lane, workspace_id from new
    on conflict do nothing
)
insert into item (lane, workspace_id, job_id, lookup_id, want, subject, state)
select lane, new.workspace_id, job_id, lookup_id, array(select jsonb_array_elements_text(want)), subject,
       case when job.state = 'paused' then 3 else 0 end
from new join job on job.id = new.job_id
on conflict (lookup_id) do nothing;

-- name: ready
-- Whether a lane has work, how many tickets are out, and whether work upstream may still add to it.
select (select count(*) from (select 1 from item where lane = %(lane)s and state = 0 and next_at <= clock_timestamp()
                              limit %(batch)s) few) as ready,
       (select count(*) from call where lane = %(lane)s and state = 'submitted') as tickets,
       exists (select 1 from item where lane <> %(lane)s limit 1)
           or exists (select 1 from job where state = 'reading') as upstream;

-- name: claim_items
-- Up to n items of the workspace whose turn it is: the head with the lowest start tag, advanced by what is taken.
with turn as (
    select h.lane, h.workspace_id, greatest(h.vft, l.v) as tag, w.weight
    from lane_workspace h join lane l on l.name = h.lane join workspace w on w.id = h.workspace_id
    where h.lane = %(lane)s and exists (
        select 1 from item i where i.lane = h.lane and i.workspace_id = h.workspace_id and i.state = 0
                               and i.next_at <= clock_timestamp())
    order by greatest(h.vft, l.v), h.workspace_id
    limit 1 for update of h skip locked
), few as (
    select i.id from item i join turn t on i.lane = t.lane and i.workspace_id = t.workspace_id
    where i.state = 0 and i.next_at <= clock_timestamp()
    order by i.id limit %(n)s for update of i skip locked
), taken as (
    update item set state = 1, token = %(token)s, worker_id = %(worker)s, attempt = attempt + 1,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    where id in (select id from few)
    returning id, workspace_id, job_id, lookup_id, want, subject, attempt
), head as (
    update lane_workspace h set vft = t.tag + (select count(*) from taken)::float8 / t.weight
    from turn t where h.lane = t.lane and h.workspace_id = t.workspace_id
), clock as (
    update lane l set v = greatest(l.v, t.tag) from turn t where l.name = t.lane
)
select * from taken order by id;

-- name: cases
-- The lookups behind claimed items, for the workspace entered.
-- ``settled``: who was already there when the same question, asked no less insistently, found nobody left to ask.
-- ``spent``: also what is set aside for answers that were lost, as long as nobody said to ask those again.
select l.id, l.job_id, l.contact_id, l.want, j.options, j.state as job_state,
       l.spent + (select coalesce(sum(c.reserved), 0)::bigint
                  from call_item c join asked a on a.workspace_id = c.workspace_id and a.contact_id = c.contact_id
                      and a.operation = c.operation and a.subject = c.subject and a.call_id = c.call_id
                  where c.workspace_id = l.workspace_id and c.job_id = l.job_id and c.lookup_id = l.id
                    and c.outcome = 'unknown' and a.outcome = 'unknown') as spent,
       array(select distinct unnest(p.offered)
             from lookup p join job q on q.id = p.job_id
             where p.workspace_id = l.workspace_id and p.contact_id = l.contact_id and p.id <> l.id
               and p.state = 'done' and p.finished_at > clock_timestamp() - interval '30 days' and p.want @> l.want
               and (q.options ->> 'min_confidence')::float8 >= (j.options ->> 'min_confidence')::float8
               and (q.options ->> 'max_price' is null
                    or (q.options ->> 'max_price')::bigint >= (j.options ->> 'max_price')::bigint)) as settled
from lookup l join job j on j.id = l.job_id
where l.workspace_id = current_workspace() and l.id = any(%(ids)s);

-- name: one_intent_at_a_time
-- Until this transaction ends nobody else commits to a call of this lane; taken before any job's account.
select pg_advisory_xact_lock(hashtextextended('headwater intent ' || %(lane)s, 0));

-- name: out_already
-- Of these questions those that are out already, for whatever job, and those that stand here a second time.
select q.item from (
    select item, contact_id, subject, row_number() over (partition by contact_id, subject order by item) as n
    from jsonb_to_recordset(%(rows)s) as r(item bigint, contact_id bigint, subject text)) q
where q.n > 1 or exists (
    select 1 from call_item c
    where c.workspace_id = current_workspace() and c.contact_id = q.contact_id and c.operation = %(operation)s
      and c.subject = q.subject and not c.applied);

-- name: open_call
-- The intent, committed before the request leaves.
insert into call (lane, vendor, operation, records, worker_id, token, lease_until)
values (%(lane)s, %(vendor)s, %(operation)s, %(records)s, %(worker)s, %(token)s,
        clock_timestamp() + make_interval(secs => %(lease)s))
returning id;

-- name: cancelled_cases
-- Of these lookups those that nobody wants any more.
select l.id from lookup l join job j on j.id = l.job_id
where l.workspace_id = current_workspace() and l.id = any(%(ids)s) and j.state = 'cancelled'
  and l.state in ('new', 'asking')
order by l.id;

-- name: jobs_of
-- The jobs of these lookups, in the order in which their accounts are locked.
select distinct job_id from lookup
where workspace_id = current_workspace() and id = any(%(lookups)s) order by job_id;

-- name: calls_of_claim
-- A call that was committed under a claim's token, if it was.
select id from call where token = %(token)s and state = 'intent';

-- name: add_call_items
-- For whom a call asks, in the order of its request.
insert into call_item (call_id, position, item_id, workspace_id, job_id, lookup_id, contact_id, operation, want, subject,
                       reserved)
select call.id, position, item_id, workspace_id, job_id, lookup_id, contact_id, call.vendor || '.' || call.operation,
       array(select jsonb_array_elements_text(want)), subject, reserved
from call, jsonb_to_recordset(%(rows)s) as r(position int, item_id bigint, workspace_id bigint, job_id bigint,
    lookup_id bigint, contact_id bigint, want jsonb, subject text, reserved bigint)
where call.id = %(call)s;

-- name: bind_items
-- The claimed items now belong to a call; as many rows as were claimed, or the claim was lost.
update item set call_id = %(call)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
where id = any(%(ids)s) and token = %(token)s and state = 1;

-- name: release_items
-- Items go back to the queue as they were: those of a claim, or those of a call that was taken over from its worker.
update item set state = case when state = 3 then 3 else 0 end, token = null, worker_id = null, lease_until = null,
    call_id = null, attempt = greatest(0, attempt - %(unspent)s),
    next_at = clock_timestamp() + make_interval(secs => %(after)s)
where id = any(%(ids)s) and (token = %(token)s or call_id = %(call)s);

-- name: store_answers
-- What came back, kept before anything is done with it; only by who still holds the call.
with mine as (
    update call set state = %(state)s, ticket = %(ticket)s, answered_at = clock_timestamp(), polls = polls + %(polled)s,
        poll_at = clock_timestamp() + make_interval(secs => %(after)s),
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    where id = %(call)s and token = %(token)s and state in ('intent', 'submitted') returning id
), answers as (
    update call_item c set outcome = r.outcome, units = r.units, answer = r.answer
    from jsonb_to_recordset(%(answers)s) as r(position int, outcome text, units bigint, answer jsonb), mine
    where c.call_id = mine.id and c.position = r.position and not c.applied
)
select id from mine;

-- name: due_calls
-- Calls that wait for a poll or, after a crash, for their stored answer to be applied; leased to this worker.
update call set token = %(token)s, worker_id = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
where id in (
    select c.id from call c
    where c.lane = any(%(lanes)s) and (
        (c.state = 'submitted' and c.poll_at <= clock_timestamp())
        or (c.state = 'answered' and c.answered_at < clock_timestamp() - interval '1 second'))
      and (c.lease_until is null or c.lease_until < clock_timestamp() or not exists (
               select 1 from worker w where w.id = c.worker_id and w.seen_at > clock_timestamp() - interval '10 seconds'))
    order by c.poll_at limit %(n)s for update of c skip locked)
returning id, lane, vendor, operation, state, ticket, polls,
    extract(epoch from clock_timestamp() - created_at)::float8 as age;

-- name: call_items
-- What a call asked and what was answered so far.
select c.*, i.token from call_item c left join item i on i.id = c.item_id
where c.call_id = %(call)s order by c.position;

-- name: next_poll
-- Poll a ticket again later, releasing the call.
update call set ticket = %(ticket)s, polls = polls + %(polled)s, lease_until = null, worker_id = null,
    poll_at = clock_timestamp() + make_interval(secs => %(after)s)
where id = %(call)s and token = %(token)s and state = 'submitted' returning id;

-- name: release_call
-- A call that waits for its next poll is held by nobody.
update call set lease_until = null, worker_id = null where id = %(call)s and token = %(token)s and state = 'submitted';

-- name: submitted_items
-- Items whose call was submitted wait without a lease.
update item set state = 2, lease_until = null where call_id = %(call)s and state = 1;

-- name: fence_call
-- The right to apply a call's answers: only while the token is still ours.
select id, state from call where id = %(call)s and token = %(token)s for update;

-- name: applied
-- These positions of a call are done with, by this outcome if none was heard; which were still open.
update call_item set applied = true, outcome = coalesce(outcome, %(outcome)s)
where call_id = %(call)s and position = any(%(positions)s) and not applied
returning position;

-- name: finish_items
-- The lane is done with these items: finished rows leave the hot table.
delete from item where id = any(%(ids)s);

-- name: attempts
-- How often these items were claimed.
select id, attempt from item where id = any(%(ids)s);

-- name: forget_items
-- Claimed items that nobody wants any more.
delete from item where id = any(%(ids)s) and token = %(token)s returning lookup_id, job_id;

-- name: out_of_money
-- What the job may still spend does not cover the next call: these lookups end with what is known.
update lookup set state = 'done', finished_at = clock_timestamp(),
    outcome = case when outcome is null then 'partial' else outcome end,
    trail = trail || '[{"stop": "the job may not spend what the next call could cost"}]'::jsonb
where workspace_id = current_workspace() and id = any(%(ids)s) and state = 'asking';

-- name: close_call
-- How a call ended, once every position is applied; unknown if nobody knows of one of them.
update call set lease_until = null, ticket = null,
    state = case when exists (select 1 from call_item where call_id = %(call)s and outcome = 'unknown')
                 then 'unknown' else %(state)s end,
    reason = coalesce(%(reason)s, reason)
where id = %(call)s and token = %(token)s
  and not exists (select 1 from call_item where call_id = %(call)s and not applied);

-- name: closed_lanes
-- Lanes that can not be planned with now.
select name from lane
where stop_reason is not null or failing_since < clock_timestamp() - interval '90 seconds';

-- name: note_lookups
-- What was spent on a lookup, and why it goes on or stops.
update lookup l set spent = l.spent + r.spent, trail = l.trail || r.trail,
    state = coalesce(r.state, l.state), outcome = coalesce(r.outcome, l.outcome),
    offered = case when r.offered is null then l.offered else array(select jsonb_array_elements_text(r.offered)) end,
    finished_at = case when r.state in ('done', 'cancelled') then clock_timestamp() else l.finished_at end
from jsonb_to_recordset(%(rows)s) as r(id bigint, spent bigint, trail jsonb, state text, outcome text, offered jsonb)
where l.workspace_id = current_workspace() and l.id = r.id and l.state <> 'cancelled';

-- name: new_worker
-- A worker signs in.
insert into worker default values returning id;

-- name: heartbeat
-- A worker is alive.
update worker set seen_at = clock_timestamp() where id = %(worker)s;

-- name: abandoned_items
-- Claimed, never part of a call, and their worker is gone or out of time: back to the queue.
-- What somebody has locked this moment is left for the next look: whoever stands still must not hold up those who work.
update item set state = 0, token = null, worker_id = null, lease_until = null, attempt = greatest(0, attempt - 1)
where id in (
    select i.id from item i where i.state = 1 and i.call_id is null and (i.lease_until < clock_timestamp() or not exists (
        select 1 from worker w where w.id = i.worker_id and w.seen_at > clock_timestamp() - interval '10 seconds'))
    for update skip locked)
returning id;

-- name: lost_calls
-- Requests that may have left before their worker died: nobody knows whether they were charged.
update call set token = %(token)s, worker_id = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
where id in (
    select c.id from call c where c.state = 'intent' and c.lane = any(%(lanes)s) and (c.lease_until < clock_timestamp() or not exists (
        select 1 from worker w where w.id = c.worker_id and w.seen_at > clock_timestamp() - interval '10 seconds'))
    order by c.id limit 100 for update skip locked)
returning id, lane, vendor, operation;

-- name: stranded_lookups
-- Lookups that are being asked although nothing waits for them in any lane; planned anew.
select l.id, l.workspace_id from lookup l
where l.workspace_id = current_workspace() and l.job_id = %(job)s and l.state in ('new', 'asking')
  and not exists (select 1 from item i where i.lookup_id = l.id)
order by l.id limit 500 for update skip locked;

-- name: work_left
-- Whether anything waits in these lanes.
select exists (select 1 from item where lane = any(%(lanes)s) and state <> 3)
    or exists (select 1 from call where lane = any(%(lanes)s) and state in ('intent', 'submitted', 'answered')) as left;

-- name: running_jobs
-- Jobs whose file is read, by workspace.
select workspace_id, array_agg(id) as jobs from job where state = 'running' group by workspace_id;

-- name: waiting_in
-- Items of stopped lanes: they must be planned anew without that vendor.
delete from item where id in (
    select id from item where lane = any(%(lanes)s) and state in (0, 3) limit 500 for update skip locked)
returning id, workspace_id, job_id, lookup_id, subject, lane;
