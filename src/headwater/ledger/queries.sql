-- name: open_account
-- The account of this name, made on first use.
insert into account (workspace_id, name, overdraft) values (current_workspace(), %(name)s, %(overdraft)s)
on conflict (workspace_id, name) do nothing;

-- name: account_id
-- Which account has this name.
select id from account where workspace_id = current_workspace() and name = %(name)s;

-- name: balance
-- What an account holds.
select balance from account where workspace_id = current_workspace() and name = %(name)s;

-- name: lock_balance
-- What an account holds, kept still until this transaction ends.
select coalesce(locked_balance(%(name)s), 0) as balance;

-- name: post
-- Move money between accounts; a key that was posted before is refused by the database.
insert into transfer (workspace_id, key, debit, credit, amount, kind, job_id, call_id)
select current_workspace(), key, debit, credit, amount, kind, job, call
from jsonb_to_recordset(%(rows)s) as r(key text, debit bigint, credit bigint, amount bigint, kind text, job bigint,
                                       call bigint);

-- name: balances
-- Every account of the workspace with what it holds.
select name, balance from account where workspace_id = current_workspace() order by name;

-- name: spend_of_job
-- What a job paid, by vendor account.
select a.name, sum(t.amount)::bigint as amount
from transfer t join account a on a.id = t.credit
where t.workspace_id = current_workspace() and t.job_id = %(job)s and t.kind in ('settle', 'lose')
group by a.name order by a.name;

-- name: last_return
-- What a job gave back at the end of its last round; a round that spent all posted none.
select case kind when 'return' then amount else 0 end as amount from transfer
where workspace_id = current_workspace() and job_id = %(job)s and kind in ('authorise', 'return')
order by id desc limit 1;
