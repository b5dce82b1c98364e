/** English spelling rules for verbs (-ing, -ed) and nouns (-s). Every form is a list: preferred spelling first. */

const vowel = '[aeiou]'

/** Verbs of several syllables, stressed on the last, whose final consonant is doubled. */
const stressedAtTheEnd = words(`
  abet abhor abut acquit admit allot annul aver befit beget begin beset commit compel concur confer control corral
  debar defer demur deter disbar dispel embed emit enrol entrap enwrap equip excel expel extol forbid forget forgo
  handicap impel incur infer inter kidnap misspell occur offset omit outbid outfit outrun outwit overlap overrun
  patrol permit prefer program propel rebel rebut recap recur refer regret remit repel rerun reset submit transfer
  transmit undercut unplug unwrap unzip uncap undergird upset eavesdrop input output format debug zigzag sandbag
  foreknow disenrol annul distil instil fulfil combat`)

/** Both spellings are in use; the first is more common in American English. */
const twoSpellings = words(`
  benefit worship focus combat kidnap program bias format handicap outfit bus gas`)
const singleFirst = words('benefit worship focus combat bias bus')

/** walk -> walking */
export function gerund(verb: string): string[] {
  if (verb === 'be') return ['being']
  if (/ie$/.test(verb)) return [verb.replace(/ie$/, 'ying')]
  if (verb === 'eye' || verb === 'age' || verb === 'cue') {
    const [kept, dropped] = [`${verb}ing`, `${verb.slice(0, -1)}ing`]
    return verb === 'eye' ? [kept, dropped] : [dropped, kept]
  }
  if (/(ee|oe|ye|inge)$/.test(verb) && !/(cringe|fringe|hinge|impinge|infringe|plunge)$/.test(verb))
    return [`${verb}ing`]
  if (verb.endsWith('e')) return [`${verb.slice(0, -1)}ing`]
  return stems(verb).map((stem) => `${stem}ing`)
}

/** walk -> walked; irregular verbs aren't known here. */
export function regularPast(verb: string): string[] {
  if (verb.endsWith('e')) return [`${verb}d`]
  if (/[^aeiou]y$/.test(verb)) return [`${verb.slice(0, -1)}ied`]
  return stems(verb).map((stem) => `${stem}ed`)
}

/** table -> tables */
export function regularPlural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`
  if (/(s|x|z|ch|sh)$/.test(noun)) return `${noun}es`
  return `${noun}s`
}

/** The stem before -ing and -ed. */
function stems(verb: string): string[] {
  if (/[aeiou]c$/.test(verb)) return [`${verb}k`]
  const doubled = verb + verb.slice(-1)
  if (twoSpellings.has(verb)) return singleFirst.has(verb) ? [verb, doubled] : [doubled, verb]
  if (!endsInVowelConsonant(verb)) return [verb]
  if (syllables(verb) === 1 || stressedAtTheEnd.has(verb)) return [doubled]
  // travel: traveling in American, travelling in British English.
  return verb.endsWith('l') ? [verb, doubled] : [verb]
}

function endsInVowelConsonant(verb: string): boolean {
  // The u in qu does not count as a vowel: quit, equip.
  const spoken = verb.replace(/qu/g, 'qw')
  return (
    new RegExp(`(^|[^aeiou])${vowel}[^aeiouwxyh]$`).test(spoken) || /^[^aeiou]*y[bcdfgklmnpt]$/.test(spoken)
  )
}

function syllables(verb: string): number {
  return (verb.replace(/qu/g, 'qw').match(/[aeiouy]+/g) ?? []).length
}

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/))
}
