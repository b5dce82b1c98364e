import { TaskvecError } from '../domain/errors.js'
import type { PromptTemplate, Protocol } from '../domain/types.js'
import type { Engine } from '../engine/engine.js'

type Asked = { readonly prompt?: PromptTemplate | undefined } & Pick<Protocol, 'paired'>

/** The protocol's prompts as formats: chat formats are read from the model. Errors: TASK if it has none. */
export async function withChatPrompts<P extends Asked>(
  engine: Partial<Pick<Engine, 'chatFormat'>>,
  protocol: P,
): Promise<P> {
  const format = (system: string | undefined) => {
    if (engine.chatFormat) return engine.chatFormat(system)
    throw new TaskvecError('TASK', 'this engine reads no chat templates')
  }
  const read = async (template: PromptTemplate): Promise<PromptTemplate> =>
    'chat' in template ? { id: template.id, ...(await format(template.system)) } : template
  const { prompt, paired } = protocol
  return {
    ...protocol,
    ...(prompt ? { prompt: await read(prompt) } : {}),
    ...(paired ? { paired: { ...paired, prompts: await Promise.all(paired.prompts.map(read)) } } : {}),
  }
}
