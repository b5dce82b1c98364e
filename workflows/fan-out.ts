/**
 * Runs `work` on every input, `width` at a time. Starts no more once `enough` returns true, as when the history has grown, and
 * returns the inputs not started.
 */
export async function fanOut<Input>(
  inputs: readonly Input[],
  width: number,
  work: (input: Input) => Promise<void>,
  enough: () => boolean = () => false,
): Promise<Input[]> {
  let next = 0
  async function lane(): Promise<void> {
    while (next < inputs.length && !enough()) await work(inputs[next++] as Input)
  }
  await Promise.all(Array.from({ length: Math.min(width, inputs.length) }, lane))
  return inputs.slice(next)
}
