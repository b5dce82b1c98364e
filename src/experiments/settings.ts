import { z } from 'zod'

/** Schemas of numbers in experiments' settings. */
export const count = z.int().min(1).max(100_000)
export const layer = z.int().min(0).max(10_000)
