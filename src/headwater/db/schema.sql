-- Made by scripts/dump_schema.py from the migrations; change those and run it again.

CREATE SCHEMA headwater;

ALTER SCHEMA headwater OWNER TO headwater_owner;

CREATE FUNCTION headwater.budget_take(wanted text) RETURNS double precision
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION headwater.budget_take(wanted text) OWNER TO headwater_owner;

CREATE FUNCTION headwater.current_workspace() RETURNS bigint
    LANGUAGE sql STABLE
    AS $$ select nullif(current_setting('headwater.workspace', true), '')::bigint $$;

ALTER FUNCTION headwater.current_workspace() OWNER TO headwater_owner;

CREATE FUNCTION headwater.keep_balances() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'headwater', 'pg_temp'
    AS $$
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

ALTER FUNCTION headwater.keep_balances() OWNER TO headwater_owner;

CREATE FUNCTION headwater.locked_balance(account_name text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'headwater', 'pg_temp'
    AS $$ select balance from account where workspace_id = current_workspace() and name = account_name for no key update $$;

ALTER FUNCTION headwater.locked_balance(account_name text) OWNER TO headwater_owner;

CREATE FUNCTION headwater.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ begin raise exception 'the ledger is append-only'; end $$;

ALTER FUNCTION headwater.refuse_change() OWNER TO headwater_owner;

CREATE TABLE headwater.account (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL,
    overdraft boolean NOT NULL,
    balance bigint DEFAULT 0 NOT NULL,
    CONSTRAINT account_not_negative CHECK ((overdraft OR (balance >= 0))),
    CONSTRAINT account_overdraft CHECK ((overdraft = (name = 'funding'::text)))
);

ALTER TABLE ONLY headwater.account FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.account OWNER TO headwater_owner;

ALTER TABLE headwater.account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.address_pattern (
    workspace_id bigint NOT NULL,
    domain text NOT NULL,
    pattern text NOT NULL,
    seen integer NOT NULL
);

ALTER TABLE ONLY headwater.address_pattern FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.address_pattern OWNER TO headwater_owner;

CREATE TABLE headwater.alembic_version (
    version_num character varying(32) NOT NULL
);

ALTER TABLE headwater.alembic_version OWNER TO headwater_owner;

CREATE TABLE headwater.asked (
    workspace_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    operation text NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    fields text[] NOT NULL,
    outcome text NOT NULL,
    call_id bigint,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT asked_outcome_check CHECK ((outcome = ANY (ARRAY['hit'::text, 'miss'::text, 'refused'::text, 'forbidden'::text, 'unknown'::text, 'failed'::text])))
);

ALTER TABLE ONLY headwater.asked FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.asked OWNER TO headwater_owner;

CREATE TABLE headwater.budget (
    family text NOT NULL,
    seconds integer NOT NULL,
    gap double precision NOT NULL,
    burst double precision NOT NULL,
    tat double precision DEFAULT 0 NOT NULL,
    taken bigint DEFAULT 0 NOT NULL
);

ALTER TABLE headwater.budget OWNER TO headwater_owner;

CREATE TABLE headwater.cache_entry (
    key bytea NOT NULL,
    field text NOT NULL,
    value bytea NOT NULL,
    source text NOT NULL,
    status text,
    confidence real NOT NULL,
    price bigint NOT NULL,
    flags jsonb DEFAULT '{}'::jsonb NOT NULL,
    obtained_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    times_used integer DEFAULT 0 NOT NULL,
    saved bigint DEFAULT 0 NOT NULL
);

ALTER TABLE headwater.cache_entry OWNER TO headwater_owner;

CREATE TABLE headwater.call (
    id bigint NOT NULL,
    lane text NOT NULL,
    vendor text NOT NULL,
    operation text NOT NULL,
    state text DEFAULT 'intent'::text NOT NULL,
    records integer NOT NULL,
    reason text,
    ticket jsonb,
    poll_at timestamp with time zone,
    polls integer DEFAULT 0 NOT NULL,
    worker_id bigint,
    token uuid,
    lease_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    answered_at timestamp with time zone,
    CONSTRAINT call_state_check CHECK ((state = ANY (ARRAY['intent'::text, 'submitted'::text, 'answered'::text, 'applied'::text, 'failed'::text, 'unknown'::text])))
);

ALTER TABLE headwater.call OWNER TO headwater_owner;

ALTER TABLE headwater.call ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.call_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.call_item (
    call_id bigint NOT NULL,
    "position" integer NOT NULL,
    item_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    job_id bigint NOT NULL,
    lookup_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    operation text NOT NULL,
    want text[] NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    reserved bigint NOT NULL,
    units bigint,
    outcome text,
    answer jsonb,
    applied boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY headwater.call_item FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.call_item OWNER TO headwater_owner;

CREATE TABLE headwater.contact (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
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
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY headwater.contact FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.contact OWNER TO headwater_owner;

ALTER TABLE headwater.contact ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.contact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.contact_key (
    workspace_id bigint NOT NULL,
    key bigint NOT NULL,
    contact_id bigint NOT NULL
);

ALTER TABLE ONLY headwater.contact_key FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.contact_key OWNER TO headwater_owner;

CREATE TABLE headwater.intake_row (
    job_id bigint NOT NULL,
    line integer NOT NULL,
    workspace_id bigint NOT NULL,
    cells text[] NOT NULL,
    state text NOT NULL,
    column_name text,
    reason text,
    notes jsonb,
    contact_id bigint,
    CONSTRAINT intake_row_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'duplicate'::text, 'rejected'::text])))
);

