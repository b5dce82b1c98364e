const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)
/** So many decimals at most are written digit by digit: from 0.0001 on. */
const written = 9

/** A number for people's eyes: at most six significant digits, none of them a zero at the end of decimals. */
export function sixDigits(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const decimals = 5 - Math.floor(Math.log10(Math.abs(value)))
  if (!(decimals >= 0 && decimals <= 22)) return String(Number(value.toPrecision(6)))
  const scale = powers[decimals] as number
  const digits = Math.round(value * scale)
  return decimals > 0 && decimals <= written ? placed(digits, decimals) : String(digits / scale)
}

/** The digits of a whole number with a point before the last so many: as String(digits / 10 ** decimals), in half the time. */
function placed(digits: number, decimals: number): string {
  let left = Math.abs(digits)
  let point = decimals
  while (point > 0 && left % 10 === 0) {
    left /= 10
    point--
  }
  const sign = digits < 0 ? '-' : ''
  const text = String(left)
  if (point === 0) return sign + text
  const whole = text.length - point
  return whole > 0
    ? `${sign}${text.slice(0, whole)}.${text.slice(whole)}`
    : `${sign}0.${'0'.repeat(-whole)}${text}`
}
