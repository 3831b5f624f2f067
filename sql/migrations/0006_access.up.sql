-- The second wall: what sessions that are not the admin's may see and write, held by the database itself.
--
-- The server takes the role `deeplinks_session` for a transaction of such a session, and says in two settings what it is
-- confined to: `deeplinks.spaces`, ids with commas between them or * for all, and `deeplinks.verbs`, as
-- links:select,strings:insert. Where nothing is set, nothing is seen. Whoever connects by another name is not concerned.

-- A role belongs to the whole cluster: another database may have made it, may make it at this moment, or need it later.
do $$ begin
    if not exists (select from pg_roles where rolname = 'deeplinks_session') then
        create role deeplinks_session nologin;
    end if;
exception
    when duplicate_object or unique_violation then
        null;
    when insufficient_privilege then
        raise notice 'the role deeplinks_session is not there, and may not be made here: there is one wall only';
end $$;

-- Who is not concerned, and what triggers do for whomever: they keep the log and the graph whole.
create function deep.unconfined() returns boolean language sql stable parallel restricted
as $$
    select current_user <> 'deeplinks_session' or pg_trigger_depth() > 0
$$;

create function deep.may(what text) returns boolean language sql stable parallel restricted
as $$
    select deep.unconfined() or what = any (string_to_array(current_setting('deeplinks.verbs', true), ','))
$$;

create function deep.everywhere() returns boolean language sql stable parallel restricted
as $$
    select deep.unconfined() or coalesce(current_setting('deeplinks.spaces', true), '') = '*'
$$;

-- A setting that ended with its transaction is '' afterwards, and not null.
create function deep.own_spaces() returns uuid[] language sql stable parallel restricted
as $$
    select case when deep.everywhere() then '{}'
        else string_to_array(nullif(current_setting('deeplinks.spaces', true), ''), ',')::uuid[] end
$$;

-- For the server's own check of rows that were written: an expression that can't be passed over.
create function deep.refuse_row(said text) returns integer language plpgsql
set search_path = pg_catalog, deep
as $$
begin
    raise exception '%', said using errcode = '23514', schema = 'deep';
end
$$;

-- Subqueries are asked once a statement, and not once a row. The built-in types are everybody's to read.
do $$
declare
    one text;
    reserved constant text := '''333f3f38-98ba-59b5-bf2e-cf045cb5fad8''';
    own constant text := '((select deep.everywhere()) or %1$I = any ((select deep.own_spaces())::uuid[]))';
    readable constant text := '((select deep.everywhere()) or %1$I = ' || reserved
        || ' or %1$I = any ((select deep.own_spaces())::uuid[]))';
begin
    foreach one in array array['links', 'strings', 'numbers', 'functions', 'objects', 'spaces', 'batches'] loop
        execute format('alter table deep.%I enable row level security', one);
        execute format('create policy session_select on deep.%I for select using ((select deep.may(%L)) and '
            || format(readable, case one when 'spaces' then 'id' else '_deep' end) || ')', one, one || ':select');
        execute format('create policy session_insert on deep.%I for insert with check ((select deep.may(%L)) and '
            || format(own, case one when 'spaces' then 'id' else '_deep' end) || ')', one, one || ':insert');
        execute format('create policy session_update on deep.%I for update using ((select deep.may(%L)) and '
            || format(own, case one when 'spaces' then 'id' else '_deep' end) || ')', one, one || ':update');
        execute format('create policy session_delete on deep.%I for delete using ((select deep.may(%L)) and '
            || format(own, case one when 'spaces' then 'id' else '_deep' end) || ')', one, one || ':delete');
    end loop;
end $$;

-- The log is read for streams, too; it and the dead are written by triggers alone.
alter table deep.changes enable row level security;
create policy session_select on deep.changes for select
    using ((select deep.everywhere()) or _deep = any ((select deep.own_spaces())::uuid[]));
create policy session_insert on deep.changes for insert with check ((select deep.unconfined()));
create policy session_update on deep.changes for update using ((select deep.unconfined()));
create policy session_delete on deep.changes for delete using ((select deep.unconfined()));
alter table deep.tombstones enable row level security;
create policy session_all on deep.tombstones using ((select deep.unconfined()));

do $$ begin
    if exists (select from pg_roles where rolname = 'deeplinks_session') then
        grant usage on schema deep to deeplinks_session;
        grant select, insert, update, delete on deep.links, deep.strings, deep.numbers, deep.functions, deep.objects
            to deeplinks_session;
        grant select, insert, update on deep.spaces to deeplinks_session;
        grant select, insert on deep.changes, deep.batches, deep.tombstones to deeplinks_session;
        grant usage, select, update on sequence deep.links_i to deeplinks_session;
        if not pg_has_role(current_user, 'deeplinks_session', 'member') then
            grant deeplinks_session to current_user;
        end if;
    end if;
exception when insufficient_privilege then
    raise notice 'the role deeplinks_session is not ours to give: ask for its grant, or there is one wall only';
end $$;
