/** Rows that belong to a sweep or are named by their content. Order: a row after what it refers to. */
export const named: readonly { table: string; key: string[]; compared: string[]; fill?: string[] }[] = [
  {
    table: 'models',
    key: ['content_hash'],
    compared: ['architecture', 'blocks', 'd_model', 'vocab', 'parameters'],
  },
  // The config is not compared, since it names files of its machine; the id hashes the rest of it.
  { table: 'sweeps', key: ['id'], compared: ['name', 'protocol', 'seed'] },
  {
    table: 'sweep_models',
    key: ['sweep_id', 'model_id'],
    compared: ['position'],
    fill: ['content_hash', 'numerics'],
  },
  { table: 'sweep_tasks', key: ['sweep_id', 'task_id'], compared: ['position', 'spec'] },
  { table: 'task_pairs', key: ['pairs_hash', 'position'], compared: ['input', 'output', 'accept', 'split'] },
  {
    table: 'items',
    key: ['items_hash', 'item'],
    compared: ['demonstrations', 'query', 'answer', 'accept', 'dummy_queries', 'prompt'],
  },
  {
    table: 'prepared_tasks',
    key: ['sweep_id', 'model_id', 'task_id'],
    compared: ['model_hash', 'numerics', 'category', 'scoring', 'baseline_items', 'dev_items', 'test_items'],
    fill: ['best_layer'],
  },
]

export const pointers: typeof named = [
  {
    table: 'cells',
    key: ['sweep_id', 'model_id', 'task_id', 'layer'],
    compared: ['run_key', 'layers_together'],
  },
  { table: 'sweep_runs', key: ['sweep_id', 'model_id', 'task_id', 'kind'], compared: ['run_key'] },
  {
    table: 'units',
    key: ['sweep_id', 'model_id', 'experiment', 'task_id', 'theta_task_id'],
    compared: ['settings'],
    fill: ['run_key'],
  },
  { table: 'timings', key: ['sweep_id', 'model_id', 'task_id', 'work'], compared: [] },
  { table: 'failures', key: ['sweep_id', 'model_id', 'task_id', 'experiment', 'code'], compared: [] },
]

export const runTables = { runs: ['predictions', 'task_vectors'] } as const