ALTER TABLE ONLY headwater.intake_row FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.intake_row OWNER TO headwater_owner;

CREATE TABLE headwater.item (
    id bigint NOT NULL,
    lane text NOT NULL,
    workspace_id bigint NOT NULL,
    job_id bigint NOT NULL,
    lookup_id bigint NOT NULL,
    want text[] NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    state smallint DEFAULT 0 NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    call_id bigint,
    worker_id bigint,
    token uuid,
    lease_until timestamp with time zone
)
WITH (autovacuum_vacuum_scale_factor='0.02');

ALTER TABLE ONLY headwater.item FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.item OWNER TO headwater_owner;

ALTER TABLE headwater.item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.job (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    state text DEFAULT 'reading'::text NOT NULL,
    fingerprint text NOT NULL,
    source_path text NOT NULL,
    source_sha256 text NOT NULL,
    output_path text NOT NULL,
    headers text[] NOT NULL,
    options jsonb NOT NULL,
    round integer DEFAULT 1 NOT NULL,
    rows_read integer DEFAULT 0 NOT NULL,
    rows_expected integer,
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['reading'::text, 'running'::text, 'paused'::text, 'cancelled'::text, 'exporting'::text, 'done'::text, 'failed'::text])))
);

ALTER TABLE ONLY headwater.job FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.job OWNER TO headwater_owner;

ALTER TABLE headwater.job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.lane (
    name text NOT NULL,
    v double precision DEFAULT 0 NOT NULL,
    paused_until timestamp with time zone,
    failing_since timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    stop_reason text
);

ALTER TABLE headwater.lane OWNER TO headwater_owner;

