import type { GraphBuilder, Value } from '../onnx/graph.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { weightOf } from './linear.js'

/** x / rms(x) times the checkpoint's `name.weight`, over the last axis. */
export function rmsNorm(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  name: string,
  x: Value,
  epsilon: number,
): Value {
  return graph.node('RMSNormalization', [x, weightOf(graph, checkpoint, `${name}.weight`)], {
    axis: -1,
    epsilon: { float: epsilon },
  })
}

/** (x - mean) / deviation, times the checkpoint's `name.weight`, plus its `name.bias`, over the last axis. */
export function layerNorm(
  graph: GraphBuilder,
  checkpoint: Checkpoint,
  name: string,
  x: Value,
  epsilon: number,
): Value {
  const weights = ['weight', 'bias'].map((part) => weightOf(graph, checkpoint, `${name}.${part}`))
  return graph.node('LayerNormalization', [x, ...weights], { axis: -1, epsilon: { float: epsilon } })
}
