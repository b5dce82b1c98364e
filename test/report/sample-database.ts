import { stateKinds } from '../../src/experiments/state-vectors/forward-passes.js'
import type Database from 'better-sqlite3'
import { openDatabase } from '../../src/store/open.js'

/** Names as nobody should give them: they must come out as text everywhere. */
export const hostile = {
  task: 'custom_<b>&"\u0007',
  template: 'Q\u001b[31m{x}</script><!--',
  token: ' </td><script>alert(1)</script>',
}

interface Shape {
  /** Blocks by model. */
  readonly models: Readonly<Record<string, number>>
  /** Category by task. */
  readonly tasks: Readonly<Record<string, string>>
  /** Points of t-SNE per task, and bins of the histograms of distances. */
  readonly thetas: number
  readonly bins: number
}

const models = { 'alpha-1b': 6, 'llama-7b': 4 } as const
const tasks = {
  algorithmic_to_upper: 'algorithmic',
  algorithmic_next_letter: 'algorithmic',
  translation_en_fr: 'translation',
  linguistic_antonyms: 'linguistic',
  [hostile.task]: 'custom',
} as const
const small: Shape = { models, tasks, thetas: 4, bins: 4 }
export const sampleSweep = 'sample-00000001'
const items = 20
/** Units of what configs/quickstart.yaml runs. */
const quickstartUnits = [
  ...['robustness', 'conflicting', 'projection', 'demonstration_sets', 'multi_context'],
  ...['layer_transfer', 'template_transfer', 'addition', 'decodability'],
]
const analyses = ['multi_context', 'addition', 'decodability']

/**
 * A complete sweep with made-up numbers that never change: two models, five tasks, every experiment, a warning, a failure and a
 * unit that could not be done. Written row by row, since what the report is held against must not move with the engine.
 */
export function writeSample(
  file: string,
  experiments: 'all' | 'main' | 'quickstart' = 'all',
  shape: Shape = small,
): void {
  const db = openDatabase(file)
  db.pragma('foreign_keys = OFF')
  try {
    db.transaction(() => write(db, shape))()
    if (experiments === 'main') db.exec('delete from units')
    if (experiments === 'quickstart')
      db.exec(
        `delete from units where experiment not in (${quickstartUnits.map((name) => `'${name}'`).join()})`,
      )
  } finally {
    db.close()
  }
}

