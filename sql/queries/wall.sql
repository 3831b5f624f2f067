-- Take the role of sessions that are not the admin's until the transaction ends, confined to these spaces ($1) and verbs ($2).
select set_config('role', 'deeplinks_session', true), set_config('deeplinks.spaces', $1, true),
    set_config('deeplinks.verbs', $2, true);
