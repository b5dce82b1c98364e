import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { safetensorsBytes } from './file-bytes.js'

/** What transformers unpacks; written by make_packed_experts.py. */
const golden = JSON.parse(
  readFileSync(join(projectRoot(), 'test', 'golden', 'weights', 'mxfp4-experts.json'), 'utf8'),
) as { blocks: number[]; scales: number[]; shape: number[]; values: number[] }

const name = 'model.layers.0.mlp.experts.down_proj'

function checkpoint(blocks: number[], scales: number[]) {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-packed-'))
  const data = Uint8Array.from([...golden.blocks, ...golden.scales])
  const entry = (shape: number[], from: number, to: number) => ({
    dtype: 'U8',
    shape,
    data_offsets: [from, to],
  })
  const header = {
    [`${name}_blocks`]: entry(blocks, 0, golden.blocks.length),
    [`${name}_scales`]: entry(scales, golden.blocks.length, data.length),
  }
  writeFileSync(join(folder, 'model.safetensors'), safetensorsBytes(header, data))
  writeFileSync(join(folder, 'config.json'), '{"model_type": "gpt_oss"}')
  return openCheckpoint(folder)
}

it("experts in MXFP4, as gpt-oss' repositories have them, are what transformers unpacks", async () => {
  const opened = await checkpoint([2, 3, 2, 16], [2, 3, 2])
  expect([...opened.tensors.keys()]).toEqual([name])
  expect(opened.tensors.get(name)?.shape).toEqual(golden.shape)
  expect(Array.from(opened.read(name), (value) => value + 0)).toEqual(golden.values.map((value) => value + 0))
  expect(opened.arrange(name, await opened.readAhead(name))).toEqual(opened.read(name))
  opened.close()
})

it('blocks and scales that do not fit are refused', async () => {
  await expect(checkpoint([2, 3, 2, 16], [2, 2, 3])).rejects.toThrow(
    `${name}_blocks has no ${name}_scales that fit it`,
  )
  await expect(checkpoint([2, 6, 16], [2, 6])).rejects.toThrow('that fit it')
})
