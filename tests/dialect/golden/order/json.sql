SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
ORDER BY "_0"."_data" ASC NULLS LAST) "_1"(text);
