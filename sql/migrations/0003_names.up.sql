-- The built-in types of names, of what lives, and of people's own events; beside those of 0001, and there for the same reason.

-- A space of built-ins has no log: as in 0001, they are simply there.
alter table deep.links disable trigger links_log_insert;

insert into deep.links (_deep, id) values
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'f5bc0f5b-01c1-5b27-9330-cc9fb73c3ac2'),  -- Contain
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'ae25be37-932c-5549-a9ce-fcb0a84b3b0f'),  -- Alive
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'c8e5ee9f-bf76-51ad-be64-1a38c21a0960'),  -- Field
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', 'aac8c721-f038-5b9d-bca5-f0ac4a752bd6'),  -- Method
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '2d3fd539-4135-564c-a5d5-cbc3b298af21');  -- Event

alter table deep.links enable trigger links_log_insert;
