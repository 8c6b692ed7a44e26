import type { Exchange } from '@urql/core'
import { cacheExchange, type KeyingConfig } from '@urql/exchange-graphcache'
import { possibleTypes } from '../possible-types'
import { optimistic } from './optimistic'

/** Things are kept by their id. What has none is a part of what it belongs to; told so, the cache does not warn of it. */
const keys: KeyingConfig = new Proxy({}, { get: () => (thing: { id?: string }) => thing.id ?? null })

/** Keeps each thing once, by its id: whatever brings news of it, an answer or an event, changes it on every screen. */
export function createCache(): Exchange {
  return cacheExchange({ keys, possibleTypes, optimistic })
}
