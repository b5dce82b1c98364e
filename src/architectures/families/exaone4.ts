import { z } from 'zod'
import { family, insist, positive, windowField } from '../config.js'
import { everyNth, layerTypesField } from '../layer-kinds.js'
import { decoder, standardFields } from '../standard.js'
import { afterOnly } from './olmo.js'

/** EXAONE 4 (arXiv 2507.11407): norms after, query-key norms; in hybrid models the layers without a window are not rotated. */
export const exaone4 = family({
  name: 'exaone4',
  examples: ['LGAI-EXAONE/EXAONE-4.0-1.2B', 'LGAI-EXAONE/EXAONE-4.0-32B'],
  special:
    'norms after attention and MLP; in hybrid models windows in three layers of four and no rotation in the fourth',
  fields: {
    ...standardFields,
    rms_norm_eps: positive.default(1e-5),
    sliding_window: windowField.default(4096),
    // As letters, "LLLG": redundant with layer_types.
    sliding_window_pattern: z.union([z.int().nonnegative(), z.string()]).default(4),
    layer_types: layerTypesField,
  },
  describe(c) {
    const { sliding_window_pattern: pattern } = c
    insist(
      typeof pattern === 'number' || c.layer_types !== undefined,
      `sliding_window_pattern "${pattern}" without layer_types`,
    )
    const usual = everyNth(typeof pattern === 'number' ? pattern : 1)
    return decoder(c, {
      sliding: (layer) => c.sliding_window !== null && usual(layer),
      norms: afterOnly,
      queryKeyNorms: 'each head',
      attention: ({ slides }, { rotary }) => ({
        rotary: c.sliding_window === null || slides ? rotary : null,
      }),
    })
  },
})
