/**
 * How byte-level BPE tokenizers cut a text into pieces before merging, under the names that GGUF files have for it
 * (`tokenizer.ggml.pre`; llama.cpp's src/llama-vocab.cpp). Each pattern cuts every piece that those before it left: what
 * matches is a piece, and so is what lies between matches. Patterns are Oniguruma's, as in the models' own tokenizer.json.
 */
export interface PreTokenizer {
  readonly patterns: readonly string[]
  /** Text is normalised to NFC first, as in the publisher's tokenizer.json. */
  readonly nfc?: boolean
  /** A piece that is a token is not merged. */
  readonly ignoreMerges?: boolean
  /** Whether a BOS token is added by default. */
  readonly addsBos?: boolean
}

const r = String.raw
const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const whitespace = r`\s+(?!\S)|\s+`
const lineBreaks = r`\s*[\r\n]+|${whitespace}`
const symbols = r` ?[^\s\p{L}\p{N}]+[\r\n]*`
const word = r`[^\r\n\p{L}\p{N}]?\p{L}+`
/** Up to the next letter that begins a word: "CamelCase" is "Camel", "Case". */
const upper = r`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
const lower = r`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
const asciiPunctuation = r`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${'`'}{|}~]`
const ideographs = '[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+'

/** GPT-2's own pattern. */
const gpt2 = r`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|${whitespace}`
const eachDigit = r`\p{N}`
const threeDigits = r`\p{N}{1,3}`
/** Threes counted from the right: 1234567 is 1, 234, 567. */
const threesFromRight = r`\d{1,3}(?=(?:\d{3})*(?!\d))`

