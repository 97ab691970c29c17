grant usage on schema procrastinate to headwater_app, headwater_worker;
grant select, insert, update, delete on all tables in schema procrastinate to headwater_app, headwater_worker;
grant usage on all sequences in schema procrastinate to headwater_app, headwater_worker;
grant execute on all functions in schema procrastinate to headwater_app, headwater_worker;
