const storageKey = 'wfd.key'

/** What an address brings along: a credential, or why there is none. */
export type Arrival = { key: string } | { problem: string } | null

/**
 * Reads the fragment of an address. A link with an API key was given to a person, who means it. A session comes from the
 * organisation's sign-in, and is believed only when this browser began that: else whoever sends a link could have somebody
 * else work in the sender's name.
 */
export function arrivalOf(fragment: URLSearchParams, wasBegun: (nonce: string) => boolean): Arrival {
  const [key, nonce, error] = ['key', 'nonce', 'error'].map((name) => fragment.get(name))
  if (error) return { problem: error }
  if (!key) return null
  if (key.startsWith('wfs_') && !(nonce && wasBegun(nonce))) return { problem: 'This sign-in was not begun here. Sign in again.' }
  return { key }
}

/**
 * Moves a key out of `#key=…` into this tab's session storage, and out of the address bar and the history, so that it is
 * neither shared with a copied link nor sent to a server. Returns what to tell the person when nobody could be signed in.
 * Call it before anything reads the address.
 */
export function takeKeyFromAddress(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const arrival = arrivalOf(fragment, forgetNonce)
  if (!arrival) return null
  for (const name of ['key', 'nonce', 'error']) fragment.delete(name)
  const rest = fragment.size > 0 ? `#${fragment}` : ''
  history.replaceState(history.state, '', location.pathname + location.search + rest)
  if ('problem' in arrival) return arrival.problem
  sessionStorage.setItem(storageKey, arrival.key)
  return null
}

const noncePrefix = 'wfd.nonce.'

/** Remembers that this browser begins to sign in, and gives the word by which it will know that again. */
export function rememberNonce(): string {
  const nonce = randomWord()
  localStorage.setItem(noncePrefix + nonce, '')
  return nonce
}

/** Whether this browser gave that word; it holds once. */
function forgetNonce(nonce: string): boolean {
  const known = localStorage.getItem(noncePrefix + nonce) !== null
  localStorage.removeItem(noncePrefix + nonce)
  return known
}

/** A word that nobody guesses. */
export function randomWord(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')
}

/** The API key or session token of this tab; null when nobody is signed in. */
export function sessionKey(): string | null {
  return sessionStorage.getItem(storageKey)
}

/** Signs this tab in, or out with null. */
export function setSessionKey(key: string | null) {
  if (key === null) sessionStorage.removeItem(storageKey)
  else sessionStorage.setItem(storageKey, key)
}

/** The value of the Authorization header; undefined when nobody is signed in. */
export function authorization(): string | undefined {
  const key = sessionKey()
  return key === null ? undefined : `Bearer ${key}`
}

/** What every request to the API carries. */
export function requestOptions(): RequestInit {
  return { headers: { authorization: authorization() ?? '' } }
}
