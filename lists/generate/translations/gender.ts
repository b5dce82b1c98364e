import { readSynsets, tagCounts, type PartOfSpeech } from '../wordnet.js'

/**
 * Feminine forms. English marks no gender, so the feminine of an adjective or a person is as right a translation
 * as the masculine (big: grand, grande; singer: cantante; doctor: médico, médica).
 */
export type Gendered = (english: string, word: string) => string[]

/** Feminine forms of a French word that translates an English adjective or a person of either sex. */
export const frenchGender: Gendered = real((english, word) => {
  if (isAdjective(english)) return frenchFeminine(word)
  return isPerson(english) && /(eur|ien|er|ant|ent|é|at|an|mi|in)$/.test(word) ? frenchFeminine(word) : []
})

/** Feminine forms of a Spanish word; Italian's that end in -o too. */
export const spanishGender: Gendered = real((english, word) =>
  isAdjective(english) || isPerson(english) ? spanishFeminine(word) : [],
)

export const italianGender: Gendered = real((english, word) =>
  (isAdjective(english) || isPerson(english)) && word.endsWith('o') && !uninflected.has(word)
    ? [word.replace(/o$/, 'a')]
    : [],
)

/** Only existing forms, and none for English words for males or things. */
function real(forms: Gendered): Gendered {
  return (english, word) =>
    male.has(english) || things.has(english) ? [] : forms(english, word).filter((form) => !notWords.has(form))
}

/** WordNet has these as adjectives or persons too; their translations are nouns and prepositions that have no feminine. */
const things = new Set(['end', 'hand', 'under', 'nine', 'center'])

/** Wrong forms that the rules derive from adverbs, prepositions, verbs and nouns of one gender, found by reading all output. */
const notWords = new Set(
  `abbée aprèse attentionne auprèse autrese autruie bonnese clée contraventionne couleuse courrière curée dossière froideuse
  fronte gentlemane horse juniore longtempse lueuse légèretée maine maintse mamane mannequine médecine millierse moteuse montante
  mémée nuite onne orientause oriente oueste pare pase plutôte poussine purifière pépine pépée raisonne rectifière retarde retse
  requine réseaue répétiteuse metteuse suivantse sure suse toure toutese témoine vieile vigueuse œillette possesseuse
  alga ancestra anuncia apellida aparata asalta asunta astra alumnada anuaria caba carnera catarra camiona comprimida cañona cienta
  cajona caca chucha cómputa contea cuera departamenta descortesa despacha despacia despuesa dominia dorsa dragona durmienda ejempla
  encuentra espectra foca galla grana hocica instrumenta investigaciona jamona latida loma luega manda marrona millona mosta obsequia
  ocasa oraciona pala parta pelleja peñasca pisa pleita podería publica raba recuenta resfriada resfría respalda reversa reza ritma
  ruega saca sanciona seba seguimienta soldada sortea sufrimienta tejida términa utensilia vagona tercia tiburona ratona
  crania dona larda paggia prata pressa pulcina sacchetta soltanta sorcia spettra spirita tasta topolina digiuna presta garofana torta
  reproductora papagaya paysane mystifière apparière partisanse standarde ainsie ayuna excepta pichona garçonne
  celuie certainese environne aborde bontée facultée trèse sie tellese nombreusese tante moûte flote gratise joure disciplese débute
  différentse mole autoure engine centainese larde saindouse azure entraine dissocière pise énormese richese desserte arrangère bémole
  malheuse maladese levante secrétariate pane fidèlese vallonne cerisière merisière traverse barmane pieue satane côtée donne
  regresa revesa razona beneficia argumenta títula direcciona fara iluminaciona fuega cortocircuita tona caya grupa reuniona ejércita
  génera alrededora turna apera asterisca falla tocina peñona verdora alumbramienta pulsa bría instalaciona protecciona resguarda permisa
  testimonia cariña borradora suspensa hetera bombona terna juega peticiona colosa pinchaza sora escritoria faldona lada pabellona alera
  apariciona orta bizcocha gusanilla sostenida crepúscula cuadrilátera provecha gnoma galena
  néante telse rarese jeunese débouchère defecta anversa ingenia
  accanta anzitutta innanzitutta apparecchia ceffa cuoia macchinaria lombrica musa rospa strutta tesora titola zaina baca`.split(
    /\s+/,
  ),
)

/** Words with one form only, or of another part of speech than the English word; found by reading all output. */
const uninflected = new Set(
  `ténèbres des tous trois moins feu clef dessus roman du certains quelques non deux sous dessous bien mieux près million société plusieurs tôt cadeau filet mal avant devant six dehors
  douleur tard milieu cent dix leader sept huit quartier rocher bébé repos bonbon tailleur soeur sœur marron est nord sud argent comprimé
  vingt ver quart serpent chevalier peu loin millier étudier enfant empereur seigneur monsieur père frère tyran amant bonheur
  pasteur vainqueur chauffeur apprécier
  no debajo extremo mano caso cuatro cinco regalo rostro estudio partido modelo promedio fósforo miembro ocho centro domingo caudillo
  barrio nacimiento fracaso testigo silencio caramelo bolso apartamento toro cero oso piloto músculo pasto monstruo miedo hígado genio
  ladrillo diablo demonio cordero gusano antepasado cangrejo dieciocho lagarto loro pollo zorro pavo marino cortés
  sotto capo quattro viso volto cento otto sacco argento burro topo drago fegato diavolo angelo olivo diciotto agnello medico
  soldato sindaco`.split(/\s+/),
)

