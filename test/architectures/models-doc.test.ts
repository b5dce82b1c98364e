import { expect, it } from 'vitest'
import { families } from '../../src/architectures/catalog.js'

/** Regenerate with `npx vitest run test/architectures/models-doc.test.ts -u`. */
it('docs/models.md lists every family that runs', async () => {
  const rows = [...families]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, examples, special }) => `| \`${name}\` | ${examples.join(', ')} | ${special} |`)
  await expect(`${intro}\n${rows.join('\n')}\n\n${checkpoints}`).toMatchFileSnapshot('../../docs/models.md')
})

const intro = `# Models

taskvec runs any checkpoint whose config.json has one of these \`model_type\`s, as a Hugging Face folder. It refuses others by
name: it cannot describe state-space models and encoders.

Each family is tested against transformers in f32 on tiny random models with at least two sets of options
(\`test/golden/make_families.py\`, \`make_tiny.py\`): after every block and in the logits the largest difference is below 1e-4, for
prompts of 1 to 300 tokens, one at a time and batched, with weights in memory and streamed. In a mixture of experts, each expert
computes only the rows routed to it.

\`npm run random-models\` writes random models with random options: every field of transformers' config classes is omitted, null or drawn,
and rotation is written in the old form and in that of transformers 5. With \`--count 8 --seed 3\` and transformers 5.24, 384 of 392 models of 49 families
agreed within 1e-4 (of the largest value, if that is above 1), 8 were refused by name, and none differed.

A multimodal checkpoint (\`text_config\` in its config.json, tensors under \`language_model.\`) runs as
its language model. This table is generated from \`src/architectures/families\`.

| \`model_type\` | for example | what sets it apart |
| --- | --- | --- |`

const checkpoints = `## Gemma 3 270M

\`taskvec models pull gemma3-270m-q4\` fetches it under [its terms](https://ai.google.dev/gemma/terms). It is tested against transformers with
plain hooks on the same GGUF file, on 40 items of each of four tasks (to_lower, past simple, capitals, antonyms) and all 18 layers:
\`test/golden/make_gemma3.py\`, \`test/engine/gemma3.test.ts\`. The test requires 99.9 % of 3,040 predictions to agree; in the last run, all did.

\`taskvec bench --model gemma3-270m-q4 --no-plain --no-two-cores\`, 50 dev and 50 test items, one core of an idle AMD EPYC (Zen 5, AVX-512 VNNI), medians of three
(\`bench/results/2026-12-01-gemma3.json\`): the published method takes 14.4 times the wavefront's processor time and an expert's loop 2.6 times (SmolLM2-135M: 7.2 and 2.6), with the
same predictions. A third of the operations is the unembedding of 262,144 tokens, which no method can avoid.

\`configs/gemma3.yaml\`, 50 dev and 50 test items: θ works in layers 9 to 11 of 18 and hardly at all after that.

![Accuracy of θ alone by layer: Gemma 3 270M on 18 tasks](by-layer-gemma3-270m.svg)
`
