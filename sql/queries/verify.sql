-- The tables of one space ($space) against a replay of its log. Each statement gives (what, table, id, n, logged, found), and
-- how many there are in all; %(most)s of them are shown. The reserved space ($reserved) began before the log did.

-- name: spaces
-- Those too that nobody but their rows knows of.
select id::text from (select id from deep.spaces union select _deep from deep.links) known
where %(space)s::uuid is null or id = %(space)s::uuid order by id;

-- name: head
select floor,
    coalesce((select max(n) from deep.changes where _deep = %(space)s), floor),
    (select count(*) from deep.changes where _deep = %(space)s and n > floor),
    (select count(*) from deep.links where _deep = %(space)s) + (select count(*) from deep.strings where _deep = %(space)s)
        + (select count(*) from deep.numbers where _deep = %(space)s)
        + (select count(*) from deep.functions where _deep = %(space)s)
        + (select count(*) from deep.objects where _deep = %(space)s)
from (select coalesce((select floor from deep.spaces where id = %(space)s), 0) as floor) known;

-- name: gaps
-- Numbers have no gaps above the floor.
select 'gap', null, null, n, to_jsonb(expected), null, count(*) over ()
from (
    select c.n, coalesce(lag(c.n) over (order by c.n), s.floor) + 1 as expected
    from deep.changes c join deep.spaces s on s.id = c._deep where c._deep = %(space)s and c.n > s.floor
) numbered
where n <> expected order by n limit %(most)s;

-- name: chain
-- Each entry begins where the one before it of the same row ended; the first one of a row makes it, unless it was pruned.
select 'broken', "table", id::text, n, previous, before, count(*) over ()
from (
    select c.*, s.floor, lag(c.after) over one as previous, row_number() over one as place
    from deep.changes c join deep.spaces s on s.id = c._deep where c._deep = %(space)s and c.n > s.floor
    window one as (partition by c."table", c.id order by c.n)
) entries
where before is distinct from previous and (place > 1 or (floor = 0 and _deep <> %(reserved)s))
order by n limit %(most)s;

-- name: rows
-- What the last entry of a row left is what the table has.
with last as (
    select distinct on (c."table", c.id) c."table", c.id, c.n, c.after
    from deep.changes c join deep.spaces s on s.id = c._deep where c._deep = %(space)s and c.n > s.floor
    order by c."table", c.id, c.n desc
),
there as (
    select 'links' as "table", id, to_jsonb(r) as found from deep.links r where _deep = %(space)s
    union all select 'strings', id, to_jsonb(r) from deep.strings r where _deep = %(space)s
    union all select 'numbers', id, jsonb_set(to_jsonb(r), '{_data}', to_jsonb(_data::text))
        from deep.numbers r where _deep = %(space)s
    union all select 'functions', id, to_jsonb(r) from deep.functions r where _deep = %(space)s
    union all select 'objects', id, to_jsonb(r) from deep.objects r where _deep = %(space)s
)
select case when found is null then 'missing' when after is null then 'unlogged' else 'different' end,
    "table", id::text, n, after, found, count(*) over ()
from last full join there using ("table", id)
where after is distinct from found
    -- Of what has no entry nothing can be said where entries were pruned, or where the log began later.
    and (n is not null or (coalesce((select floor = 0 from deep.spaces where id = %(space)s), true) and %(space)s <> %(reserved)s))
order by "table", id limit %(most)s;

-- name: unchecked
select (select count(*) from (
    select 'links' as "table", id from deep.links where _deep = %(space)s
    union all select 'strings', id from deep.strings where _deep = %(space)s
    union all select 'numbers', id from deep.numbers where _deep = %(space)s
    union all select 'functions', id from deep.functions where _deep = %(space)s
    union all select 'objects', id from deep.objects where _deep = %(space)s
    except
    select c."table", c.id from deep.changes c join deep.spaces s on s.id = c._deep
    where c._deep = %(space)s and c.n > s.floor
) rows) where exists (select from deep.spaces where id = %(space)s and (floor > 0 or id = %(reserved)s));

-- name: dead
-- What was deleted is remembered as dead, and what is dead is not there.
select *, count(*) over () from (
    select 'alive' as what, 'links' as "table", id::text as id, null::bigint as n, null::jsonb as logged,
        to_jsonb(r) as found
    from deep.links r
    where _deep = %(space)s and exists (select from deep.tombstones d where d._deep = r._deep and d.id = r.id)
    union all
    select 'unburied', 'links', c.id::text, c.n, c.before, null
    from deep.changes c join deep.spaces s on s.id = c._deep
    where c._deep = %(space)s and c.n > s.floor and c."table" = 'links' and c.operation = 'delete'
        and not exists (select from deep.tombstones d where d._deep = c._deep and d.id = c.id)
) found order by what, id limit %(most)s;
