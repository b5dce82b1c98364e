interface Scale {
  readonly scheme?: 'viridis'
  readonly domainMin?: number
  readonly domain?: number[]
  readonly range?: string[]
}

/** Mark and encoding of a heat map, heads by layers, coloured by `field`; cells show their value (`says`). */
export function headCells(field: string, scale: Scale) {
  const axis = { grid: false, domain: false, ticks: false, labelOverlap: true, labelAngle: 0 } as const
  const legend = { orient: 'bottom', direction: 'horizontal', gradientLength: 200, tickCount: 3 } as const
  return {
    mark: { type: 'rect' },
    encoding: {
      x: { field: 'layer', type: 'ordinal', axis: { ...axis, title: 'layer' } },
      y: { field: 'head', type: 'ordinal', axis: { ...axis, title: 'head' } },
      color: { field, type: 'quantitative', title: field, scale, legend },
      description: { field: 'says' },
    },
  } as const
}