const irregularFrench: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'beau:belle nouveau:nouvelle vieux:vieille fou:folle mou:molle doux:douce roux:rousse faux:fausse favori:favorite ' +
    'blanc:blanche franc:franche sec:sèche public:publique grec:grecque turc:turque long:longue gros:grosse gras:grasse ' +
    'bas:basse las:lasse épais:épaisse gentil:gentille pareil:pareille frais:fraîche aigu:aiguë complet:complète ' +
    'secret:secrète inquiet:inquiète discret:discrète concret:concrète malin:maligne bénin:bénigne jumeau:jumelle ' +
    'acteur:actrice auteur:autrice directeur:directrice conducteur:conductrice lecteur:lectrice électeur:électrice ' +
    'spectateur:spectatrice orateur:oratrice sculpteur:sculptrice inventeur:inventrice auditeur:auditrice ' +
    'professeur:professeure ingénieur:ingénieure docteur:docteure ambassadeur:ambassadrice pécheur:pécheresse ' +
    'sénateur:sénatrice dictateur:dictatrice traducteur:traductrice entraîneur:entraîneuse successeur:successeure ' +
    'ennemi:ennemie voisin:voisine cousin:cousine orphelin:orpheline nain:naine assassin:assassine compagnon:compagne champion:championne ' +
    'nul:nulle sot:sotte chat:chatte bref:brève tiers:tierce réalisateur:réalisatrice instituteur:institutrice agriculteur:agricultrice ' +
    'serviteur:servante muet:muette net:nette administrateur:administratrice collaborateur:collaboratrice locuteur:locutrice cultivateur:cultivatrice copain:copine ' +
    'protecteur:protectrice créateur:créatrice fondateur:fondatrice novateur:novatrice éducateur:éducatrice détenteur:détentrice ' +
    'rédacteur:rédactrice consommateur:consommatrice présentateur:présentatrice accompagnateur:accompagnatrice amateur:amatrice ' +
    'dessinateur:dessinatrice navigateur:navigatrice moniteur:monitrice mol:molle'
  )
    .split(' ')
    .map((pair) => pair.split(':')),
) as Record<string, string>

function frenchFeminine(word: string): string[] {
  const known = irregularFrench[word]
  if (known !== undefined) return [known]
  if (uninflected.has(word) || /[^a-zà-ÿœ]/.test(word) || /(e|ment|ité|tié|plus)$/.test(word)) return []
  // Verbs: an English adjective is often a verb too.
  if (/(?<!no|i|(^l|m)ég|ang|^ch|^am|sag|bouch|boulang|berg)[ei]r$/.test(word)) return []
  if (word.endsWith('x')) return [word.replace(/x$/, 'se')]
  if (word.endsWith('f')) return [word.replace(/f$/, 've')]
  if (word.endsWith('er')) return [word.replace(/er$/, 'ère')]
  if (/(érieur|meilleur|majeur|mineur)$/.test(word)) return [`${word}e`]
  if (word.endsWith('eur')) return [word.replace(/eur$/, 'euse')]
  if (/(el|en|on|et)$/.test(word)) return [`${word}${word.slice(-1)}e`]
  return /[déiultnsr]$/.test(word) ? [`${word}e`] : []
}

const comparative = /(mejor|peor|mayor|menor|erior|interior)$/

function spanishFeminine(word: string): string[] {
  if (uninflected.has(word) || comparative.test(word)) return []
  if (word === 'actor') return ['actriz']
  if (word === 'emperador') return ['emperatriz']
  if (word.endsWith('o')) return [word.replace(/o$/, 'a')]
  if (/[dtsc]or$/.test(word)) return [`${word}a`]
  if (word.endsWith('ón')) return [word.replace(/ón$/, 'ona')]
  return /és$/.test(word) ? [word.replace(/és$/, 'esa')] : []
}

/** English words for males only. */
const male = new Set(
  `brother son uncle nephew grandfather grandson boy boyfriend groom bridegroom husband male widower monk priest knight gentleman
  lord godfather king prince father man sir pope bishop cowboy stepfather stepson emperor duke baron fellow guy lad`.split(
    /\s+/,
  ),
)

const parts = ['noun', 'verb', 'adj', 'adv'] as const satisfies readonly PartOfSpeech[]
const counts = new Map(parts.map((part) => [part, tagCounts(part)]))
const count = (part: PartOfSpeech, word: string) => counts.get(part)?.get(word) ?? 0
const lemmas = new Map(
  parts.map((part) => [part, new Set([...readSynsets(part).values()].flatMap(({ words }) => words))]),
)

/** A word that is often an adjective. */
function isAdjective(word: string): boolean {
  const others = count('noun', word) + count('verb', word) + count('adv', word)
  if (!lemmas.get('adj')?.has(word)) return false
  return count('adj', word) > 0 ? count('adj', word) * 4 >= others : others === 0
}

const persons = new Set(
  [...readSynsets('noun').values()]
    .filter(({ file }) => file === 18)
    .flatMap(({ words }) => words.slice(0, 2)),
)

function isPerson(word: string): boolean {
  return persons.has(word)
}
