// An OAuth client whose token is bound to a key: oauth4webapi discovers the authorization server, makes a proof for each request,
// and sends another one with the server's nonce where that wants one.
// Usage: dpop-client.mjs ISSUER CLIENT_ID CLIENT_SECRET ASSERTION ASSERTION; prints what the tokens are, and how often it had to try.

import { calculateJwkThumbprint, decodeJwt, exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'

const [issuer, client_id, secret, ...assertions] = process.argv.slice(2)
// It refuses http; this is loopback.
const loopback = { [oauth.allowInsecureRequests]: true }
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const identifier = new URL(issuer)
const discovered = await oauth.discoveryRequest(identifier, { algorithm: 'oauth2', ...loopback })
const server = await oauth.processDiscoveryResponse(identifier, discovered)
const client = { client_id }
const keys = await oauth.generateKeyPair('ES256', { extractable: true })
const DPoP = oauth.DPoP(client, keys)
let tries = 0

async function exchange(assertion) {
  tries += 1
  const response = await oauth.genericTokenEndpointRequest(
    server, client, oauth.ClientSecretBasic(secret), GRANT_TYPE, { assertion }, { DPoP, ...loopback })
  return oauth.processGenericTokenEndpointResponse(server, client, response)
}

const tokens = []
for (const assertion of assertions) {
  tokens.push(await exchange(assertion).catch((error) => {
    if (oauth.isDPoPNonceError(error)) return exchange(assertion)
    throw error
  }))
}
const thumbprint = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
console.log(JSON.stringify({
  listed: server.dpop_signing_alg_values_supported.includes('ES256'),
  token_types: tokens.map(({ token_type }) => token_type.toLowerCase()),
  bound: tokens.every(({ access_token }) => decodeJwt(access_token).cnf?.jkt === thumbprint),
  tries,
}))
