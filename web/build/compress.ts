import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const brotli = promisify(brotliCompress)
const deflate = promisify(gzip)

/** Below this a response fits one packet anyway. */
const smallest = 1400

/** Writes a .br and a .gz beside every text file of the build, so that the server never compresses. */
export function compress(): Plugin {
  let folder = ''
  return {
    name: 'compress',
    apply: 'build',
    configResolved: (config) => void (folder = config.build.outDir),
    async closeBundle() {
      const names = await readdir(folder, { recursive: true })
      await Promise.all(names.filter((name) => /\.(js|css|html|svg|json|map|ttf)$/.test(name)).map((name) => compressFile(join(folder, name))))
    },
  }
}

async function compressFile(path: string) {
  if ((await stat(path)).size < smallest) return
  const plain = await readFile(path)
  // 9 of 11: the last two steps cost four times the time for three percent.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length }
  await writeFile(`${path}.br`, await brotli(plain, { params }))
  await writeFile(`${path}.gz`, await deflate(plain, { level: 9 }))
}
