const storageKey = 'wfd.key'

/**
 * Moves a key out of `#key=…` into this tab's session storage, and out of the address bar and the history,
 * so that it is neither shared with a copied link nor sent to a server. Call it before anything reads the address.
 */
export function takeKeyFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const key = fragment.get('key')
  if (!key) return
  sessionStorage.setItem(storageKey, key)
  fragment.delete('key')
  const rest = fragment.size > 0 ? `#${fragment}` : ''
  history.replaceState(history.state, '', location.pathname + location.search + rest)
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
