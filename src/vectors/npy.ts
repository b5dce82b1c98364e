import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from '../weights/bounded-file.js'
import type { TensorInfo } from '../weights/checkpoint.js'
import { bytesOf } from './safetensors.js'

/** NumPy array files (numpy.lib.format): a vector [d_model], or a matrix with one vector per row. Written as version 1.0. */

const magic = Buffer.from('\x93NUMPY', 'latin1')
const types = { '<f4': 'F32', '<f2': 'F16' } as const

export function isNpy(file: BoundedFile): boolean {
  return file.size >= 10 && magic.equals(file.read(0, 6, 'the first bytes'))
}

export function npyBytes(values: Float32Array): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length},), }`
  // Magic, version and length take 10 bytes; the data start at a multiple of 64.
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n'
  const start = Buffer.from([...magic, 1, 0, padded.length & 255, padded.length >> 8])
  return Buffer.concat([start, Buffer.from(padded, 'latin1'), bytesOf(values)])
}

/** The array of the file. Errors: WEIGHTS. */
export function npyTensor(file: BoundedFile, name: string): TensorInfo {
  const refuse = (what: string, hint?: string) =>
    new TaskvecError('WEIGHTS', `${file.path}: ${what}`, hint === undefined ? {} : { hint })
  const [major = 0] = file.read(6, 1, 'the version')
  const view = new DataView(file.read(8, major === 1 ? 2 : 4, 'the header length').buffer)
  const length = major === 1 ? view.getUint16(0, true) : view.getUint32(0, true)
  if (major < 1 || major > 3 || length > 65536) throw refuse('not a NumPy array file of versions 1 to 3')
  const start = (major === 1 ? 10 : 12) + length
  const header = Buffer.from(file.read(start - length, length, 'the header')).toString('latin1')
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1]
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1]
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  if (descr === undefined || shape === undefined || order === undefined)
    throw refuse('the header of a NumPy array file is malformed')
  if (!Object.hasOwn(types, descr))
    throw refuse(
      `its values are of type ${descr}; supported: ${Object.keys(types).join(', ')}`,
      'Save it as float32: np.save(file, array.astype("float32")).',
    )
  const dims = shape.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]))
  if (order === 'True' && dims.length > 1)
    throw refuse(
      'its matrix is in Fortran order',
      'Save it in C order: np.save(file, np.ascontiguousarray(array)).',
    )
  const type = types[descr as keyof typeof types]
  const byteLength = dims.reduce((a, b) => a * b, type === 'F32' ? 4 : 2)
  if (start + byteLength !== file.size)
    throw refuse(
      `an array of shape (${shape.trim()}) takes ${byteLength} bytes, but the file has ${file.size - start}`,
    )
  return { name, shape: dims, type, file: file.path, offset: start, byteLength }
}
