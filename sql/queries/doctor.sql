-- What a doctor looks at in a database; nothing is changed, and nobody is waited for.

-- name: settings
select name, setting from pg_settings
where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'default_transaction_read_only', 'data_directory',
    'session_replication_role');

-- name: standby
select pg_is_in_recovery();

-- name: clock
select clock_timestamp();

-- name: access
-- Which tables this user may not write to.
select c.relname from pg_class c join pg_namespace s on s.oid = c.relnamespace
where s.nspname = 'deep' and c.relkind = 'r' and c.relname = any (%(tables)s)
    and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
        and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))
order by c.relname;

-- name: triggers
select t.tgname, c.relname, t.tgenabled in ('O', 'A')
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace s on s.oid = c.relnamespace
where s.nspname = 'deep' and not t.tgisinternal;

-- name: rootless
-- A root is never deleted: where it is missing its table was emptied past the triggers.
select s.id::text from deep.spaces s
where s.id <> %(reserved)s and not exists (select from deep.links l where l.id = s.id) order by s.id limit 10;

-- name: idle
-- Who has a transaction open and does nothing: it may hold a space, and everybody who writes there waits.
select a.pid, coalesce(nullif(a.application_name, ''), 'no name'),
    extract(epoch from clock_timestamp() - a.state_change)::int,
    (select count(*) from pg_stat_activity w where a.pid = any (pg_blocking_pids(w.pid)))
from pg_stat_activity a
where a.datname = current_database() and a.pid <> pg_backend_pid() and a.state like 'idle in transaction%%'
    and a.state_change < clock_timestamp() - make_interval(secs => %(patience)s)
order by 3 desc limit 5;

-- name: connections
select (select count(*) from pg_stat_activity where backend_type = 'client backend'), current_setting('max_connections')::int;