/** GPT-4's pattern, with numbers cut as `digits` says. */
const gpt4 = (digits: string) => `${contraction}|${word}|${digits}|${symbols}|${lineBreaks}`
/** GPT-4o's: words by their case; `suffix` is what may follow a word, `upper` and `lower` its letters. */
const byCase = (digits: string, suffix: string, [first, rest] = [upper, lower]) =>
  [
    r`[^\r\n\p{L}\p{N}]?${first}*${rest}+${suffix}`,
    r`[^\r\n\p{L}\p{N}]?${first}+${rest}*${suffix}`,
    digits,
    r` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
    lineBreaks,
  ].join('|')
const deepseekWords = (symbolsEnd: string, breaks: string) =>
  r`${asciiPunctuation}[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+${symbolsEnd}|${breaks}|${whitespace}`
const deepseek3 = [threeDigits, ideographs, deepseekWords(r`[\r\n]*`, r`\s*[\r\n]+`)]
const bloom = ' ?[^()|\\s.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C]+'
const han = r`(?!\p{Han})`

/** Letters of alphabets with case (DeepSeek LLM lists them one by one). */
const casedLetters =
  'A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386' +
  '\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA' +
  '\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D' +
  '\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC' +
  '\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184' +
  '\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF' +
  '\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}' +
  '\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}'
const asianScripts =
  '[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F\u2F00-\u2FDF\u0E40-\u0E7F\u0E80-\u0EFF\u1780-\u17FF' +
  '\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF\uAC00-\uD7AF\u1100-\u11FF]+'

const table: readonly (readonly [names: string, PreTokenizer])[] = [
  [
    'gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert jais trillion granite-docling exaone4',
    { patterns: [gpt2] },
  ],
  ['mpt olmo', { patterns: [gpt2], nfc: true }],
  ['starcoder refact smollm codeshell exaone minerva-7b mellum2', { patterns: [eachDigit, gpt2] }],
  ['command-r', { patterns: [eachDigit, gpt2], nfc: true }],
  [
    'llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano',
    { patterns: [gpt4(threeDigits)], ignoreMerges: true, addsBos: true },
  ],
  ['dbrx smaug-bpe chatglm-bpe', { patterns: [gpt4(threeDigits)] }],
  ['glm4 glm5', { patterns: [gpt4(threeDigits)], ignoreMerges: true }],
  [
    'jais-2',
    {
      patterns: [
        r`${contraction}|${word}|${threeDigits}|${symbols}|\s*[\r\n]+|` +
          [512, 256, 128, 64, 32, 16, 8, 4].map((length) => r`\s{${length}}(?!\S)|`).join('') +
          r`\s{1,2}(?!\S)|\s{1}`,
      ],
    },
  ],
  ['minicpm5', { patterns: [threeDigits, gpt4(r`\p{N}+`)], ignoreMerges: true }],
  ['qwen2 deepseek-r1-qwen kormo f2llmv2 megrez', { patterns: [gpt4(eachDigit)], nfc: true }],
  ['stablelm2 hunyuan solar-open grok-2', { patterns: [gpt4(eachDigit)] }],
  ['ufakzeka', { patterns: [`${word}|${eachDigit}|${symbols}|${lineBreaks}`] }],
  ['laguna', { patterns: [r`[^\n]+|[\n]+`, gpt4(eachDigit)] }],
  [
    'qwen35',
    {
      patterns: [
        r`${contraction}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${lineBreaks}`,
      ],
      nfc: true,
    },
  ],
  [
    'seed-coder',
    { patterns: [r`${contraction}|${word}|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|${whitespace}`] },
  ],
  [
    'bailingmoe bailingmoe2 llada-moe',
    { patterns: [r`'(?i:[sdmt]|ll|ve|re)|${word}|\p{N}|${symbols}|\s*[\r\n]|${whitespace}`] },
  ],
  [
    'exaone-moe',
    {
      patterns: [
        r`${contraction}|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|${whitespace}`,
      ],
    },
  ],
  ['gpt-4o llama4 kanana2 talkie minimax-m2', { patterns: [byCase(threeDigits, `${contraction}?`)] }],
  [
    'granite-embed-multi-97m',
    {
      // Its lookaheads count case by ASCII letters alone.
      patterns: [
        byCase(threeDigits, `${contraction}?`, [
          r`(?:(?=[\p{L}\p{M}])[^a-z])`,
          r`(?:(?=[\p{L}\p{M}])[^A-Z])`,
        ]),
      ],
      ignoreMerges: true,
    },
  ],
  ['tekken', { patterns: [byCase(eachDigit, '')], ignoreMerges: true, addsBos: true }],
  ['tiny_aya cohere2moe', { patterns: [r`\d{1,3}(?=(?:\d{3})*\b)`, byCase(threeDigits, `${contraction}?`)] }],
  [
    'kimi-k2',
    {
      patterns: [
        r`\p{Han}+|` +
          byCase(threeDigits, `${contraction}?`, [`(?:${han}${upper})`, `(?:${han}${lower})`]).replace(
            '[\\r\\n/]*',
            '[\\r\\n]*',
          ),
      ],
    },
  ],
  ['superbpe', { patterns: [r`\p{N}+`, threesFromRight] }],
  ['deepseek-v3 hunyuan-dense joyai-llm hy_v4', { patterns: deepseek3 }],
  ['spark2_5', { patterns: [threeDigits, ideographs, deepseekWords('', r`[\r\n]`), eachDigit] }],
  ['afmoe', { patterns: [threesFromRight, asianScripts, deepseek3[2] as string] }],
  [
    'deepseek-llm',
    {
      patterns: [
        r`[\r\n]`,
        r`\s?[${casedLetters}]+`,
        '\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+',
        r`\s+$`,
        '[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+',
        r`\p{N}+`,
      ],
    },
  ],
  [
    'deepseek-coder',
    {
      patterns: [
        r`[\r\n]`,
        r`\s?\p{L}+`,
        r`\s?\p{P}+`,
        '[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+',
        eachDigit,
      ],
    },
  ],
  [
    'youtu',
    {
      patterns: [
        '[\uAC00-\uD7A3\u3131-\u318E]+|[\uFF01\u2026\u201C\u201D\u2018\u2019\u2014\uFF1A\uFF1B\uFF0C\u3001-\u303F\uFE30-\uFE4F]+|[\u3105-\u312F]+|' +
          ideographs,
        byCase(eachDigit, `${contraction}?`),
      ],
      ignoreMerges: true,
    },
  ],
  ['falcon', { patterns: [r`[\p{P}$+<=>^~|${'`'}]+`, gpt2, '[0-9][0-9][0-9]'] }],
  ['bloom poro-chat gpt3-finnish', { patterns: [bloom] }],
  ['viking', { patterns: [bloom, eachDigit] }],
  [
    'chameleon',
    {
      patterns: [
        '<sentinel:[0-9]+>',
        '(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z',
        r`[\t\n]|    |  `,
        eachDigit,
        r`[\p{P}!-/:-@\[-${'`'}{-~]`,
        gpt2,
      ],
      addsBos: true,
    },
  ],
  // Not a model's: what llama.cpp does if the converter did not know the model's pre-tokenizer.
  ['default', { patterns: [r`[\p{P}$+<=>^~|]+`, gpt2, r`\p{N}+`, '[0-9][0-9][0-9]'] }],
]

export const preTokenizers: ReadonlyMap<string, PreTokenizer> = new Map(
  table.flatMap(([names, preTokenizer]) => names.split(' ').map((name) => [name, preTokenizer] as const)),
)
