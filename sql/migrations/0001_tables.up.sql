-- The five tables that hold a graph, what keeps their columns true, and the built-in types.
-- `deeplinks/tables.py` declares the same; a test holds the two together.

-- Asked for only where it is missing: a database may have it from an administrator, and let us make no other.
do $$ begin
    if to_regnamespace('deep') is null then
        create schema deep;
    end if;
end $$;

-- The order of creation, over all spaces. For people; never a cursor: numbers are drawn before they are committed.
create sequence deep.links_i as bigint;

-- No foreign keys between links: a reference may arrive before its target, or outlive it.
create table deep.links (
    id uuid not null default gen_random_uuid(),
    _deep uuid not null,
    _i bigint not null default nextval('deep.links_i'),
    _type uuid,
    _from uuid,
    _to uuid,
    _value uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint links_pkey primary key (id),
    constraint links_space_key unique (_deep, id)
);
alter sequence deep.links_i owned by deep.links._i;

create index links_type on deep.links (_type);
create index links_from on deep.links (_from);
create index links_to on deep.links (_to);
create index links_value on deep.links (_value);
create index links_order on deep.links (_deep, _i, id);

create table deep.strings (
    id uuid not null,
    _deep uuid not null,
    _data text collate "C" not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint strings_pkey primary key (id),
    constraint strings_link_fkey foreign key (_deep, id) references deep.links (_deep, id) on delete cascade
);
create index strings_space on deep.strings (_deep, id);

create table deep.numbers (
    id uuid not null,
    _deep uuid not null,
    _data numeric not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint numbers_pkey primary key (id),
    constraint numbers_link_fkey foreign key (_deep, id) references deep.links (_deep, id) on delete cascade
);
create index numbers_space on deep.numbers (_deep, id);

create table deep.functions (
    id uuid not null,
    _deep uuid not null,
    _data jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint functions_pkey primary key (id),
    constraint functions_link_fkey foreign key (_deep, id) references deep.links (_deep, id) on delete cascade
);
create index functions_space on deep.functions (_deep, id);

create table deep.objects (
    id uuid not null,
    _deep uuid not null,
    _data jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint objects_pkey primary key (id),
    constraint objects_link_fkey foreign key (_deep, id) references deep.links (_deep, id) on delete cascade
);
create index objects_space on deep.objects (_deep, id);

-- What is true of every trigger function here: SQLSTATE class 22 or 23, for Hasura hides the text of P0001; and
-- triggers of one table and event fire in the order of their names.

create function deep.refuse_fixed() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    raise exception 'fixed: deep.% % keeps its id, created_at, _deep and _i for ever; '
        'leave them out of the update, or make a new row',
        tg_table_name, old.id
        using errcode = '22L05', schema = 'deep', table = tg_table_name;
end
$$;

create function deep.refuse_truncate() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    raise exception 'truncate: deep.% is never truncated, for nobody would hear of it; delete its rows instead',
        tg_table_name
        using errcode = '22L06', schema = 'deep', table = tg_table_name;
end
$$;

-- The clock is read here and not when the transaction began: a writer may have waited long for its space, and what is
-- committed later should not look older. Never backwards, whatever the clock does.
create function deep.touch() returns trigger language plpgsql
as $$
begin
    new.updated_at := greatest(old.updated_at, pg_catalog.clock_timestamp());
    return new;
end
$$;

-- A client that does not know of spaces gives the id alone.
create function deep.fill_space() returns trigger language plpgsql
set search_path = pg_catalog, deep
set enable_seqscan = off
as $$
begin
    select _deep into new._deep from deep.links where id = new.id;
    if not found then
        raise exception 'no link: deep.% holds data of links, and there is no link %; insert the link first',
            tg_table_name, new.id
            using errcode = '23503', schema = 'deep', table = tg_table_name, constraint = tg_table_name || '_link_fkey';
    end if;
    return new;
end
$$;

-- A `_i` that a client chose lifts the sequence, so that what is created later comes later. Small steps are drawn one by
-- one, which cannot lower it under writers who draw at the same time; a jump is set, by one at a time.
create function deep.lift_order() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
declare
    given bigint;
    last bigint;
begin
    select max(_i) into given from new_rows;
    select last_value - case when is_called then 0 else 1 end into last from deep.links_i;
    if given is null or given <= last then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtext('deep.links_i'));
    select last_value - case when is_called then 0 else 1 end into last from deep.links_i;
    if given - last > 1000 then
        perform setval('deep.links_i', given);
        return null;
    end if;
    while last < given loop
        last := nextval('deep.links_i');
    end loop;
    return null;
