import { z } from 'zod'

/** Numbers as experiments' settings take them. */
export const count = z.int().min(1).max(100_000)
export const layer = z.int().min(0).max(10_000)
