import { setTimeout as sleep } from 'node:timers/promises'
import {
  datasetInfo,
  downloadFile,
  HubApiError,
  listFiles,
  modelInfo,
  type ListFileEntry,
} from '@huggingface/hub'
import { TaskvecError } from '../domain/errors.js'

/** A host that does not answer within this time counts as unreachable after one more try. */
const answerWithinMs = 6_000

/** A repository at one commit. */
export interface Repository {
  readonly name: string
  readonly commit: string
  files(): Promise<ListFileEntry[]>
  file(path: string): Promise<Blob | null>
}

/** Asks which commit a branch or tag is at. Errors: DOWNLOAD. */
export async function openRepository(
  name: string,
  revision: string,
  signal: AbortSignal,
  type: 'model' | 'dataset' = 'model',
): Promise<Repository> {
  const hubUrl = (process.env['HF_ENDPOINT'] ?? 'https://huggingface.co').replace(/\/+$/, '')
  const accessToken = process.env['HF_TOKEN']
  const access = { hubUrl, ...(accessToken ? { accessToken } : {}) }
  const repo = { type, name } as const
  const within = (ms: number | null): typeof fetch => {
    const limits = ms === null ? [signal] : [signal, AbortSignal.timeout(ms)]
    return (input, init) => fetch(input, { ...init, signal: AbortSignal.any(limits) })
  }

  const ask = async <T>(question: (fetch: typeof globalThis.fetch) => Promise<T>): Promise<T> => {
    try {
      return await question(within(answerWithinMs))
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw refusal(hubUrl, name, error)
      await sleep(1000, undefined, { signal })
    }
    try {
      return await question(within(answerWithinMs))
    } catch (error) {
      throw refusal(hubUrl, name, error)
    }
  }

  const { sha: commit } = await ask((fetch) => {
    const asked = { name, revision, additionalFields: ['sha' as const], fetch, ...access }
    return type === 'model' ? modelInfo(asked) : datasetInfo(asked)
  })
  return {
    name,
    commit,
    files: () =>
      ask(async (fetch) => {
        const files: ListFileEntry[] = []
        const recursive = type === 'dataset'
        for await (const file of listFiles({ repo, revision: commit, recursive, fetch, ...access }))
          files.push(file)
        return files
      }),
    // Not by the xet protocol: a plain range request resumes an interrupted download at any byte.
    file: (path) =>
      downloadFile({ repo, path, revision: commit, xet: false, fetch: within(null), ...access }),
  }
}

/** Refusals are final; a busy or unreachable host may recover a moment later. */
export function mayPass(error: unknown): boolean {
  if (error instanceof TaskvecError) return false
  return !(error instanceof HubApiError) || error.statusCode === 429 || error.statusCode >= 500
}

export function refusal(where: string, what: string, error: unknown): TaskvecError {
  if (error instanceof TaskvecError) return error
  if (error instanceof HubApiError) {
    const hint =
      error.statusCode === 401 || error.statusCode === 403
        ? 'A model that asks for consent needs it given on its page, and HF_TOKEN set to a token of that account.'
        : undefined
    const message = `Hugging Face: ${what}: answered ${error.statusCode} (${where})`
    return new TaskvecError('DOWNLOAD', message, { cause: error, ...(hint ? { hint } : {}) })
  }
  return new TaskvecError('DOWNLOAD', `Hugging Face: not reachable (${where}: ${reasonOf(error)})`, {
    cause: error,
  })
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause as NodeJS.ErrnoException | undefined
  return cause?.code ?? cause?.message ?? error.message
}
