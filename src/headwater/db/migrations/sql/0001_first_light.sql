-- The first schema: who asks (workspaces), what they brought (jobs, rows), what is known (contacts, observations,
-- verdicts), what is being asked (lookups, items, calls, budgets) and what it cost (accounts, transfers).

create function current_workspace() returns bigint language sql stable as
$$ select nullif(current_setting('headwater.workspace', true), '')::bigint $$;

-- who -----------------------------------------------------------------------------------------------------------------

create table workspace (
    id bigint generated always as identity primary key,
    name text not null unique,
    realm text not null check (realm in ('live', 'sandbox')),  -- made-up answers never meet real ones
    weight integer not null default 1 check (weight > 0),
    created_at timestamptz not null default now()
);

-- what they brought -----------------------------------------------------------------------------------------------------

create table job (
    id bigint generated always as identity primary key,
    workspace_id bigint not null references workspace,
    state text not null default 'reading'
        check (state in ('reading', 'running', 'paused', 'cancelled', 'exporting', 'done', 'failed')),
    fingerprint text not null,             -- same file, same options, same output: the same command resumes the job
    source_path text not null,
    source_sha256 text not null,
    output_path text not null,
    headers text[] not null,
    options jsonb not null,
    round integer not null default 1,      -- a retried job is a new round of the same job
    rows_read integer not null default 0,  -- rows of the file already stored, accepted or rejected
    rows_expected integer,
    reason text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    unique (workspace_id, id)
);
create index job_unfinished on job (workspace_id, fingerprint) where state not in ('done', 'cancelled');

create table contact (
    id bigint generated always as identity primary key,
    workspace_id bigint not null references workspace,
    first_name text,
    middle_name text,
    last_name text,
    suffix text,
    nickname text,
    full_name text,
    company text,
    company_key text,
    domain text,
    country text,
    linkedin text,
    created_at timestamptz not null default now(),
    unique (workspace_id, id)
);

create index contact_employer on contact (workspace_id, company_key) where domain is not null;

create table contact_key (
    workspace_id bigint not null,
    key bigint not null,                   -- xxh3_64 of kind and value; a collision only proposes, the score decides
    contact_id bigint not null,
    primary key (workspace_id, key, contact_id),
    foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
);

create table intake_row (
    job_id bigint not null,
    line integer not null,
    workspace_id bigint not null,
    cells text[] not null,                 -- as in the file, exactly
    state text not null check (state in ('accepted', 'duplicate', 'rejected')),
    column_name text,
    reason text,
    notes jsonb,
    contact_id bigint,
    primary key (job_id, line),
    foreign key (workspace_id, job_id) references job (workspace_id, id) on delete cascade,
    foreign key (workspace_id, contact_id) references contact (workspace_id, id)
);

-- what is known ---------------------------------------------------------------------------------------------------------

create table observation (
    id bigint generated always as identity primary key,
    workspace_id bigint not null,
    contact_id bigint not null,
    field text not null,
    value text not null,
    source text not null,                  -- 'file', 'pattern', a vendor, 'cache:' and the vendor who found it
    status text,                           -- the source's own class
    reported real,                         -- the source's own confidence, 0 to 1
    confidence real not null,              -- ours: the probability that this value is right
    price bigint not null default 0,       -- micros
    basis text not null,
    detail jsonb,
    call_id bigint,
    job_id bigint,
    observed_at timestamptz not null,
    dropped_at timestamptz,                -- undo drops from view; nothing is edited
    foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
);
create index observation_contact on observation (workspace_id, contact_id, field);

create index observation_address on observation (workspace_id, value) where field = 'email';

create table verdict (
    id bigint generated always as identity primary key,
    workspace_id bigint not null,
    contact_id bigint not null,
    field text not null,
    value text not null,
    source text not null,                  -- 'headwater' for levels 1 to 3 and phones, or the vendor's operation
    status text not null,
    sub_status text not null,
    score integer not null,
    level text not null,
    detail jsonb,
    call_id bigint,
    checked_at timestamptz not null,
    foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
);
create index verdict_contact on verdict (workspace_id, contact_id, field);

-- which shape a domain's addresses have, learnt from people already known; additive counters
create table address_pattern (
    workspace_id bigint not null references workspace,
    domain text not null,
    pattern text not null,
    seen integer not null,
    primary key (workspace_id, domain, pattern)
);

-- what is being asked ---------------------------------------------------------------------------------------------------

