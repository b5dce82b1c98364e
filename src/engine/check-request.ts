import type { DecoderSpec } from '../architectures/decoder.js'
import { TaskvecError } from '../domain/errors.js'
import type { EvaluateItem, EvaluateRequest, Patch, ProjectRequest } from './engine.js'

/** Checks that a request fits the model. Errors: TASK. */
export function checkEvaluate(decoder: DecoderSpec, request: EvaluateRequest): void {
  const { items, layers, thetas, givenTheta, generate, top = 1 } = request
  if (!Number.isInteger(top) || top < 1)
    throw new TaskvecError('TASK', `top is ${top}; it must be a whole number, at least 1`)
  layers.forEach((layer, i) => {
    if (!Number.isInteger(layer) || layer < 0 || layer >= decoder.blocks || layer <= (layers[i - 1] ?? -1)) {
      throw new TaskvecError(
        'TASK',
        `layers [${layers.join(', ')}] must be ascending whole numbers from 0 to ${decoder.blocks - 1}`,
      )
    }
  })
  if (givenTheta) {
    if (thetas) throw new TaskvecError('TASK', 'θ is given, so there is none to return')
    checkVectors(decoder, givenTheta, 'the given θ')
    if (givenTheta.length !== layers.length * decoder.dModel) {
      throw new TaskvecError(
        'TASK',
        `the given θ has ${givenTheta.length} values; ${layers.length} layers of a model with d_model ${decoder.dModel} take ${layers.length * decoder.dModel}`,
      )
    }
  }
  if (generate) {
    const { maxTokens, stop } = generate
    if (!Number.isInteger(maxTokens) || maxTokens < 1)
      throw new TaskvecError('TASK', `maxTokens is ${maxTokens}; it must be a whole number, at least 1`)
    if (stop.includes('')) throw new TaskvecError('TASK', 'an empty stop text would end every answer')
  }
  for (const item of items) checkItem(decoder, item, request)
}

/** @param answer number of tokens that follow the prompt; the last one is not attended to */
export function checkPrompt(
  { maxPositions, vocab }: DecoderSpec,
  tokens: readonly number[],
  answer = 1,
): void {
  if (tokens.length === 0) throw new TaskvecError('TASK', 'a prompt has no tokens')
  if (tokens.length > maxPositions) {
    throw new TaskvecError(
      'TASK',
      `a prompt has ${tokens.length} tokens; the model takes ${maxPositions} at most`,
      { hint: 'Use fewer or shorter demonstrations.' },
    )
  }
  if (tokens.length + answer - 1 > maxPositions) {
    throw new TaskvecError(
      'TASK',
      `a prompt of ${tokens.length} tokens and an answer of ${answer} are too long: the model takes ${maxPositions} at most`,
      { hint: 'Use fewer or shorter demonstrations, or a smaller answer.maxTokens.' },
    )
  }
  tokens.forEach((token) => checkToken(vocab, token))
}

export function checkProject(decoder: DecoderSpec, { vectors, top, tokens }: ProjectRequest): void {
  checkVectors(decoder, vectors, 'the vectors to project')
  if (!Number.isInteger(top) || top < 0) {
    throw new TaskvecError('TASK', `top is ${top}; it must be a whole number, at least 0`)
  }
  tokens.forEach((token) => checkToken(decoder.vocab, token))
}

export function checkPatches(
  { blocks, dModel }: DecoderSpec,
  patches: readonly Patch[],
  tokens: number,
): void {
  for (const { layer, vector, position } of patches) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= blocks)
      throw new TaskvecError('TASK', `layer ${layer} is out of range: the model has ${blocks} blocks`, {
        hint: `Choose L from 0 to ${blocks - 1}.`,
      })
    if (vector.length !== dModel || !vector.every(Number.isFinite))
      throw new TaskvecError(
        'TASK',
        `a vector of ${vector.length} values is to be patched in; the model takes ${dModel} finite numbers`,
      )
    if (position !== 'all' && !(Number.isInteger(position) && position >= 0 && position < tokens))
      throw new TaskvecError('TASK', `position ${position} is out of range: the prompt has ${tokens} tokens`)
  }
}

function checkItem(
  decoder: DecoderSpec,
  { thetaPrompts, patchedPrompt, plainPrompts, answerToken, answerTokens, givenTheta: own }: EvaluateItem,
  { layers, thetas, givenTheta: ofAll, generate }: EvaluateRequest,
): void {
  if (own) {
    if (thetas) throw new TaskvecError('TASK', 'θ is given, so there is none to return')
    checkVectors(decoder, own, "an item's given θ")
    if (own.length !== layers.length * decoder.dModel)
      throw new TaskvecError('TASK', `an item's given θ has ${own.length} values, not one vector a layer`)
  }
  const givenTheta = own ?? ofAll
  for (const prompt of thetaPrompts) checkPrompt(decoder, prompt)
  const longest = generate ? Math.max(generate.maxTokens, answerTokens?.length ?? 0) : 1
  for (const prompt of [...plainPrompts, ...(patchedPrompt ? [patchedPrompt] : [])]) {
    checkPrompt(decoder, prompt, longest)
  }
  answerTokens?.forEach((token) => checkToken(decoder.vocab, token))
  if (answerTokens && answerTokens[0] !== answerToken)
    throw new TaskvecError('TASK', `answerToken ${answerToken} is not the first of its answer's tokens`)
  checkToken(decoder.vocab, answerToken)
  if (givenTheta && thetaPrompts.length > 0) {
    throw new TaskvecError('TASK', 'θ is given, but an item has dummy queries to compute it from')
  }
  if ((patchedPrompt || thetas) && layers.length > 0 && thetaPrompts.length === 0 && !givenTheta) {
    const aim = patchedPrompt ? 'is to be patched' : 'is to give θ'
    throw new TaskvecError('TASK', `an item ${aim} but has no dummy query to compute θ from`)
  }
}

export function checkToken(vocab: number, token: number): void {
  if (Number.isInteger(token) && token >= 0 && token < vocab) return
  throw new TaskvecError('TASK', `token id ${token} is out of range: the model knows 0 to ${vocab - 1}`)
}

function checkVectors({ dModel }: DecoderSpec, values: Float32Array, what: string): void {
  if (values.length % dModel !== 0) {
    throw new TaskvecError(
      'TASK',
      `${what}: ${values.length} values are not a whole number of vectors of d_model ${dModel}`,
    )
  }
  if (!values.every(Number.isFinite)) {
    throw new TaskvecError('TASK', `${what}: values that are not finite numbers`)
  }
}
