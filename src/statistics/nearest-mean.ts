/**
 * The label that the nearest class mean gives each vector, `[n, dims]`, where means are taken over the other folds: vector
 * i of a label is in fold i mod `folds`. Squared Euclidean distance, so the boundaries between labels are linear. The
 * label that appears first wins among equals.
 */
export function namedByNearestMean<L>(
  vectors: Float32Array,
  labels: readonly L[],
  dims: number,
  folds: number,
): L[] {
  const classes = [...new Set(labels)]
  const seen = new Map<L, number>()
  const foldOf = labels.map((label) => {
    const i = seen.get(label) ?? 0
    seen.set(label, i + 1)
    return i % folds
  })
  const named = [...labels]
  for (let fold = 0; fold < folds; fold++) {
    const means = classes.map((label) => {
      const rows = labels.flatMap((each, i) => (each === label && foldOf[i] !== fold ? [i] : []))
      const mean = new Float64Array(dims)
      for (const row of rows)
        for (let d = 0; d < dims; d++)
          mean[d] = (mean[d] as number) + (vectors[row * dims + d] as number) / rows.length
      return { label, mean, size: rows.length }
    })
    foldOf.forEach((own, i) => {
      if (own !== fold) return
      let nearest = Infinity
      for (const { label, mean, size } of means) {
        let distance = 0
        for (let d = 0; d < dims; d++)
          distance += ((vectors[i * dims + d] as number) - (mean[d] as number)) ** 2
        if (size > 0 && distance < nearest) {
          nearest = distance
          named[i] = label
        }
      }
    })
  }
  return named
}