create table lookup (
    id bigint generated always as identity primary key,
    workspace_id bigint not null,
    job_id bigint not null,
    contact_id bigint not null,
    want text[] not null,
    state text not null default 'new' check (state in ('new', 'asking', 'done', 'cancelled')),
    outcome text check (outcome in ('known', 'recalled', 'found', 'partial', 'none', 'forbidden')),
    recalled_from text check (recalled_from in ('history', 'cache')),
    spent bigint not null default 0,       -- micros, settled
    saved bigint not null default 0,       -- micros that recall kept us from paying
    trail jsonb not null default '[]',     -- why each vendor was asked and why it stopped
    offered text[],                        -- who could be asked when nobody was left to ask
    finished_at timestamptz,
    unique (job_id, contact_id),
    unique (workspace_id, job_id, id),     -- what items refer to: a foreign key looks past row-level security
    foreign key (workspace_id, job_id) references job (workspace_id, id) on delete cascade,
    foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
);
create index lookup_contact on lookup (workspace_id, contact_id);
create index lookup_open on lookup (job_id) where state in ('new', 'asking');

-- what was asked about a contact, whatever the job: nobody is asked the same thing twice
create table asked (
    workspace_id bigint not null,
    contact_id bigint not null,
    operation text not null,               -- vendor.operation
    subject text not null default '',      -- the address, for a verification
    fields text[] not null,
    outcome text not null check (outcome in ('hit', 'miss', 'refused', 'forbidden', 'unknown', 'failed')),
    call_id bigint,
    at timestamptz not null default now(),
    primary key (workspace_id, contact_id, operation, subject),
    foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
);

create table worker (
    id bigint generated always as identity primary key,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
);

create table lane (
    name text primary key,                 -- realm:vendor:operation
    v double precision not null default 0, -- virtual time: the start tag of the last head served
    paused_until timestamptz,
    failing_since timestamptz,
    failures integer not null default 0,
    stop_reason text
);

create table lane_workspace (
    lane text not null references lane,
    workspace_id bigint not null references workspace,
    vft double precision not null default 0,
    primary key (lane, workspace_id)
);

create table call (
    id bigint generated always as identity primary key,
    lane text not null references lane,
    vendor text not null,
    operation text not null,
    state text not null default 'intent'
        check (state in ('intent', 'submitted', 'answered', 'applied', 'failed', 'unknown')),
    records integer not null,
    reason text,
    ticket jsonb,
    poll_at timestamptz,
    polls integer not null default 0,
    worker_id bigint,
    token uuid,
    lease_until timestamptz,
    created_at timestamptz not null default now(),
    answered_at timestamptz
);
create index call_open on call (state, lane) where state in ('intent', 'submitted', 'answered');

create table item (
    id bigint generated always as identity primary key,
    lane text not null references lane,
    workspace_id bigint not null,
    job_id bigint not null,
    lookup_id bigint not null,
    want text[] not null,
    subject text not null default '',
    state smallint not null default 0,     -- 0 ready, 1 leased, 2 submitted, 3 held (its job is paused)
    attempt smallint not null default 0,
    next_at timestamptz not null default now(),
    call_id bigint references call,
    worker_id bigint,
    token uuid,
    lease_until timestamptz,
    foreign key (workspace_id, job_id, lookup_id) references lookup (workspace_id, job_id, id) on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.02);
create index item_ready on item (lane, workspace_id, next_at, id) where state = 0;
create index item_leased on item (lease_until) where state = 1;
create index item_job on item (job_id);
create unique index item_lookup on item (lookup_id);  -- a lookup asks one thing at a time

create table call_item (
    call_id bigint not null references call on delete cascade,
    position integer not null,
    item_id bigint not null,
    workspace_id bigint not null,
    job_id bigint not null,
    lookup_id bigint not null,
    contact_id bigint not null,
    operation text not null,               -- vendor.operation, as in asked
    want text[] not null,
    subject text not null default '',
    reserved bigint not null,              -- micros
    units bigint,                          -- thousandths of a credit, once known
    outcome text,
    answer jsonb,
    applied boolean not null default false,
    primary key (call_id, position),
    foreign key (workspace_id, job_id, lookup_id) references lookup (workspace_id, job_id, id) on delete cascade,
    foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
);
create index call_item_job on call_item (workspace_id, job_id, lookup_id);
-- one question about one person is out once, whoever asks it
create unique index call_item_out on call_item (workspace_id, contact_id, operation, subject) where not applied;

-- one row per limit of a vendor's endpoint family: GCRA, the database's clock
create table budget (
    family text not null,                  -- realm:vendor:family
    seconds integer not null,
    gap double precision not null,         -- seconds between two calls at the allowed rate
    burst double precision not null,       -- calls that may come at once
    tat double precision not null default 0,
    taken bigint not null default 0,
    primary key (family, seconds)
);

-- Take one call from every window of a family, or nothing: returns 0, or the seconds to wait.
create function budget_take(wanted text) returns double precision language plpgsql as $$
declare
    clock double precision;
    wait double precision;
begin
    perform 1 from budget where family = wanted order by seconds for update;
    clock := extract(epoch from clock_timestamp());
    select coalesce(max(greatest(tat, clock) + gap - clock - burst * gap), 0) into wait
        from budget where family = wanted;
    if wait > 1e-9 then
        return wait;
    end if;
    update budget set tat = greatest(tat, clock) + gap, taken = taken + 1 where family = wanted;
    return 0;
