// Shows the values of marks: under the pointer or a finger, and by arrow keys in a figure that has the focus.
const box = document.getElementById('value')
/** Distance from a mark up to which its value is shown, pixels. */
const reach = 16
let shown = null

function show(mark) {
  if (mark === shown) return
  shown?.classList.remove('shown')
  shown = mark
  box.hidden = mark === null
  if (mark === null) return
  mark.classList.add('shown')
  box.textContent = mark.dataset.value
  place(mark)
}

/** Places the box above the mark, or below it if there is no room, within the window. */
function place(mark) {
  const at = mark.getBoundingClientRect()
  const { width, height } = box.getBoundingClientRect()
  const left = Math.min(Math.max(4, (at.left + at.right - width) / 2), innerWidth - width - 4)
  const above = at.top - height - 8
  box.style.transform = `translate(${left}px, ${above > 4 ? above : at.bottom + 8}px)`
}

/** The mark under the pointer, else the nearest within reach. */
function nearest(svg, { target, clientX, clientY }) {
  if (target.dataset?.value !== undefined) return target
  let [best, distance] = [null, reach]
  for (const mark of svg.querySelectorAll('[data-value]')) {
    const at = mark.getBoundingClientRect()
    const x = Math.max(at.left - clientX, 0, clientX - at.right)
    const y = Math.max(at.top - clientY, 0, clientY - at.bottom)
    if (Math.hypot(x, y) < distance) [best, distance] = [mark, Math.hypot(x, y)]
  }
  return best
}

for (const svg of document.querySelectorAll('.plot > svg')) {
  let pending = false
  const follow = (event) => {
    if (pending) return
    pending = true
    requestAnimationFrame(() => {
      pending = false
      show(nearest(svg, event))
    })
  }
  svg.addEventListener('pointermove', follow)
  svg.addEventListener('pointerdown', follow)
  svg.addEventListener('pointerleave', () => show(null))
  svg.addEventListener('blur', () => show(null))
  svg.addEventListener('keydown', (event) => {
    const marks = [...svg.querySelectorAll('[data-value]')]
    const at = marks.indexOf(shown)
    const next = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at <= 0 ? marks.length - 1 : at - 1,
      ArrowUp: at <= 0 ? marks.length - 1 : at - 1,
      Home: 0,
      End: marks.length - 1,
    }[event.key]
    if (event.key === 'Escape') show(null)
    else if (next !== undefined && marks.length > 0) {
      event.preventDefault()
      const mark = marks[next % marks.length]
      mark.scrollIntoView({ block: 'nearest', inline: 'nearest' })
      show(mark)
    }
  })
}

// Scrolling hides the value under the pointer, but not one chosen by keyboard, which may have caused the scrolling.
addEventListener(
  'scroll',
  () => (shown !== null && shown.closest('svg') === document.activeElement ? place(shown) : show(null)),
  { passive: true },
)
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) {
    details.removeAttribute('name') // of details with one name the browser keeps one open
    details.open = true
  }
})
