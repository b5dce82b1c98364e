/** British and American variants of English words: each is accepted for the other. */

/** American : British spelling. */
const spellings = table(`
  center : centre, theater : theatre, meter : metre, liter : litre, fiber : fibre, saber : sabre, somber : sombre, caliber : calibre,
  color : colour, honor : honour, harbor : harbour, neighbor : neighbour, neighborhood : neighbourhood, neighboring : neighbouring,
  rumor : rumour, humor : humour, favor : favour, flavor : flavour, labor : labour, laborer : labourer, odor : odour, vapor : vapour,
  armor : armour, behavior : behaviour, savior : saviour, valor : valour, vigor : vigour, fervor : fervour, clamor : clamour,
  splendor : splendour, endeavor : endeavour, glamor : glamour, parlor : parlour, candor : candour, rigor : rigour, tumor : tumour,
  favorite : favourite, colorful : colourful, honorable : honourable, ardor : ardour, demeanor : demeanour, misdemeanor : misdemeanour,
  gray : grey, plow : plough, draft : draught, mold : mould, smolder : smoulder, mustache : moustache, jewelry : jewellery,
  traveler : traveller, counselor : counsellor, marvelous : marvellous, woolen : woollen, jeweler : jeweller, 
  fulfill : fulfil, skillful : skilful, enroll : enrol, distill : distil, instill : instil, willful : wilful, installment : instalment,
  defense : defence, offense : offence, license : licence, pretense : pretence,  tire : tyre, ax : axe,
  analyze : analyse, paralyze : paralyse, catalog : catalogue, dialog : dialogue, program : programme, judgment : judgement,
  acknowledgment : acknowledgement, skeptic : sceptic, skeptical : sceptical, aluminum : aluminium, pajamas : pyjamas, sulfur : sulphur,
  whiskey : whisky, airplane : aeroplane, maneuver : manoeuvre, cozy : cosy,  donut : doughnut, yogurt : yoghurt,
  omelet : omelette, ketchup : catsup, practice : practise, toward : towards, afterward : afterwards, backward : backwards,
  encyclopedia : encyclopaedia, archeology : archaeology, esthetic : aesthetic, diarrhea : diarrhoea, specialty : speciality,
  artifact : artefact, inquiry : enquiry, jail : gaol, raccoon : racoon, chili : chilli,  adviser : advisor,
  gypsy : gipsy, hiccup : hiccough, disk : disc, mom : mum`)

/** A regional word : its equivalents elsewhere. One direction only: a lift isn't always an elevator. */
const regional = table(`
  elevator : lift, apartment : flat, movie : film, soccer : football, bicycle : bike, bookstore : bookshop, truck : lorry,
  refrigerator : fridge, autumn : fall, subway : underground, luggage : baggage, baggage : luggage, corn : maize, maize : corn,
  highway : motorway, motorway : highway, pants : trousers, trousers : pants, candy : sweet, cookie : biscuit, sidewalk : pavement,
  store : shop, shop : store, garbage : rubbish, garbage : trash, trash : garbage, rubbish : trash, rubbish : garbage, gasoline : petrol,
  gasoline : gas, petrol : gasoline, sofa : couch, couch : sofa, vacation : holiday, plane : airplane, airplane : plane, plane : aircraft,
  mother : mom, mother : mum, father : dad, father : daddy, grandmother : grandma, grandfather : grandpa, rooster : cock, rooster : cockerel, donkey : ass,
  eggplant : aubergine, aubergine : eggplant, zucchini : courgette, courgette : zucchini, faucet : tap, tap : faucet, diaper : nappy, flashlight : torch,
  sweater : jumper, sweater : pullover, jumper : sweater, pullover : sweater, wardrobe : closet, math : maths, mathematics : math,
  mathematics : maths, nobody : no-one, everyone : everybody, everybody : everyone, someone : somebody, somebody : someone, until : till,
  photograph : photo, telephone : phone, phone : telephone, television : TV, railway : railroad, railroad : railway, motorcycle : motorbike,  pharmacy : drugstore, taxi : cab, bathtub : bath, barman : bartender, cemetery : graveyard, film : movie, bike : bicycle,
  gym : gymnasium, gymnasium : gym, hippopotamus : hippo, rhinoceros : rhino, laboratory : lab, advertisement : ad,
  advertisement : advert, influenza : flu, automobile : car, fiancé : fiance,  mister : sir,  purse : handbag, handbag : purse, stove : cooker, cooker : stove, spanner : wrench, wrench : spanner,  wallet : billfold, mailman : postman, postman : mailman,  although : though, pig : hog,
  waistcoat : vest,  lawyer : attorney, attorney : lawyer, doctor : physician,  mum : mother, shrimp : prawn, prawn : shrimp,
  peanut : groundnut, chickpea : garbanzo,  shovel : spade, pavement : sidewalk, lightbulb : bulb, bulb : lightbulb`)

/** All variants of a word, itself first; -ize is also written -ise. */
function englishForms(word: string): string[] {
  const ise = word
    .replace(/(?<!^s|^pr|^ca|^ma|e)ize$/, 'ise')
    .replace(/(?<!^s|^pr|^ca|^ma|e)iz(ed|ing|ation)$/, 'is$1')
  return [...new Set([word, ise, ...(spellings.get(word) ?? []), ...(regional.get(word) ?? [])])]
}

/** The same for every word of a list, with either spelling in place of the other. */
export function withEnglishForms(words: readonly string[]): string[] {
  return [
    ...new Set([
      ...words,
      ...words.flatMap(englishForms),
      ...words.flatMap((word) => american.get(word) ?? []),
    ]),
  ]
}

const american = new Map<string, string[]>()
for (const [word, others] of spellings)
  for (const other of others) american.set(other, [...(american.get(other) ?? []), word])

function table(text: string): ReadonlyMap<string, string[]> {
  const rows = new Map<string, string[]>()
  for (const row of text.split(',')) {
    const [from = '', to = ''] = row.split(' : ').map((word) => word.trim())
    if (from !== to) rows.set(from, [...(rows.get(from) ?? []), to])
  }
  return rows
}