function write(db: Database.Database, shape: Shape): void {
  const { models, tasks } = shape
  const insert: Insert = (table, given) => {
    // Of many tasks the later ones would have fewer right than none.
    const row =
      typeof given['correct'] === 'number' ? { ...given, correct: Math.max(0, given['correct']) } : given
    const names = Object.keys(row)
    return db
      .prepare(
        `insert into ${table} (${names.join(', ')}) values (${names.map((name) => `@${name}`).join(', ')})`,
      )
      .run(row).lastInsertRowid
  }
  const sweep_id = sampleSweep
  insert('sweeps', {
    id: sweep_id,
    name: 'sample',
    config: JSON.stringify({
      name: 'sample',
      file: '/home/someone/sample.yaml',
      models: Object.keys(models).map((id) => ({ id })),
    }),
    protocol: '{"seed":41}',
    seed: 41,
    code_version: '0.0.0',
    machine: JSON.stringify({
      host: 'secret-host',
      cpu: 'Some CPU',
      cores: 2,
      memoryBytes: 8e9,
      system: 'linux',
      node: 'v20',
    }),
    status: 'complete',
    created_at: '2026-01-01T00:00:00.000Z',
    finished_at: '2026-01-01T01:00:00.000Z',
  })
  Object.keys(tasks).forEach((task_id, position) =>
    insert('sweep_tasks', { sweep_id, task_id, position, spec: '{}' }),
  )
  Object.entries(models).forEach(([model_id, blocks], m) => {
    const content_hash = `${m}`.repeat(64)
    insert('models', {
      content_hash,
      architecture: 'llama',
      blocks,
      d_model: 64,
      vocab: 1000,
      // Those of the model whose id it has: others are not compared with the paper.
      parameters: m === 0 ? 1e6 : 6738415616,
      weights: 'safetensors F32',
    })
    insert('sweep_models', { sweep_id, model_id, position: m, source: model_id })
    Object.entries(tasks).forEach(([task_id, category], t) => {
      const place = { sweep_id, model_id, task_id }
      const run = (kind: string, split: string, layer: number | null, correct: number) => {
        const key = `${model_id} ${task_id} ${kind} ${split} ${layer}`
        insert('runs', {
          key,
          model_hash: content_hash,
          kind,
          split,
          layer,
          items_hash: 'items',
          numerics: '{}',
          items,
          correct,
        })
        return key
      }
      const curve = Array.from({ length: blocks }, (_, layer) =>
        Math.round(items * Math.max(0, (0.98 - 0.1 * t) * Math.sin(((layer + 1) / (blocks + 1)) * Math.PI))),
      )
      const best_layer = curve.indexOf(Math.max(...curve))
      insert('prepared_tasks', {
        ...place,
        model_hash: content_hash,
        numerics: '{"mode":"f32","runtime":"onnxruntime-node"}',
        category,
        scoring: 'exact',
        reading: 'as-written',
        pairs_hash: t === 0 ? null : 'pairs',
        baseline_items: 'items',
        dev_items: 'items',
        test_items: 'items',
        warnings: t === 3 ? '["only 12 pairs remain"]' : '[]',
        best_layer,
      })
      curve.forEach((correct, layer) =>
        insert('cells', {
          ...place,
          layer,
          run_key: run('hypothesis', 'dev', layer, correct),
          layers_together: 'all',
          reused: 0,
        }),
      )
      // Demonstrations do not help on the second task: the paper's rule leaves it out.
      const test = {
        baseline: t === 1 ? 16 : 2 + t,
        regular: 19 - t,
        hypothesis: (curve[best_layer] as number) - 1,
      }
      for (const [kind, correct] of Object.entries(test)) {
        const run_key = run(
          kind,
          kind === 'baseline' ? 'baseline' : 'test',
          kind === 'hypothesis' ? best_layer : null,
          correct,
        )
        insert('sweep_runs', { ...place, kind, run_key, reused: 0 })
      }
      insert('timings', {
        ...place,
        work: 'dev',
        engine_seconds: 1.5,
        computed_by: 'x',
        finished_at: '2026-01-01T00:10:00.000Z',
      })
    })
    writeExperiments(insert, shape, { sweep_id, model_id, model_hash: content_hash, blocks, m })
  })
  insert('items', {
    items_hash: 'items',
    item: 0,
    demonstrations: '[]',
    query: ' a',
    answer: ' A',
    accept: '[]',
    dummy_queries: '[]',
  })
  insert('task_pairs', { pairs_hash: 'pairs', position: 0, input: 'a', output: 'A', accept: '[]' })
  insert('failures', {
    sweep_id,
    model_id: 'llama-7b',
    task_id: hostile.task,
    experiment: 'addition',
    code: 'ENGINE',
    message: 'it <died>',
    attempts: 3,
    failed_at: '2026-01-01T00:20:00.000Z',
    superseded: 0,
  })
}

type Insert = (table: string, row: Record<string, unknown>) => unknown

