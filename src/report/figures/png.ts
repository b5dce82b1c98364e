import { createRequire } from 'node:module'
import { renderAsync } from '@resvg/resvg-js'
import { fontFamily, paper } from '../../figures/style.js'

/** Inter has a ligature for `->`, so the hyphen is replaced by a lookalike: templates are shown as written. */
const hyphen = '\u2010'

/** Three times the size in pixels, with a bundled font: the machine's may be missing. */
export async function drawPng(svg: string): Promise<Buffer> {
  const image = await renderAsync(svg.replaceAll('-&gt;', `${hyphen}&gt;`), {
    fitTo: { mode: 'zoom', value: 3 },
    background: paper,
    font: {
      fontFiles: fontFiles(),
      loadSystemFonts: false,
      defaultFontFamily: fontFamily,
      sansSerifFamily: fontFamily,
    },
  })
  return image.asPng()
}

function fontFiles(): string[] {
  const { resolve } = createRequire(import.meta.url)
  return ['400Regular/Inter_400Regular', '500Medium/Inter_500Medium', '600SemiBold/Inter_600SemiBold'].map(
    (name) => resolve(`@expo-google-fonts/inter/${name}.ttf`),
  )
}
