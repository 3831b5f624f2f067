SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" > $1::jsonb)) "_1"(text);
-- $1 = {"name":"g","language":"js"}