function writeExperiments(
  insert: Insert,
  { tasks, thetas, bins }: Shape,
  {
    sweep_id,
    model_id,
    model_hash,
    blocks,
    m,
  }: { sweep_id: string; model_id: string; model_hash: string; blocks: number; m: number },
): void {
  const unit = (experiment: string, task_id: string, theta_task_id = '') => {
    const key = `${model_id} ${experiment} ${task_id} ${theta_task_id}`
    insert('units', {
      sweep_id,
      model_id,
      experiment,
      task_id,
      theta_task_id,
      settings: '{}',
      run_key: key,
      reused: 0,
      skipped: null,
    })
    return insert('unit_runs', { key, experiment, model_hash, complete: 1 })
  }
  const score = (run_id: unknown, row: Record<string, unknown>) =>
    insert('unit_scores', {
      run_id,
      task_id: '',
      setting: '',
      source_layer: row['layer'],
      items,
      answer_log_prob: -0.5,
      answer_rank: 1.5,
      answer_logit_difference: 2,
      ...row,
    })

  const robustness = unit('robustness', '')
  Object.keys(tasks).forEach((task_id, t) => {
    insert('theta_distances', {
      run_id: robustness,
      task_id,
      layer: 2,
      thetas,
      within_mean: 0.1 + 0.02 * t,
      within_sd: 0.03,
      between_mean: 0.6,
      between_sd: 0.1,
      purity: 1,
      silhouette: 0.7,
      histogram_edges: JSON.stringify(Array.from({ length: bins + 1 }, (_, i) => (2 * i) / 10)),
      within_histogram: JSON.stringify(histogram(bins, [Math.max(0, 4 - t / 2), 1 + t / 2, 0, 0])),
      between_histogram: JSON.stringify(histogram(bins, [0, 1, 3, 1])),
    })
    for (let item = 0; item < thetas; item++)
      insert('theta_points', {
        run_id: robustness,
        task_id,
        item,
        x: 10 * Math.cos(t) + item,
        y: 10 * Math.sin(t) - item * m,
      })
  })

  const conflicting = unit('conflicting', 'algorithmic_next_letter', 'algorithmic_to_upper')
  for (const kind of ['regular', 'conflicting'])
    for (let item = 0; item < items; item++)
      insert('conflicting_predictions', {
        run_id: conflicting,
        kind,
        item,
        query: 'a',
        answer_a: 'b',
        answer_b: 'A',
        token: 1,
        text: 'b',
        correct_a: Number(kind === 'regular' ? item < 18 : item < 2),
        correct_b: Number(kind === 'regular' ? item < 1 : item < 16 - m),
        answer_log_prob: -1,
        answer_rank: 1,
        answer_logit_difference: 1,
      })

  const layers = Array.from({ length: blocks }, (_, layer) => layer)
  const decodability = unit('decodability', '')
  const [, ...templates] = ['', '{x}->', hostile.template]
  Object.keys(tasks).forEach((task_id, t) => {
    const projection = unit('projection', task_id)
    for (const layer of layers) {
      insert('projection_scores', {
        run_id: projection,
        layer,
        items,
        mean_rank: 10,
        mean_log_prob: -3,
        top1: Math.min(items, layer),
        top20: Math.min(items, 2 * layer + t),
        top100: Math.min(items, 3 * layer + 5),
      })
      ;[' Paris', 'paris', hostile.token, ' θ', '12'].forEach((text, i) =>
        insert('projection_tokens', { run_id: projection, layer, rank: i + 1, token: i, text, log_prob: -i }),
      )
    }
    const sets = unit('demonstration_sets', task_id)
    ;[1, 2, 10].forEach((n, i) => score(sets, { setting: `${n}`, layer: 1, correct: 12 + i * 2 - t }))
    for (const analysis of analyses) {
      const run = analysis === 'decodability' ? decodability : unit(analysis, task_id)
      for (const layer of layers)
        score(run, {
          task_id: analysis === 'decodability' ? task_id : '',
          setting: analysis === 'decodability' ? 'nearest_mean' : '',
          layer,
          correct: Math.min(items, 6 + 2 * layer + t + m),
        })
    }
    const transfer = unit('layer_transfer', task_id)
    for (const source_layer of layers)
      for (const layer of layers)
        score(transfer, {
          layer,
          source_layer,
          correct: Math.max(0, 18 - 4 * Math.abs(layer - source_layer) - t),
        })
    const other = unit('template_transfer', task_id)
    templates.forEach((setting, i) => score(other, { setting, layer: 1, correct: 16 - 6 * i - t }))
  })
  const vectors = unit('function_vectors', '')
  for (const [i, head] of [0, 1].entries())
    insert('function_vector_heads', {
      run_id: vectors,
      rank: i + 1,
      layer: 2 - i,
      head,
      effect: 0.05 - 0.02 * i,
    })
  const text = unit('natural_text', '')
  const probing = unit('probing', '')
  const sentences = ['The word "{x}", means', `When you think of ${hostile.template}`]
  Object.keys(tasks).forEach((task_id, t) => {
    for (const [s, template] of sentences.entries())
      for (const [k, kind] of ['none', 'theta-replaced', 'function-vector', 'random-vector'].entries())
        insert('natural_text_scores', {
          ...{ run_id: text, task_id, template, kind, layer: kind === 'none' ? -1 : 2, items },
          ...{ correct: Math.max(0, 12 - 3 * Math.abs(k - 1) - t - 2 * s), first_tokens: 2 },
          answer_log_prob: -2,
        })
    for (const [k, setting] of ['theta', 'function-vector', 'random-heads'].entries())
      for (const layer of layers.slice(Math.min(1, k)))
        score(probing, { task_id, setting, layer, correct: Math.min(items, 8 + 3 * layer + t - 3 * k) })
    for (const [v, vector] of ['function-vector', 'random-heads'].entries())
      for (const layer of layers.slice(1))
        insert('head_sum_angles', {
          ...{ run_id: probing, task_id, vector, layer },
          ...{ cosine: 0.3 - 0.2 * v, norm_sum: 2 + layer, norm_theta: 10 + t },
        })
    const run_id = unit('mediation', task_id)
    const effect = (component: string, layer: number, head: number, size: number) =>
      insert('mediation_effects', {
        ...{ run_id, component, layer, head },
        ...{ effect: size, low: size - 0.01, high: size + 0.01, items, clean: 0.6, shuffled: 0.2 },
      })
    const states = unit('state_vectors', task_id)
    for (const layer of layers)
      for (const [k, setting] of stateKinds.entries())
        score(states, { setting, layer, correct: Math.max(0, 14 - t - 3 * Math.abs(layer - 2) + k) })
    const learned = unit('learned_theta', task_id)
    for (const [k, setting] of ['own', 'mean', 'scaled', 'learned', 'learned-dev'].entries())
      score(learned, { setting, layer: 2, correct: Math.max(0, 12 - t + k) })
    const attention = unit('attention', task_id)
    for (const layer of layers)
      for (const head of [0, 1, 2, 3])
        for (const [p, part] of ['first', 'inputs', 'outputs', 'query', 'induction'].entries()) {
          const share = 0.1 + 0.08 * Math.sin(layer + 2 * head + p + t)
          const around = { attention: share, low: share - 0.02, high: share + 0.02 }
          insert('attention_shares', { run_id: attention, layer, head, part, ...around, tokens: 5, items })
        }
    for (const layer of layers) {
      for (const head of [0, 1, 2, 3]) effect('heads', layer, head, 0.01 * Math.sin(layer + 2 * head + t))
      effect('attention', layer, -1, 0.03 * Math.sin(layer + t))
      effect('mlp', layer, -1, -0.01 * Math.cos(layer + t))
      insert('function_vector_geometry', {
        ...{
          run_id: vectors,
          task_id,
          layer,
          cosine: 0.1 * layer,
          norm_function_vector: 10,
          norm_theta: 5 + layer,
        },
        ...{ in_span: 0.2, in_random_span: 0.03 },
      })
      for (const [p, prompt] of ['zero-shot', 'shuffled'].entries())
        for (const [k, kind] of [
          'theta-replaced',
          'theta-added',
          'function-vector',
          'random-vector',
        ].entries())
          insert('function_vector_scores', {
            ...{ run_id: vectors, task_id, prompt, kind, layer, items, answer_log_prob: -1 },
            ...{ correct: Math.max(0, 16 - 4 * k - t - 2 * Math.abs(layer - 2) + 2 * p), first_tokens: 10 },
          })
    }
  })
  const sources = [...Object.keys(tasks), 'linguistic_antonyms @ k10-qa', 'en_fr + antonyms', 'random']
  sources.forEach((source, s) => {
    const run = unit('transfer', '', source)
    Object.keys(tasks).forEach((task_id, t) =>
      insert('transfer_scores', {
        run_id: run,
        task_id,
        layer: 2,
        items,
        correct: source === 'random' ? 0 : Math.max(0, 18 - 5 * Math.abs(s - t)),
        answer_log_prob: -1,
        answer_rank: 3,
        answer_logit_difference: -1,
      }),
    )
  })
  if (m === 0)
    insert('units', {
      sweep_id,
      model_id,
      experiment: 'conflicting',
      task_id: 'translation_en_fr',
      theta_task_id: 'linguistic_antonyms',
      settings: '{}',
      run_key: null,
      reused: 0,
      skipped: 'no common inputs',
    })
}

/** The four counts over and over. */
function histogram(bins: number, counts: readonly number[]): number[] {
  return Array.from({ length: bins }, (_, i) => counts[i % counts.length] as number)
}
