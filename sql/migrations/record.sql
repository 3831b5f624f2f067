-- The record of the migrations applied to a database, kept by deeplinks/storage/migrations.py.

-- name: make
do $$ begin
    if to_regnamespace('deep') is null then
        create schema deep;
    end if;
end $$;
create table if not exists deep.migrations (
    id int not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    ms bigint not null,
    constraint migrations_pkey primary key (id)
);

-- name: there
select to_regclass('deep.migrations') is not null;

-- name: list
select id, name, checksum, applied_at from deep.migrations order by id;

-- name: note
insert into deep.migrations (id, name, checksum, ms) values (%s, %s, %s, %s);

-- name: forget
delete from deep.migrations where id = %s;

-- name: lock
-- One at a time: the others wait as long as `lock_timeout` says. The key spells "deeplink".
select pg_advisory_lock(x'646565706c696e6b'::bigint);

-- name: patience
select set_config('lock_timeout', %s, false);
