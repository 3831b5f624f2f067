SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" @> $1::jsonb)) "_1"(text);
-- $1 = {"tags":["y"]}
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" @> $1::jsonb)) "_1"(text);
-- $1 = {"n":{"deep":[2.50]}}
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" <@ $1::jsonb)) "_1"(text);
-- $1 = {"name":"g","language":"js","more":1}
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" ? $1::text)) "_1"(text);
-- $1 = 'tags'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" ?| $1::text[])) "_1"(text);
-- $1 = ['nope', 'tags']
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" ?& $1::text[])
ORDER BY "_0"."id" ASC NULLS LAST) "_1"(text);
-- $1 = ['language', 'name']
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" ?| $1::text[])) "_1"(text);
-- $1 = []
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" ?& $1::text[])
ORDER BY "_0"."id" ASC NULLS LAST) "_1"(text);
-- $1 = []
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" ? $1::text)) "_1"(text);
-- $1 = None
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" = $1::jsonb)) "_1"(text);
-- $1 = {"name":"g","language":"js"}
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" <> $1::jsonb)) "_1"(text);
-- $1 = {"name":"g","language":"js"}
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" = ANY(ARRAY(SELECT jsonb_array_elements($1::jsonb))))) "_1"(text);
-- $1 = [{"name":"g","language":"js"},1,"x"]
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE (NOT ("_0"."_data" = ANY(ARRAY(SELECT jsonb_array_elements($1::jsonb)))))) "_1"(text);
-- $1 = [{"name":"g","language":"js"}]
