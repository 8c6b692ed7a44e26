import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

type Chunk = { code: string; imports: string[]; isEntry: boolean; name: string }

/** Fails the build when the JavaScript of the first page, gzipped, is more than so many bytes. */
export function budget({ entry, screen, bytes }: { entry: string; screen: string; bytes: number }): Plugin {
  return {
    name: 'budget',
    apply: 'build',
    generateBundle(_, bundle) {
      const chunks = new Map(Object.entries(bundle).flatMap(([file, output]) => (output.type === 'chunk' ? [[file, output as Chunk]] : [])))
      const first = [...chunks].filter(([, chunk]) => (chunk.isEntry && chunk.name === entry) || chunk.name === screen).map(([file]) => file)
      if (first.length !== 2) this.error(`budget: the chunks ${entry} and ${screen} were not found`)
      const size = [...loaded(first, chunks)].reduce((sum, file) => sum + gzipSync(chunks.get(file)!.code).length, 0)
      const text = `first load: ${Math.round(size / 1000)} kB of JavaScript gzipped, ${Math.round(bytes / 1000)} allowed`
      if (size > bytes) this.error(text)
      this.info(text)
    },
  }
}

/** What loads with some files: all that they import, and what that imports. */
export function loaded(files: string[], chunks: Map<string, Pick<Chunk, 'imports'>>): Set<string> {
  const all = new Set(files)
  for (const file of all) for (const next of chunks.get(file)?.imports ?? []) all.add(next)
  return all
}
