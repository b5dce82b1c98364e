-- What distinguishes the sweeps of one config; docs/schema.md explains it.
CREATE VIEW `settings` AS
SELECT id AS sweep, group_id, json_extract(protocol, '$.demonstrations') AS demonstrations,
       coalesce(json_extract(protocol, '$.prompt.id'), 'arrow') AS prompt, json_extract(protocol, '$.dummyQueries') AS dummy_queries, seed,
       coalesce(json_extract(config, '$.mode.numerics'), 'f32') AS numerics,
       coalesce(json_extract(protocol, '$.demonstrationLabels'), 'true') AS labels
FROM sweeps;
