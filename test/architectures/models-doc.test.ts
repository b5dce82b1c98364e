import { expect, it } from 'vitest'
import { families } from '../../src/architectures/catalog.js'

/** Regenerate with `npx vitest run test/architectures/models-doc.test.ts -u`. */
it('docs/models.md lists every family that runs', async () => {
  const rows = [...families]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, examples, special }) => `| \`${name}\` | ${examples.join(', ')} | ${special} |`)
  await expect(`${intro}\n${rows.join('\n')}\n`).toMatchFileSnapshot('../../docs/models.md')
})

const intro = `# Models

taskvec runs any checkpoint whose config.json has one of these \`model_type\`s, as a Hugging Face folder. Others are refused by
name: mixtures of experts, state-space models and encoders are not described yet.

Each family is held against transformers in f32 on tiny random models of at least two sets of options
(\`test/golden/make_families.py\`, \`make_tiny.py\`): after every block and in the logits the largest difference is below 1e-4, for
prompts of 1 to 300 tokens, one at a time and batched, with weights in memory and streamed.

A checkpoint that holds a language model beside others (\`text_config\` in its config.json, tensors under \`language_model.\`) runs as
that language model. This table is generated from \`src/architectures/families\`.

| \`model_type\` | for example | what sets it apart |
| --- | --- | --- |`
