-- Mean over tasks of what components do; docs/schema.md explains it.
CREATE VIEW `mediation_means` AS
SELECT sweep, model, '' AS task, component, layer, head, effect,
       CASE WHEN tasks > 1 THEN effect - error END AS low, CASE WHEN tasks > 1 THEN effect + error END AS high, tasks
FROM (
  SELECT m.sweep, m.model, m.component, m.layer, m.head, means.effect, means.tasks,
         1.96 * sqrt(sum((m.effect - means.effect) * (m.effect - means.effect)) / (means.tasks - 1) / means.tasks) AS error
  FROM mediation m
  JOIN (
    SELECT sweep, model, component, layer, head, avg(effect) AS effect, count(*) AS tasks
    FROM mediation
    GROUP BY sweep, model, component, layer, head
  ) means ON means.sweep = m.sweep AND means.model = m.model AND means.component = m.component AND means.layer = m.layer AND means.head IS m.head
  GROUP BY m.sweep, m.model, m.component, m.layer, m.head
);
