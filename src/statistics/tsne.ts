import { randomFor } from './random.js'
import { dot } from './cosine.js'

export interface TsneOptions {
  /** Draws the starting positions: the same seed and vectors give the same map, bit for bit. */
  readonly seed: number
  /** Effective number of neighbours; at most (n - 1) / 3. Default 30. */
  readonly perplexity?: number
  /** Steps of gradient descent, the first 250 with early exaggeration. Default 1000. */
  readonly steps?: number
}

const exaggeration = 12
const exaggeratedSteps = 250

/**
 * Exact t-SNE to two dimensions (van der Maaten and Hinton 2008) of `[n, dims]`, Euclidean, with scikit-learn's defaults;
 * returns `[n, 2]`. Implemented here since the available packages draw from Math.random or are unmaintained. O(n^2) a step:
 * some seconds for the paper's 900 vectors.
 */
export function tsne(vectors: Float32Array, n: number, dims: number, options: TsneOptions): Float64Array {
  const positions = startingPositions(n, options.seed)
  if (n < 2) return positions
  const perplexity = Math.max(1, Math.min(options.perplexity ?? 30, (n - 1) / 3))
  const p = jointProbabilities(squaredDistances(vectors, n, dims), n, perplexity)
  const rate = Math.max(n / exaggeration / 4, 50)
  const velocity = new Float64Array(2 * n)
  const gains = new Float64Array(2 * n).fill(1)
  for (let step = 0; step < (options.steps ?? 1000); step++) {
    const early = step < exaggeratedSteps
    const gradient = gradientOf(p, positions, n, early ? exaggeration : 1)
    for (let i = 0; i < 2 * n; i++) {
      const slope = gradient[i] as number
      const speed = velocity[i] as number
      // A gain grows while the gradient keeps its direction and shrinks when it turns (Jacobs 1988).
      const gain = Math.max(0.01, speed * slope < 0 ? (gains[i] as number) + 0.2 : (gains[i] as number) * 0.8)
      gains[i] = gain
      velocity[i] = (early ? 0.5 : 0.8) * speed - rate * gain * slope
      positions[i] = (positions[i] as number) + (velocity[i] as number)
    }
  }
  return centred(positions, n)
}

/** Normally distributed, standard deviation 1e-4 (Box and Muller 1958). */
function startingPositions(n: number, seed: number): Float64Array {
  const random = randomFor({ purpose: 'tsne', seed })
  const uniform = () => (random.below(2 ** 30) + 0.5) / 2 ** 30
  return Float64Array.from(
    { length: 2 * n },
    () => 1e-4 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}

function squaredDistances(vectors: Float32Array, n: number, dims: number): Float64Array {
  const squares = Float64Array.from({ length: n }, (_, i) => dot(vectors, i, i, dims))
  const distances = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const distance = (squares[i] as number) + (squares[j] as number) - 2 * dot(vectors, i, j, dims)
      distances[i * n + j] = distances[j * n + i] = Math.max(0, distance)
    }
  }
  return distances
}

/** Symmetric p_ij, `[n, n]`, summing to 1: each row's Gaussian is widened until its entropy is log(perplexity). */
function jointProbabilities(distances: Float64Array, n: number, perplexity: number): Float64Array {
  const conditional = new Float64Array(n * n)
  const target = Math.log(perplexity)
  for (let i = 0; i < n; i++) {
    const row = distances.subarray(i * n, (i + 1) * n)
    // Only differences matter; without subtracting the nearest distance, exp would underflow for distant vectors.
    const nearest = row.reduce(
      (least, distance, j) => (j === i ? least : Math.min(least, distance)),
      Infinity,
    )
    const scale = row.reduce((sum, distance) => sum + distance - nearest, nearest) / (n - 1) || 1
    let [low, precision, high] = [0, 1 / scale, Infinity]
    for (let tries = 0; tries < 100; tries++) {
      let sum = 0
      let weighted = 0
      for (let j = 0; j < n; j++) {
        if (j === i) continue
        const excess = (row[j] as number) - nearest
        const weight = Math.exp(-excess * precision)
        conditional[i * n + j] = weight
        sum += weight
        weighted += weight * excess
      }
      for (let j = 0; j < n; j++) conditional[i * n + j] = (conditional[i * n + j] as number) / sum
      const excess = Math.log(sum) + (precision * weighted) / sum - target
      if (Math.abs(excess) < 1e-7) break
      if (excess > 0) low = precision
      else high = precision
      precision = high === Infinity ? precision * 2 : (low + high) / 2
    }
  }
  const joint = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      joint[i * n + j] = ((conditional[i * n + j] as number) + (conditional[j * n + i] as number)) / (2 * n)
  return joint
}

/** 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2), `[n, 2]`. */
function gradientOf(p: Float64Array, y: Float64Array, n: number, exaggerated: number): Float64Array {
  // Attraction and repulsion are summed separately, since the normaliser of q is known only after the last pair.
  const attraction = new Float64Array(2 * n)
  const repulsion = new Float64Array(2 * n)
  let sum = 0
  for (let i = 0; i < n; i++) {
    const [xi, yi] = [y[2 * i] as number, y[2 * i + 1] as number]
    let [ax, ay, rx, ry] = [0, 0, 0, 0]
    for (let j = 0; j < n; j++) {
      const dx = xi - (y[2 * j] as number)
      const dy = yi - (y[2 * j + 1] as number)
      const weight = 1 / (1 + dx * dx + dy * dy)
      const pull = (p[i * n + j] as number) * weight
      const push = weight * weight
      if (j !== i) sum += weight
      ax += pull * dx
      ay += pull * dy
      rx += push * dx
      ry += push * dy
    }
    attraction[2 * i] = ax
    attraction[2 * i + 1] = ay
    repulsion[2 * i] = rx
    repulsion[2 * i + 1] = ry
  }
  return attraction.map((pull, i) => 4 * (exaggerated * pull - (repulsion[i] as number) / sum))
}

function centred(y: Float64Array, n: number): Float64Array {
  const mean = [0, 0]
  y.forEach((value, i) => (mean[i % 2] = (mean[i % 2] as number) + value / n))
  return y.map((value, i) => value - (mean[i % 2] as number))
}