end $$;

-- what it cost ----------------------------------------------------------------------------------------------------------

create table account (
    id bigint generated always as identity primary key,
    workspace_id bigint not null references workspace,
    name text not null,                    -- funding, job:N, held:N, vendor:NAME, unknown:NAME, cache
    overdraft boolean not null,            -- only the source of funds may go below zero
    balance bigint not null default 0,     -- the sum of its transfers, kept by trigger
    unique (workspace_id, name),
    unique (workspace_id, id),
    constraint account_not_negative check (overdraft or balance >= 0),
    constraint account_overdraft check (overdraft = (name = 'funding'))
);

create table transfer (
    id bigint generated always as identity primary key,
    workspace_id bigint not null,
    key text not null,                     -- posting one key twice is refused
    debit bigint not null,                 -- the account it leaves
    credit bigint not null,                -- the account it enters
    amount bigint not null check (amount > 0),
    kind text not null check (kind in ('authorise', 'reserve', 'settle', 'release', 'lose', 'reconcile', 'return')),
    job_id bigint,
    call_id bigint,
    at timestamptz not null default now(),
    unique (workspace_id, key),
    check (debit <> credit),
    foreign key (workspace_id, debit) references account (workspace_id, id),
    foreign key (workspace_id, credit) references account (workspace_id, id)
);
create index transfer_job on transfer (workspace_id, job_id);

create function keep_balances() returns trigger language plpgsql security definer set search_path = headwater, pg_temp as $$
begin
    -- locks are taken in the order of the accounts, so that two postings can not wait for each other; not "for update",
    -- which would wait for the key-share locks that the foreign keys of every other posting hold on its accounts
    perform 1 from account where id in (select debit from posted union select credit from posted)
        order by id for no key update;
    update account set balance = balance + change.amount
    from (select id, sum(amount) as amount
          from (select debit as id, -amount as amount from posted
                union all select credit, amount from posted) legs
          group by id) change
    where account.id = change.id;
    return null;
end $$;
create trigger transfer_posted after insert on transfer
    referencing new table as posted for each statement execute function keep_balances();

-- What an account of the caller's workspace holds, kept still until the transaction ends; callers may not update it.
create function locked_balance(account_name text) returns bigint
    language sql security definer set search_path = headwater, pg_temp as
$$ select balance from account where workspace_id = current_workspace() and name = account_name for no key update $$;

create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'the ledger is append-only'; end $$;
create trigger transfer_is_final before update or delete or truncate on transfer
    for each statement execute function refuse_change();

-- the shared cache: no tenant's rows; keyed hashes and encrypted values only ---------------------------------------------

create table cache_entry (
    key bytea not null,                    -- HMAC-SHA-256 of realm and exact fingerprint
    field text not null,
    value bytea not null,                  -- AES-GCM
    source text not null,
    status text,
    confidence real not null,
    price bigint not null,                 -- micros: the normal price of this value
    flags jsonb not null default '{}',
    obtained_at timestamptz not null,
    expires_at timestamptz not null,
    times_used integer not null default 0,
    saved bigint not null default 0,
    primary key (key, field)
);

-- who may see what ------------------------------------------------------------------------------------------------------

do $$
declare name text;
begin
    foreach name in array array['job', 'contact', 'contact_key', 'intake_row', 'observation', 'verdict',
                                'address_pattern', 'lookup', 'asked', 'item', 'call_item', 'account', 'transfer',
                                'lane_workspace'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy own_workspace on %I using (workspace_id = current_workspace())', name);
    end loop;
    -- a worker serves every workspace's queue; for contacts, observations and money it enters one workspace at a time
    foreach name in array array['job', 'item', 'call_item', 'lane_workspace'] loop
        execute format('create policy any_queue on %I to headwater_worker using (true)', name);
    end loop;
end $$;

-- the owner keeps balances inside the trigger whatever the caller's workspace
create policy balance_keeper on account to headwater_owner using (true);
create policy balance_reader on transfer for select to headwater_owner using (true);

grant usage on schema headwater to headwater_app, headwater_worker;
grant select, insert, update, delete on all tables in schema headwater to headwater_app, headwater_worker;
revoke update, delete, truncate on transfer from headwater_app, headwater_worker;
revoke update, delete, truncate on workspace from headwater_app, headwater_worker;
revoke insert, update, delete, truncate on alembic_version from headwater_app, headwater_worker;
revoke insert, update, delete, truncate on account from headwater_app, headwater_worker;
grant insert (workspace_id, name, overdraft) on account to headwater_app, headwater_worker;  -- a balance is only moved
grant usage on all sequences in schema headwater to headwater_app, headwater_worker;
