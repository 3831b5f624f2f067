-- What carries the synchronisation: spaces, the log of every change, the batches applied, the dead.
--
-- Within a space the numbers n have no gaps, and their order is the order of commits and of visibility: a writer takes
-- max(n) + 1 while it holds the row of the space, and holds that until it has committed. A batch locks first, before any
-- link; other writers lock at the end of their first statement.
--
-- What is refused says so in its first word, and in its SQLSTATE where that arrives: 23505 on batches_pkey already applied,
-- or already withdrawn; 22L01 withdrawn; 22L02 checksum; 22L03 gap; 22L04 stale; 22L05 fixed; 22L06 append only, floor,
-- last batch, truncate; 22L07 dead; 22L08 twice.

create table deep.spaces (
    id uuid not null,
    name text,
    version bigint not null default 0,
    floor bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint spaces_pkey primary key (id),
    constraint spaces_name_key unique (name)
);

create table deep.changes (
    _deep uuid not null,
    n bigint not null,
    tx bigint not null,
    tag bigint not null,
    "table" text not null,
    operation text not null,
    id uuid not null,
    before jsonb,
    after jsonb,
    client uuid,
    seq bigint,
    actor text,
    at timestamptz not null default now(),
    constraint changes_pkey primary key (_deep, n)
);
-- The version of an association is the n of its last change.
create index changes_id on deep.changes (_deep, id, n);

create table deep.batches (
    _deep uuid not null,
    client uuid not null,
    seq bigint not null,
    checksum text not null,
    withdrawn boolean not null default false,
    expects jsonb,
    at timestamptz not null default now(),
    constraint batches_pkey primary key (_deep, client, seq)
);

-- A delete is final for its id: kept for ever, also when the log is pruned.
create table deep.tombstones (
    _deep uuid not null,
    id uuid not null,
    constraint tombstones_pkey primary key (_deep, id)
);

-- Plans are made once and kept as long as a connection lives, and they must not learn from small tables: a scan, or a sort,
-- that was cheap over ten rows is a disaster over a million. Hence the planner settings of the functions below, hence look-ups
-- as scalar subqueries (each row goes through the index, whatever the planner hopes), and hence `execute` where it is rare.

-- The number of the last change of a space. Call it with the space locked.
create function deep.newest(space uuid) returns bigint language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
set enable_sort = off
as $$
declare
    last bigint;
begin
    select n into last from deep.changes where _deep = space order by n desc limit 1;
    if not found then
        -- All of it was pruned: go on above the floor, or followers would meet numbers they know.
        select floor into last from deep.spaces where id = space;
    end if;
    return coalesce(last, 0);
end
$$;

-- Lock the spaces, in the order of their ids, until the transaction ends; make those that are not there.
create function deep.claim(wanted uuid[]) returns void language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
as $$
declare
    claimed bigint;
begin
    perform from deep.spaces where id = any (wanted) order by id for no key update;
    get diagnostics claimed = row_count;
    if claimed < cardinality(wanted) then
        insert into deep.spaces (id) select one from unnest(wanted) one order by one
            on conflict on constraint spaces_pkey do nothing;
        perform from deep.spaces where id = any (wanted) order by id for no key update;
    end if;
end
$$;

