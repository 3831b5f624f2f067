-- What a batch expects is that nobody else changed a link since change n. What its own client changed meanwhile is no surprise
-- to it, and it need not know which change was the last one of each link.
--
-- Refused: 22L04 stale; 22L10 expects.

drop function deep.expect(uuid, jsonb);

-- An array of {id, n}: a UUID, and a whole number that is not negative.
create function deep.check_expects(expects jsonb) returns void language plpgsql
set search_path = pg_catalog, deep
as $$
declare
    wrong bigint;
begin
    if jsonb_typeof(expects) <> 'array' then
        raise exception 'expects: it is no array; give an array of {id, n}, ids of links and numbers of the changes they were '
            'seen at'
            using errcode = '22L10', schema = 'deep', table = 'batches', column = 'expects';
    end if;
    select place into wrong from jsonb_array_elements(expects) with ordinality as given (e, place)
    where jsonb_typeof(e) <> 'object' or jsonb_typeof(e -> 'id') is distinct from 'string'
        or jsonb_typeof(e -> 'n') is distinct from 'number'
        or e ->> 'id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' or e ->> 'n' !~ '^[0-9]{1,18}$'
    order by place limit 1;
    if found then
        raise exception 'expects: number % of it is not {id, n}, the id of a link and the number of the change it was seen at',
            wrong using errcode = '22L10', schema = 'deep', table = 'batches', column = 'expects';
    end if;
end
$$;

-- Called with the space locked. Below its floor the log can't say, and above its newest change there is nothing to have seen.
create function deep.expect(space uuid, writer uuid, expects jsonb) returns void language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
as $$
declare
    stale record;
    kept bigint;
    head bigint := deep.newest(space);
begin
    select floor into kept from deep.spaces where id = space;
    execute 'select e.id, e.n as expected, c.n as actual from jsonb_to_recordset($2) as e (id uuid, n bigint)
        cross join lateral (
            select max(n) as n from deep.changes
            where _deep = $1 and id = e.id and n > e.n and client is distinct from $3
        ) c
        where c.n is not null or e.n < $4 or e.n > $5
        order by c.n nulls last, e.id limit 1' into stale using space, expects, writer, kept, head;
    if stale.actual is not null then
        raise exception 'stale: % was expected at change % and somebody else changed it since, at change %; '
            'read it again, then decide',
            stale.id, stale.expected, stale.actual using errcode = '22L04', schema = 'deep', table = 'batches';
    elsif stale.id is not null then
        raise exception 'stale: % was expected at change %, and the log goes from % to %; read it again, then decide',
            stale.id, stale.expected, kept, head using errcode = '22L04', schema = 'deep', table = 'batches';
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
        perform deep.check_expects(new.expects);
        perform deep.expect(new._deep, new.client, new.expects);
    end if;
    perform set_config('deeplinks.batch', concat_ws(' ', new._deep, new.client, new.seq), true);
    -- With the space locked nobody else buries a link there: while it has no dead, its rows need not be looked up one by one.
    perform from deep.tombstones where _deep = new._deep limit 1;
    perform set_config('deeplinks.clean', case when found then '' else new._deep::text end, true);
    return new;
end
$$;
