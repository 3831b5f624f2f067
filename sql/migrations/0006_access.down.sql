-- The role stays: other databases of the cluster may use it.
do $$
declare
    one record;
begin
    for one in select schemaname, tablename, policyname from pg_policies where schemaname = 'deep' loop
        execute format('drop policy %I on %I.%I', one.policyname, one.schemaname, one.tablename);
        execute format('alter table %I.%I disable row level security', one.schemaname, one.tablename);
    end loop;
    if exists (select from pg_roles where rolname = 'deeplinks_session') then
        revoke all on all tables in schema deep from deeplinks_session;
        revoke all on all sequences in schema deep from deeplinks_session;
        revoke all on schema deep from deeplinks_session;
    end if;
end $$;

drop function deep.refuse_row(text);
drop function deep.own_spaces();
drop function deep.everywhere();
drop function deep.may(text);
drop function deep.unconfined();
