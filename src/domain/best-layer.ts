/** The best L of dev cells: the lowest one with the highest accuracy (docs/protocol.md, Main experiment). */
export function bestOf<Point extends { readonly layer: number }>(
  points: Iterable<Point>,
  accuracy: (point: Point) => number,
): Point | undefined {
  let best: Point | undefined
  for (const point of points) {
    const better = best === undefined ? Infinity : accuracy(point) - accuracy(best)
    if (better > 0 || (better === 0 && best !== undefined && point.layer < best.layer)) best = point
  }
  return best
}