CREATE TABLE headwater.lane_workspace (
    lane text NOT NULL,
    workspace_id bigint NOT NULL,
    vft double precision DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY headwater.lane_workspace FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.lane_workspace OWNER TO headwater_owner;

CREATE TABLE headwater.lookup (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    job_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    want text[] NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    outcome text,
    recalled_from text,
    spent bigint DEFAULT 0 NOT NULL,
    saved bigint DEFAULT 0 NOT NULL,
    trail jsonb DEFAULT '[]'::jsonb NOT NULL,
    offered text[],
    finished_at timestamp with time zone,
    CONSTRAINT lookup_outcome_check CHECK ((outcome = ANY (ARRAY['known'::text, 'recalled'::text, 'found'::text, 'partial'::text, 'none'::text, 'forbidden'::text]))),
    CONSTRAINT lookup_recalled_from_check CHECK ((recalled_from = ANY (ARRAY['history'::text, 'cache'::text]))),
    CONSTRAINT lookup_state_check CHECK ((state = ANY (ARRAY['new'::text, 'asking'::text, 'done'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY headwater.lookup FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.lookup OWNER TO headwater_owner;

ALTER TABLE headwater.lookup ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.lookup_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.mail_domain (
    realm text NOT NULL,
    domain text NOT NULL,
    hosts text[] NOT NULL,
    catch_all boolean NOT NULL,
    known_until timestamp with time zone NOT NULL
);

ALTER TABLE headwater.mail_domain OWNER TO headwater_owner;

CREATE TABLE headwater.mailbox_recheck (
    workspace_id bigint NOT NULL,
    address text NOT NULL,
    deferrals integer NOT NULL,
    due_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY headwater.mailbox_recheck FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.mailbox_recheck OWNER TO headwater_owner;

CREATE TABLE headwater.observation (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    field text NOT NULL,
    value text NOT NULL,
    source text NOT NULL,
    status text,
    reported real,
    confidence real NOT NULL,
    price bigint DEFAULT 0 NOT NULL,
    basis text NOT NULL,
    detail jsonb,
    call_id bigint,
    job_id bigint,
    observed_at timestamp with time zone NOT NULL,
    dropped_at timestamp with time zone
);

ALTER TABLE ONLY headwater.observation FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.observation OWNER TO headwater_owner;

ALTER TABLE headwater.observation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.observation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.transfer (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    key text NOT NULL,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    amount bigint NOT NULL,
    kind text NOT NULL,
    job_id bigint,
    call_id bigint,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT transfer_amount_check CHECK ((amount > 0)),
    CONSTRAINT transfer_check CHECK ((debit <> credit)),
    CONSTRAINT transfer_kind_check CHECK ((kind = ANY (ARRAY['authorise'::text, 'reserve'::text, 'settle'::text, 'release'::text, 'lose'::text, 'reconcile'::text, 'return'::text])))
);

ALTER TABLE ONLY headwater.transfer FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.transfer OWNER TO headwater_owner;

ALTER TABLE headwater.transfer ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.transfer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.verdict (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    field text NOT NULL,
    value text NOT NULL,
    source text NOT NULL,
    status text NOT NULL,
    sub_status text NOT NULL,
    score integer NOT NULL,
    level text NOT NULL,
    detail jsonb,
    call_id bigint,
    checked_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY headwater.verdict FORCE ROW LEVEL SECURITY;

ALTER TABLE headwater.verdict OWNER TO headwater_owner;

ALTER TABLE headwater.verdict ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.verdict_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.worker (
    id bigint NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE headwater.worker OWNER TO headwater_owner;

ALTER TABLE headwater.worker ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.worker_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE headwater.workspace (
    id bigint NOT NULL,
    name text NOT NULL,
    realm text NOT NULL,
    weight integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workspace_realm_check CHECK ((realm = ANY (ARRAY['live'::text, 'sandbox'::text]))),
    CONSTRAINT workspace_weight_check CHECK ((weight > 0))
);

ALTER TABLE headwater.workspace OWNER TO headwater_owner;

ALTER TABLE headwater.workspace ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME headwater.workspace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY headwater.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.account
    ADD CONSTRAINT account_workspace_id_id_key UNIQUE (workspace_id, id);

ALTER TABLE ONLY headwater.account
    ADD CONSTRAINT account_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY headwater.address_pattern
    ADD CONSTRAINT address_pattern_pkey PRIMARY KEY (workspace_id, domain, pattern);

ALTER TABLE ONLY headwater.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY headwater.asked
    ADD CONSTRAINT asked_pkey PRIMARY KEY (workspace_id, contact_id, operation, subject);

ALTER TABLE ONLY headwater.budget
    ADD CONSTRAINT budget_pkey PRIMARY KEY (family, seconds);

ALTER TABLE ONLY headwater.cache_entry
    ADD CONSTRAINT cache_entry_pkey PRIMARY KEY (key, field);

ALTER TABLE ONLY headwater.call_item
    ADD CONSTRAINT call_item_pkey PRIMARY KEY (call_id, "position");

ALTER TABLE ONLY headwater.call
    ADD CONSTRAINT call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.contact_key
    ADD CONSTRAINT contact_key_pkey PRIMARY KEY (workspace_id, key, contact_id);

ALTER TABLE ONLY headwater.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.contact
    ADD CONSTRAINT contact_workspace_id_id_key UNIQUE (workspace_id, id);

ALTER TABLE ONLY headwater.intake_row
    ADD CONSTRAINT intake_row_pkey PRIMARY KEY (job_id, line);

ALTER TABLE ONLY headwater.item
    ADD CONSTRAINT item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.job
    ADD CONSTRAINT job_workspace_id_id_key UNIQUE (workspace_id, id);

ALTER TABLE ONLY headwater.lane
    ADD CONSTRAINT lane_pkey PRIMARY KEY (name);

ALTER TABLE ONLY headwater.lane_workspace
    ADD CONSTRAINT lane_workspace_pkey PRIMARY KEY (lane, workspace_id);

ALTER TABLE ONLY headwater.lookup
    ADD CONSTRAINT lookup_job_id_contact_id_key UNIQUE (job_id, contact_id);

ALTER TABLE ONLY headwater.lookup
    ADD CONSTRAINT lookup_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.lookup
    ADD CONSTRAINT lookup_workspace_id_job_id_id_key UNIQUE (workspace_id, job_id, id);

ALTER TABLE ONLY headwater.mail_domain
    ADD CONSTRAINT mail_domain_pkey PRIMARY KEY (realm, domain, hosts);

ALTER TABLE ONLY headwater.mailbox_recheck
    ADD CONSTRAINT mailbox_recheck_pkey PRIMARY KEY (workspace_id, address);

ALTER TABLE ONLY headwater.observation
    ADD CONSTRAINT observation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.transfer
    ADD CONSTRAINT transfer_workspace_id_key_key UNIQUE (workspace_id, key);

ALTER TABLE ONLY headwater.verdict
    ADD CONSTRAINT verdict_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (id);

ALTER TABLE ONLY headwater.workspace
    ADD CONSTRAINT workspace_name_key UNIQUE (name);

ALTER TABLE ONLY headwater.workspace
    ADD CONSTRAINT workspace_pkey PRIMARY KEY (id);

CREATE INDEX call_item_job ON headwater.call_item USING btree (workspace_id, job_id, lookup_id);

CREATE UNIQUE INDEX call_item_out ON headwater.call_item USING btree (workspace_id, contact_id, operation, subject) WHERE (NOT applied);

CREATE INDEX call_open ON headwater.call USING btree (state, lane) WHERE (state = ANY (ARRAY['intent'::text, 'submitted'::text, 'answered'::text]));

CREATE INDEX contact_employer ON headwater.contact USING btree (workspace_id, company_key) WHERE (domain IS NOT NULL);

CREATE INDEX item_job ON headwater.item USING btree (job_id);

CREATE INDEX item_leased ON headwater.item USING btree (lease_until) WHERE (state = 1);

CREATE UNIQUE INDEX item_lookup ON headwater.item USING btree (lookup_id);

CREATE INDEX item_ready ON headwater.item USING btree (lane, workspace_id, next_at, id) WHERE (state = 0);

CREATE INDEX job_unfinished ON headwater.job USING btree (workspace_id, fingerprint) WHERE (state <> ALL (ARRAY['done'::text, 'cancelled'::text]));

CREATE INDEX lookup_contact ON headwater.lookup USING btree (workspace_id, contact_id);

CREATE INDEX lookup_open ON headwater.lookup USING btree (job_id) WHERE (state = ANY (ARRAY['new'::text, 'asking'::text]));

CREATE INDEX mailbox_recheck_due ON headwater.mailbox_recheck USING btree (due_at);

CREATE INDEX observation_address ON headwater.observation USING btree (workspace_id, value) WHERE (field = 'email'::text);

CREATE INDEX observation_contact ON headwater.observation USING btree (workspace_id, contact_id, field);

CREATE INDEX transfer_job ON headwater.transfer USING btree (workspace_id, job_id);

CREATE INDEX verdict_contact ON headwater.verdict USING btree (workspace_id, contact_id, field);

CREATE TRIGGER transfer_is_final BEFORE DELETE OR UPDATE OR TRUNCATE ON headwater.transfer FOR EACH STATEMENT EXECUTE FUNCTION headwater.refuse_change();

CREATE TRIGGER transfer_posted AFTER INSERT ON headwater.transfer REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION headwater.keep_balances();

ALTER TABLE ONLY headwater.account
    ADD CONSTRAINT account_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES headwater.workspace(id);

ALTER TABLE ONLY headwater.address_pattern
    ADD CONSTRAINT address_pattern_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES headwater.workspace(id);

ALTER TABLE ONLY headwater.asked
    ADD CONSTRAINT asked_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES headwater.contact(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.call_item
    ADD CONSTRAINT call_item_call_id_fkey FOREIGN KEY (call_id) REFERENCES headwater.call(id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.call_item
    ADD CONSTRAINT call_item_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES headwater.contact(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.call_item
    ADD CONSTRAINT call_item_workspace_id_job_id_lookup_id_fkey FOREIGN KEY (workspace_id, job_id, lookup_id) REFERENCES headwater.lookup(workspace_id, job_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.call
    ADD CONSTRAINT call_lane_fkey FOREIGN KEY (lane) REFERENCES headwater.lane(name);

ALTER TABLE ONLY headwater.contact_key
    ADD CONSTRAINT contact_key_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES headwater.contact(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.contact
    ADD CONSTRAINT contact_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES headwater.workspace(id);

ALTER TABLE ONLY headwater.intake_row
    ADD CONSTRAINT intake_row_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES headwater.contact(workspace_id, id);

ALTER TABLE ONLY headwater.intake_row
    ADD CONSTRAINT intake_row_workspace_id_job_id_fkey FOREIGN KEY (workspace_id, job_id) REFERENCES headwater.job(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.item
    ADD CONSTRAINT item_call_id_fkey FOREIGN KEY (call_id) REFERENCES headwater.call(id);

ALTER TABLE ONLY headwater.item
    ADD CONSTRAINT item_lane_fkey FOREIGN KEY (lane) REFERENCES headwater.lane(name);

ALTER TABLE ONLY headwater.item
    ADD CONSTRAINT item_workspace_id_job_id_lookup_id_fkey FOREIGN KEY (workspace_id, job_id, lookup_id) REFERENCES headwater.lookup(workspace_id, job_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.job
    ADD CONSTRAINT job_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES headwater.workspace(id);

ALTER TABLE ONLY headwater.lane_workspace
    ADD CONSTRAINT lane_workspace_lane_fkey FOREIGN KEY (lane) REFERENCES headwater.lane(name);

ALTER TABLE ONLY headwater.lane_workspace
    ADD CONSTRAINT lane_workspace_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES headwater.workspace(id);

ALTER TABLE ONLY headwater.lookup
    ADD CONSTRAINT lookup_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES headwater.contact(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.lookup
    ADD CONSTRAINT lookup_workspace_id_job_id_fkey FOREIGN KEY (workspace_id, job_id) REFERENCES headwater.job(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.mailbox_recheck
    ADD CONSTRAINT mailbox_recheck_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES headwater.workspace(id);

ALTER TABLE ONLY headwater.observation
    ADD CONSTRAINT observation_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES headwater.contact(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY headwater.transfer
    ADD CONSTRAINT transfer_workspace_id_credit_fkey FOREIGN KEY (workspace_id, credit) REFERENCES headwater.account(workspace_id, id);

ALTER TABLE ONLY headwater.transfer
    ADD CONSTRAINT transfer_workspace_id_debit_fkey FOREIGN KEY (workspace_id, debit) REFERENCES headwater.account(workspace_id, id);

ALTER TABLE ONLY headwater.verdict
    ADD CONSTRAINT verdict_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES headwater.contact(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE headwater.account ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.address_pattern ENABLE ROW LEVEL SECURITY;

CREATE POLICY any_queue ON headwater.call_item TO headwater_worker USING (true);

CREATE POLICY any_queue ON headwater.item TO headwater_worker USING (true);

CREATE POLICY any_queue ON headwater.job TO headwater_worker USING (true);

CREATE POLICY any_queue ON headwater.lane_workspace TO headwater_worker USING (true);

CREATE POLICY any_queue ON headwater.mailbox_recheck TO headwater_worker USING (true);

ALTER TABLE headwater.asked ENABLE ROW LEVEL SECURITY;

CREATE POLICY balance_keeper ON headwater.account TO headwater_owner USING (true);

CREATE POLICY balance_reader ON headwater.transfer FOR SELECT TO headwater_owner USING (true);

ALTER TABLE headwater.call_item ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.contact ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.contact_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.intake_row ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.item ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.job ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.lane_workspace ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.lookup ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.mailbox_recheck ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.observation ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_workspace ON headwater.account USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.address_pattern USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.asked USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.call_item USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.contact USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.contact_key USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.intake_row USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.item USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.job USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.lane_workspace USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.lookup USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.mailbox_recheck USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.observation USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.transfer USING ((workspace_id = headwater.current_workspace()));

CREATE POLICY own_workspace ON headwater.verdict USING ((workspace_id = headwater.current_workspace()));

ALTER TABLE headwater.transfer ENABLE ROW LEVEL SECURITY;

ALTER TABLE headwater.verdict ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA headwater TO headwater_app;
GRANT USAGE ON SCHEMA headwater TO headwater_worker;

GRANT SELECT ON TABLE headwater.account TO headwater_app;
GRANT SELECT ON TABLE headwater.account TO headwater_worker;

GRANT INSERT(workspace_id) ON TABLE headwater.account TO headwater_app;
GRANT INSERT(workspace_id) ON TABLE headwater.account TO headwater_worker;

GRANT INSERT(name) ON TABLE headwater.account TO headwater_app;
GRANT INSERT(name) ON TABLE headwater.account TO headwater_worker;

GRANT INSERT(overdraft) ON TABLE headwater.account TO headwater_app;
GRANT INSERT(overdraft) ON TABLE headwater.account TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.account_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.account_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.address_pattern TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.address_pattern TO headwater_worker;

GRANT SELECT ON TABLE headwater.alembic_version TO headwater_app;
GRANT SELECT ON TABLE headwater.alembic_version TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.asked TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.asked TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.budget TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.budget TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.cache_entry TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.cache_entry TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.call TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.call TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.call_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.call_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.call_item TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.call_item TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.contact TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.contact TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.contact_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.contact_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.contact_key TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.contact_key TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.intake_row TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.intake_row TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.item TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.item TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.item_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.item_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.job TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.job TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.job_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.job_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.lane TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.lane TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.lane_workspace TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.lane_workspace TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.lookup TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.lookup TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.lookup_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.lookup_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.mail_domain TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.mail_domain TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.mailbox_recheck TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.mailbox_recheck TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.observation TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.observation TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.observation_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.observation_id_seq TO headwater_worker;

GRANT SELECT,INSERT ON TABLE headwater.transfer TO headwater_app;
GRANT SELECT,INSERT ON TABLE headwater.transfer TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.transfer_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.transfer_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.verdict TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.verdict TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.verdict_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.verdict_id_seq TO headwater_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.worker TO headwater_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE headwater.worker TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.worker_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.worker_id_seq TO headwater_worker;

GRANT SELECT,INSERT ON TABLE headwater.workspace TO headwater_app;
GRANT SELECT,INSERT ON TABLE headwater.workspace TO headwater_worker;

GRANT USAGE ON SEQUENCE headwater.workspace_id_seq TO headwater_app;
GRANT USAGE ON SEQUENCE headwater.workspace_id_seq TO headwater_worker;
