import type { InferenceSession } from 'onnxruntime-node'

/** One thread, in order: parallelism belongs between processes, and results must not depend on scheduling. */
export const sessionOptions: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  // Some thirty sessions would each keep an arena of their own; malloc is shared by all of them.
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
}