-- An id has one datum: rows of that id in the other data tables go, and the log hears of it before it hears of the new one.
-- Called with the spaces locked, so that two writers cannot both miss the other's row.
create function deep.one_datum(kept text, spaces uuid[], ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
as $$
declare
    twice uuid[] := array(
        select o.id from unnest(spaces, ids) as o (space, id)
        where kept <> 'strings' and (select true from deep.strings d where d._deep = o.space and d.id = o.id)
            or kept <> 'numbers' and (select true from deep.numbers d where d._deep = o.space and d.id = o.id)
            or kept <> 'functions' and (select true from deep.functions d where d._deep = o.space and d.id = o.id)
            or kept <> 'objects' and (select true from deep.objects d where d._deep = o.space and d.id = o.id)
    );
    other text;
    left_over bigint;
begin
    if twice = '{}' then
        return;
    end if;
    foreach other in array array_remove(array['strings', 'numbers', 'functions', 'objects'], kept) loop
        execute format('delete from deep.%I where _deep = any ($1) and id = any ($2)', other) using spaces, twice;
    end loop;
    execute format('select count(*) from deep.%I where _deep = any ($1) and id = any ($2)', kept)
        into left_over using spaces, twice;
    if left_over < cardinality(twice) then
        raise exception 'twice: one statement gives % data of two kinds; give one', twice[1]
            using errcode = '22L08', schema = 'deep', table = kept;
    end if;
end
$$;

-- The batch of the running transaction as {space, client, seq}; null when there is none.
create function deep.batch() returns text[] language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    -- Empty, not null, once a transaction that had set it is over.
    return string_to_array(nullif(current_setting('deeplinks.batch', true), ''), ' ');
end
$$;

-- Write entries, in the order given, each space with numbers of its own. Called with the spaces locked.
create function deep.note(
    source text, verb text, touched uuid[], spaces uuid[], ids uuid[], befores jsonb[], afters jsonb[]
) returns void language plpgsql
set search_path = pg_catalog, deep
as $$
declare
    batch text[] := deep.batch();
    -- The same for a whole statement; its odds are those of the random source, not of a seed that a session may set.
    mark bigint := ('x' || left(gen_random_uuid()::text, 8) || right(gen_random_uuid()::text, 8))::bit(64)::bigint
        & 9223372036854775807;
    author text := nullif(current_setting('deeplinks.actor', true), '');
    tx bigint := pg_current_xact_id()::text::bigint;
    head bigint;
begin
    if cardinality(touched) = 1 then
        head := deep.newest(touched[1]);
        if batch[1]::uuid is distinct from touched[1] then
            batch := null;
        end if;
        insert into deep.changes (_deep, n, tx, tag, "table", operation, id, before, after, client, seq, actor)
        select touched[1], head + place, tx, mark, source, verb, one, before, after, batch[2]::uuid, batch[3]::bigint, author
        from unnest(ids, befores, afters) with ordinality as rows (one, before, after, place);
        return;
    end if;
    insert into deep.changes (_deep, n, tx, tag, "table", operation, id, before, after, client, seq, actor)
    select space, heads.n + row_number() over (partition by space order by place), tx, mark, source, verb, one, before, after,
        case when space = batch[1]::uuid then batch[2]::uuid end,
        case when space = batch[1]::uuid then batch[3]::bigint end, author
    from unnest(spaces, ids, befores, afters) with ordinality as rows (space, one, before, after, place)
    join (select each as space, deep.newest(each) as n from unnest(touched) each) heads using (space);
end
$$;

-- PostgreSQL checks the reference of data to its link, and cascades, by plans of its own, which no setting here reaches: made
-- while a table is known to be small they read all of it for every row, until autovacuum comes by. So a table that has left
-- its known size behind is looked at once; beyond it plans are right for good. A table never looked at is taken for large.
create function deep.outgrow(grown regclass) returns void language plpgsql
set search_path = pg_catalog, deep
as $$
declare
    block bigint := current_setting('block_size')::bigint;
begin
    perform from pg_class c
    where c.oid = grown and c.reltuples >= 0 and c.relpages < 32 and pg_relation_size(grown) >= 64 * block
        and pg_has_role(c.relowner, 'usage');
    if found then
        execute format('analyze (skip_locked) %s', grown);
    end if;
end
$$;

-- The log of one statement. Its rows are read into arrays, a slice at a time (an array holds 1 GB), before they are written.
create function deep.capture() returns trigger language plpgsql
set search_path = pg_catalog, deep
set timezone = 'UTC'
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    slice constant int := 50000;
    read bigint := 0;
    touched uuid[];
    spaces uuid[];
    ids uuid[];
    old_ids uuid[];
    befores jsonb[];
    afters jsonb[];
begin
    if tg_op = 'DELETE' then
        touched := array(select distinct _deep from old_rows);
    else
        touched := array(select distinct _deep from new_rows);
    end if;
    if touched = '{}' then
        return null;
    end if;
    perform deep.claim(touched);
    loop
        if tg_op <> 'INSERT' then
            select array_agg(o._deep), array_agg(o.id), array_agg(to_jsonb(o)) into spaces, old_ids, befores
            from (select * from old_rows offset read limit slice) o;
            ids := old_ids;
        end if;
        if tg_op <> 'DELETE' then
            select array_agg(o._deep), array_agg(o.id), array_agg(to_jsonb(o)) into spaces, ids, afters
            from (select * from new_rows offset read limit slice) o;
        end if;
        exit when ids is null;
        if tg_op = 'UPDATE' and ids <> old_ids then
            raise exception 'capture: the rows before and after an update of deep.% came in different orders', tg_table_name
                using errcode = '22000';
        end if;
        if tg_table_name = 'numbers' then
            -- As text: a JSON parser would cut digits.
            befores := array(select jsonb_set(o, '{_data}', to_jsonb(o ->> '_data')) from unnest(befores) o);
            afters := array(select jsonb_set(o, '{_data}', to_jsonb(o ->> '_data')) from unnest(afters) o);
        end if;
        if tg_op = 'INSERT' and touched::text[] is distinct from (deep.batch())[1:1] then
            perform deep.refuse_dead(spaces, ids);
        end if;
        if tg_op = 'INSERT' and tg_table_name <> 'links' then
            perform deep.one_datum(tg_table_name, spaces, ids);
        end if;
        if tg_op = 'DELETE' and tg_table_name = 'links' then
            perform set_config('deeplinks.clean', '', true);
            insert into deep.tombstones (_deep, id) select * from unnest(spaces, ids)
                on conflict on constraint tombstones_pkey do nothing;
        end if;
        perform deep.note(tg_table_name, lower(tg_op), touched, spaces, ids, befores, afters);
        exit when cardinality(ids) < slice;
        read := read + slice;
    end loop;
    if tg_op = 'INSERT' and cardinality(ids) > random() * 100 then
        perform deep.outgrow(tg_relid);
    end if;
    return null;
end
$$;

-- A link that was deleted never comes back, nor does data for it: the row is skipped, and missing in `returning`.
create function deep.skip_dead() returns trigger language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
as $$
begin
    perform from deep.tombstones where _deep = new._deep and id = new.id;
    if found then
        return null;
    end if;
    return new;
end
$$;

-- A writer without a batch looks for the dead before it holds the space, and may have missed one.
create function deep.refuse_dead(spaces uuid[], ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
as $$
declare
    dead uuid;
begin
    select o.id into dead from unnest(spaces, ids) as o (space, id)
    where (select true from deep.tombstones d where d._deep = o.space and d.id = o.id) limit 1;
    if found then
        raise exception 'dead: link % was deleted while this was written, and a delete is final; '
            'leave it out and try again', dead
            using errcode = '22L07', schema = 'deep', table = 'tombstones';
    end if;
end
$$;

create function deep.plant_root() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    insert into deep.links (_deep, id) values (new.id, new.id) on conflict on constraint links_pkey do nothing;
    return null;
end
$$;

create function deep.refuse_floor() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    raise exception 'floor: space % is new and has no log, so its floor is 0 and not %; leave the floor out', new.id, new.floor
        using errcode = '22L06', schema = 'deep', table = 'spaces', column = 'floor';
end
$$;

create function deep.guard_space() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    if new.floor < old.floor or new.floor > deep.newest(old.id) then
        raise exception 'floor: % is not between the floor % of space % and its newest change %; '
            'the floor only rises, up to the newest',
            new.floor, old.floor, old.id, deep.newest(old.id)
            using errcode = '22L06', schema = 'deep', table = 'spaces', column = 'floor';
    end if;
    return new;
end
$$;

create function deep.refuse_rewriting() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    raise exception 'append only: entries of deep.% are never changed; write a new change instead', tg_table_name
        using errcode = '22L06', schema = 'deep', table = tg_table_name;
end
$$;

create function deep.guard_prune() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
declare
    space uuid;
    pruned bigint;
    kept bigint;
begin
    select o._deep, o.n, s.floor into space, pruned, kept
    from (select _deep, max(n) as n from old_rows group by _deep) o join deep.spaces s on s.id = o._deep
    where o.n > s.floor limit 1;
    if found then
        raise exception 'append only: entry % of space % is above its floor %; raise the floor first', pruned, space, kept
            using errcode = '22L06', schema = 'deep', table = 'changes';
    end if;
    return null;
end
$$;

-- Exactly once, in order. A client's first batch in a space has seq 1 and every next one the next seq; the last one of each
-- client is kept for ever, so a batch older than what is remembered is known as such.
create function deep.admit() returns trigger language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
declare
    known record;
    last bigint;
begin
    if new._deep is null or new.client is null or new.seq is null or new.checksum is null then
        return new;  -- the columns say so themselves
    end if;
    perform deep.claim(array[new._deep]);
    select checksum, withdrawn into known from deep.batches
    where _deep = new._deep and client = new.client and seq = new.seq;
    if found then
        perform deep.answer_known(new.client, new.seq, known.withdrawn, new.withdrawn, known.checksum = new.checksum);
    end if;
    select seq into last from deep.batches where _deep = new._deep and client = new.client order by seq desc limit 1;
    if new.seq <> coalesce(last, 0) + 1 then
        raise exception 'gap: batch % of client % does not follow batch % in space %; '
            'send % first, or write under a new client',
            new.seq, new.client, coalesce(last, 0), new._deep, coalesce(last, 0) + 1
            using errcode = '22L03', schema = 'deep', table = 'batches';
    end if;
    if new.withdrawn then
        return new;
    end if;
    if jsonb_typeof(new.expects) <> 'null' then
        perform deep.expect(new._deep, new.expects);
    end if;
    perform set_config('deeplinks.batch', concat_ws(' ', new._deep, new.client, new.seq), true);
    -- With the space locked nobody else buries a link there: while it has no dead, its rows need not be looked up one by one.
    perform from deep.tombstones where _deep = new._deep limit 1;
    perform set_config('deeplinks.clean', case when found then '' else new._deep::text end, true);
    return new;
end
$$;

-- Each id is still where its writer saw it: its last change in the log is n; 0 when the log remembers none.
create function deep.expect(space uuid, expects jsonb) returns void language plpgsql
set search_path = pg_catalog, deep
as $$
declare
    stale record;
begin
    execute 'select e.id, e.n as expected, c.n as actual from jsonb_to_recordset($2) as e (id uuid, n bigint)
        cross join lateral (select coalesce(max(n), 0) as n from deep.changes where _deep = $1 and id = e.id) c
        where c.n is distinct from e.n limit 1' into stale using space, expects;
    if stale.actual is not null then
        raise exception 'stale: % was expected at change % and is at change %; read it again, then decide',
            stale.id, stale.expected, stale.actual using errcode = '22L04', schema = 'deep', table = 'batches';
    end if;
end
$$;

-- What a batch hears whose (client, seq) is taken.
create function deep.answer_known(client uuid, seq bigint, was_withdrawn boolean, is_withdrawn boolean, same boolean)
returns void language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    if not same then
        raise exception 'checksum: batch % of client % was sent before with other content; '
            'two writers share one identity, so take a new client',
            seq, client using errcode = '22L02', schema = 'deep', table = 'batches';
    end if;
    if was_withdrawn and not is_withdrawn then
        raise exception 'withdrawn: batch % of client % was withdrawn and is not applied; its content goes under new numbers',
            seq, client using errcode = '22L01', schema = 'deep', table = 'batches';
    end if;
    raise exception '%: batch % of client %',
        case when was_withdrawn then 'already withdrawn' else 'already applied' end, seq, client
        using errcode = '23505', schema = 'deep', table = 'batches', constraint = 'batches_pkey';
end
$$;

create function deep.keep_last_batch() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    if exists (
        select from (select _deep, client, max(seq) as seq from old_rows group by _deep, client) o
        where not exists (select from deep.batches b where b._deep = o._deep and b.client = o.client and b.seq > o.seq)
    ) then
        raise exception 'last batch: the last batch of a client is kept, or an old copy of it could be applied again; '
            'delete older ones only'
            using errcode = '22L06', schema = 'deep', table = 'batches';
    end if;
    return null;
end
$$;

-- Rows that are there already, the built-ins among them, have their space and no entries: the log starts here.
insert into deep.spaces (id) select distinct _deep from deep.links;

create trigger links_skip before insert on deep.links for each row
    when (new._deep::text is distinct from current_setting('deeplinks.clean', true)) execute function deep.skip_dead();
create trigger strings_skip before insert on deep.strings for each row
    when (new._deep::text is distinct from current_setting('deeplinks.clean', true)) execute function deep.skip_dead();
create trigger numbers_skip before insert on deep.numbers for each row
    when (new._deep::text is distinct from current_setting('deeplinks.clean', true)) execute function deep.skip_dead();
create trigger functions_skip before insert on deep.functions for each row
    when (new._deep::text is distinct from current_setting('deeplinks.clean', true)) execute function deep.skip_dead();
create trigger objects_skip before insert on deep.objects for each row
    when (new._deep::text is distinct from current_setting('deeplinks.clean', true)) execute function deep.skip_dead();

create trigger links_log_insert after insert on deep.links
    referencing new table as new_rows for each statement execute function deep.capture();
create trigger links_log_update after update on deep.links
    referencing old table as old_rows new table as new_rows for each statement execute function deep.capture();
create trigger links_log_delete after delete on deep.links
    referencing old table as old_rows for each statement execute function deep.capture();

create trigger strings_log_insert after insert on deep.strings
    referencing new table as new_rows for each statement execute function deep.capture();
create trigger strings_log_update after update on deep.strings
    referencing old table as old_rows new table as new_rows for each statement execute function deep.capture();
create trigger strings_log_delete after delete on deep.strings
    referencing old table as old_rows for each statement execute function deep.capture();

create trigger numbers_log_insert after insert on deep.numbers
    referencing new table as new_rows for each statement execute function deep.capture();
create trigger numbers_log_update after update on deep.numbers
    referencing old table as old_rows new table as new_rows for each statement execute function deep.capture();
create trigger numbers_log_delete after delete on deep.numbers
    referencing old table as old_rows for each statement execute function deep.capture();

create trigger functions_log_insert after insert on deep.functions
    referencing new table as new_rows for each statement execute function deep.capture();
create trigger functions_log_update after update on deep.functions
    referencing old table as old_rows new table as new_rows for each statement execute function deep.capture();
create trigger functions_log_delete after delete on deep.functions
    referencing old table as old_rows for each statement execute function deep.capture();

create trigger objects_log_insert after insert on deep.objects
    referencing new table as new_rows for each statement execute function deep.capture();
create trigger objects_log_update after update on deep.objects
    referencing old table as old_rows new table as new_rows for each statement execute function deep.capture();
create trigger objects_log_delete after delete on deep.objects
    referencing old table as old_rows for each statement execute function deep.capture();

create trigger spaces_fixed before update on deep.spaces for each row
    when (old.id is distinct from new.id or old.created_at is distinct from new.created_at)
    execute function deep.refuse_fixed();
create trigger spaces_guard before update on deep.spaces for each row
    when (old.floor is distinct from new.floor) execute function deep.guard_space();
create trigger spaces_start before insert on deep.spaces for each row
    when (new.floor <> 0) execute function deep.refuse_floor();
create trigger spaces_root after insert on deep.spaces for each row execute function deep.plant_root();
create trigger spaces_touch before update on deep.spaces for each row execute function deep.touch();
create trigger spaces_truncate before truncate on deep.spaces for each statement execute function deep.refuse_truncate();

create trigger changes_rewrite before update on deep.changes for each statement execute function deep.refuse_rewriting();
create trigger changes_prune after delete on deep.changes
    referencing old table as old_rows for each statement execute function deep.guard_prune();
create trigger changes_truncate before truncate on deep.changes for each statement execute function deep.refuse_truncate();

create trigger batches_admit before insert on deep.batches for each row execute function deep.admit();
create trigger batches_rewrite before update on deep.batches for each statement execute function deep.refuse_rewriting();
create trigger batches_last after delete on deep.batches
    referencing old table as old_rows for each statement execute function deep.keep_last_batch();
create trigger batches_truncate before truncate on deep.batches for each statement execute function deep.refuse_truncate();

create trigger tombstones_truncate before truncate on deep.tombstones
    for each statement execute function deep.refuse_truncate();
