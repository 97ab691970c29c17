-- name: add_workspace
-- A workspace, made on first use.
insert into workspace (name, realm) values (%(name)s, %(realm)s) on conflict do nothing;

-- name: workspace
-- The workspace of this name.
select id, name, realm from workspace where name = %(name)s;
