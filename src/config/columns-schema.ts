import { z } from 'zod'

/** `columns` of a list in a config. */

const column = z.union([z.string().min(1), z.int().min(1).max(10_000)], {
  error: "must be a column's name or 1-based number",
})
const values = z
  .union(
    [
      z
        .string()
        .min(1)
        .transform((one) => [one]),
      z.array(z.string().min(1)).min(1).max(100),
    ],
    { error: 'must be a value of the column, or a list of them, in quotes if it is a number' },
  )
  .optional()
/** The column that gives a pair's split, and its values if they are not the usual names. */
const splitColumn = z
  .strictObject({ column, train: values, dev: values, test: values })
  .superRefine(({ train = [], dev = [], test = [] }, context) => {
    const sets = [train, dev, test].map((list) => new Set(list.map((value) => value.toLowerCase())))
    const all = sets.flatMap((set) => [...set])
    const twice = all.find((value, i) => all.indexOf(value) < i)
    if (twice !== undefined) context.addIssue(`"${twice}" means more than one split`)
  })

export const columns = z
  .strictObject({
    input: column.optional(),
    answer: column.optional(),
    accept: column.optional(),
    split: z
      .union([column, splitColumn], {
        error: "must be a column's name, its number, or {column, train, dev, test}",
      })
      .optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), 'names no column')
