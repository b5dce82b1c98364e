import { expect, it } from 'vitest'
import { formatPrompt } from '../../src/prompt/format.js'
import { chatFormat } from '../../src/tokenizer/chat-template.js'

const tokens = { bos_token: '<s>', eos_token: '</s>' }
const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
const instructed =
  "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}[INST] {{ message['content'] | trim }} [/INST]" +
  "{% else %} {{ message['content'] | trim }}{{ eos_token }}{% endif %}{% endfor %}"
const shown = [
  { input: 'hot', output: 'cold' },
  { input: 'big', output: 'small' },
]
const written = (template: string, system?: string) =>
  formatPrompt(shown, 'new', chatFormat('model', { template, tokens }, system))

it('writes demonstrations as turns of a chat, and the query as the last question', () => {
  expect(written(chatml)).toBe(
    '<|im_start|>user\nhot<|im_end|>\n<|im_start|>assistant\ncold<|im_end|>\n<|im_start|>user\nbig<|im_end|>\n' +
      '<|im_start|>assistant\nsmall<|im_end|>\n<|im_start|>user\nnew<|im_end|>\n<|im_start|>assistant\n',
  )
  expect(written(instructed)).toBe(
    '<s>[INST] hot [/INST] cold</s>[INST] big [/INST] small</s>[INST] new [/INST]',
  )
  expect(written(chatml, 'Opposites.')).toMatch(
    /^<\|im_start\|>system\nOpposites\.<\|im_end\|>\n<\|im_start\|>user\nhot/,
  )
})

it('has the same text on every day', () => {
  expect(written(`{{ strftime_now("%d %B %Y") }} ${chatml}`)).toMatch(/^26 Jul 2024 /)
})

it.each([
  ["{{ raise_exception('No system role') }}", /cannot be rendered: No system role/],
  ['{% for %}', /cannot be rendered/],
  ['{% for message in messages %}{{ loop.index }}{{ message.content }}{% endfor %}', /in the same frame/],
  ['{{ messages | length }}', /in the same frame/],
])('refuses %s', (template, message) => {
  expect(() => chatFormat('model', { template, tokens })).toThrow(message)
})