end
$$;

-- Its name puts it behind the triggers of the log: who lifts holds its space by then, and does not wait for one.
create trigger links_order after insert on deep.links
    referencing new table as new_rows for each statement execute function deep.lift_order();

create trigger links_fixed before update on deep.links for each row
    when (old.id is distinct from new.id or old._deep is distinct from new._deep or old._i is distinct from new._i
        or old.created_at is distinct from new.created_at)
    execute function deep.refuse_fixed();
create trigger strings_fixed before update on deep.strings for each row
    when (old.id is distinct from new.id or old._deep is distinct from new._deep
        or old.created_at is distinct from new.created_at)
    execute function deep.refuse_fixed();
create trigger numbers_fixed before update on deep.numbers for each row
    when (old.id is distinct from new.id or old._deep is distinct from new._deep
        or old.created_at is distinct from new.created_at)
    execute function deep.refuse_fixed();
create trigger functions_fixed before update on deep.functions for each row
    when (old.id is distinct from new.id or old._deep is distinct from new._deep
        or old.created_at is distinct from new.created_at)
    execute function deep.refuse_fixed();
create trigger objects_fixed before update on deep.objects for each row
    when (old.id is distinct from new.id or old._deep is distinct from new._deep
        or old.created_at is distinct from new.created_at)
    execute function deep.refuse_fixed();

create trigger links_touch before update on deep.links for each row execute function deep.touch();
create trigger strings_touch before update on deep.strings for each row execute function deep.touch();
create trigger numbers_touch before update on deep.numbers for each row execute function deep.touch();
create trigger functions_touch before update on deep.functions for each row execute function deep.touch();
create trigger objects_touch before update on deep.objects for each row execute function deep.touch();

create trigger strings_fill before insert on deep.strings for each row
    when (new._deep is null) execute function deep.fill_space();
create trigger numbers_fill before insert on deep.numbers for each row
    when (new._deep is null) execute function deep.fill_space();
create trigger functions_fill before insert on deep.functions for each row
    when (new._deep is null) execute function deep.fill_space();
create trigger objects_fill before insert on deep.objects for each row
    when (new._deep is null) execute function deep.fill_space();

create function deep.refuse_delete() returns trigger language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    raise exception 'permanent: link % is the root of its space or a built-in type, and is never deleted; leave it out of the delete', old.id
        using errcode = '22L09', schema = 'deep', table = 'links';
end
$$;

create trigger links_permanent before delete on deep.links for each row
    when (old.id = old._deep or old._deep = '333f3f38-98ba-59b5-bf2e-cf045cb5fad8') execute function deep.refuse_delete();

create trigger links_truncate before truncate on deep.links for each statement execute function deep.refuse_truncate();
create trigger strings_truncate before truncate on deep.strings for each statement execute function deep.refuse_truncate();
create trigger numbers_truncate before truncate on deep.numbers for each statement execute function deep.refuse_truncate();
create trigger functions_truncate before truncate on deep.functions
    for each statement execute function deep.refuse_truncate();
create trigger objects_truncate before truncate on deep.objects for each statement execute function deep.refuse_truncate();

-- The built-in types, in their reserved space: there so that GraphQL can follow to them.
insert into deep.links (_deep, id) values
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '776f7c99-228d-5663-86e6-e1e6cd426c4f'),  -- String
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'b53536bf-bf6e-5f6f-9f87-b70dc07f9b52'),  -- Number
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'd9b15da5-3470-56e7-8302-4f6270e8f199'),  -- Function
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'b152bdf9-6dfb-5241-afad-a79a6a7b7ba3'),  -- Object
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '10ae3954-6b17-5786-a6db-a352331caa3e'),  -- Boolean
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '713bec50-8b10-56a4-be0d-ab0d39816241'),  -- Map
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'b9121892-9b0d-5e52-90b4-fc87c8f47303'),  -- Date
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '77a32cd7-de06-5c71-9197-12b17f6b3c01'),  -- Set
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'a24e7812-54c6-5acb-91f1-64ffd01e74f7'),  -- Array
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '4b4e2a47-53a8-5484-8fd9-cb03e5404bbc'),  -- Item
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'b2a7bbe7-ee5c-5d50-9cf3-3f7fc4052f38'),  -- TypedTrue
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '91a9c766-cc3b-5ea5-8b6f-6100faaf75bf');  -- TypedFalse
