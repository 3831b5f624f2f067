-- Whether the second wall stands: the role is there, and may be taken.
select coalesce((
    select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = 'deeplinks_session'
), false);
