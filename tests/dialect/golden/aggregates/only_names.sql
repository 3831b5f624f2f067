SELECT '{"__typename":"deep_links_aggregate","aggregate":' || '{"__typename":"deep_links_aggregate_fields","max":' || '{"__typename":"deep_links_max_fields"}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."links" "_0") "_1"
HAVING true;
SELECT '{"aggregate":' || '{"__typename":"deep_links_aggregate_fields"}' || ',"nodes":[' || coalesce(string_agg('{"__typename":"deep_links"}', ','
ORDER BY "_1"."#"), '') || ']}'
FROM (SELECT "_2".*, row_number() OVER () AS "#"
FROM (SELECT "_0".*
FROM "deep"."links" "_0"
WHERE false) "_2") "_1"
HAVING true;
SELECT '[' || coalesce(string_agg("_4".text, ','), '') || ']'
FROM (SELECT '{"typed_aggregate":' || (SELECT '{"aggregate":' || '{"__typename":"deep_links_aggregate_fields"}' || '}'
FROM (SELECT "_1".*
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) "_2"
HAVING true) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = ANY($1::bigint[]))
ORDER BY "_0"."_i" ASC NULLS LAST) "_4"(text);
-- $1 = ['2', '3']
