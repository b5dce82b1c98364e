import type { Checkpoint } from '../weights/checkpoint.js'
import { type DecoderSpec } from './decoder.js'
import { expectedTensors } from './decoder-sizes.js'

/**
 * The checkpoint with its tensors under its description's names: repositories publish models with or
 * without the prefix of the model inside its head (`gpt_neox.`, `transformer.`, `model.`), and a language model among others under a prefix.
 */
export function underExpectedNames(checkpoint: Checkpoint, decoder: DecoderSpec): Checkpoint {
  const { prefix } = decoder
  const expected = expectedTensors(decoder)
  const inFile = new Set([...checkpoint.tensors.keys(), ...checkpoint.unread.keys()])
  // In files of several models, `language_model.model.layers..` or, since transformers 5, `model.language_model.layers..`.
  const ofLanguageModel = (name: string) => [
    name.replace(/^language_model\./, ''),
    name.replace(/^model\.language_model\./, 'model.'),
  ]
  const expectedName = (name: string) =>
    expected.has(name)
      ? name
      : ([prefix + name, ...ofLanguageModel(name)].find(
          (other) => expected.has(other) && !inFile.has(other),
        ) ?? name)
  const nameInFile = new Map([...inFile].map((name) => [expectedName(name), name]))
  const stored = (name: string) => nameInFile.get(name) ?? name
  return {
    ...checkpoint,
    tensors: new Map([...checkpoint.tensors].map(([name, tensor]) => [expectedName(name), tensor])),
    unread: new Map([...checkpoint.unread].map(([name, reason]) => [expectedName(name), reason])),
    readAhead: (name) => checkpoint.readAhead(stored(name)),
    arrange: (name, bytes) => checkpoint.arrange(stored(name), bytes),
    read: (name) => checkpoint.read(stored(name)),
    readRows: (name, rows) => checkpoint.readRows(stored(name), rows),
  }
}
