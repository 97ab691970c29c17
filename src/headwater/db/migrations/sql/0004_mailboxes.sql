-- Level 4 of the verification: addresses whose mail server wants to be asked again later, and domains that take every
-- name.

create table mailbox_recheck (
    workspace_id bigint not null references workspace,
    address text not null,
    deferrals integer not null,            -- how often the server put us off; decides how long to wait
    due_at timestamptz not null,
    primary key (workspace_id, address)
);
create index mailbox_recheck_due on mailbox_recheck (due_at);

alter table mailbox_recheck enable row level security;
alter table mailbox_recheck force row level security;
create policy own_workspace on mailbox_recheck using (workspace_id = current_workspace());
create policy any_queue on mailbox_recheck to headwater_worker using (true);

-- nobody's rows: how mail hosts treat names is the same for all who ask
create table mail_domain (
    realm text not null,                   -- the sandbox plays domains that exist
    domain text not null,
    hosts text[] not null,                 -- sorted; other hosts, other habits
    catch_all boolean not null,
    known_until timestamptz not null,
    primary key (realm, domain, hosts)
);

grant select, insert, update, delete on mailbox_recheck, mail_domain to headwater_app, headwater_worker;
