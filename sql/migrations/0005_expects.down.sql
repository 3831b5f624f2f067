-- As it was in 0002: the last change of each link by whomever.

drop function deep.expect(uuid, uuid, jsonb);
drop function deep.check_expects(jsonb);

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

create or replace function deep.admit() returns trigger language plpgsql
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
