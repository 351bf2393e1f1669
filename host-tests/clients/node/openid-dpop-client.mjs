// The same as dpop-client.mjs with openid-client, which answers the server's call for a nonce by itself.
// Usage: openid-dpop-client.mjs ISSUER CLIENT_ID CLIENT_SECRET ASSERTION ASSERTION; prints what the tokens are.

import { calculateJwkThumbprint, decodeJwt, exportJWK } from 'jose'
import * as client from 'openid-client'

const [issuer, client_id, secret, ...assertions] = process.argv.slice(2)
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const server = await client.discovery(
  new URL(issuer), client_id, undefined, client.ClientSecretBasic(secret),
  // It refuses http; this is loopback.
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] })
const keys = await client.randomDPoPKeyPair('ES256', { extractable: true })
const DPoP = client.getDPoPHandle(server, keys)
const tokens = []
for (const assertion of assertions) {
  tokens.push(await client.genericGrantRequest(server, GRANT_TYPE, { assertion }, { DPoP }))
}
const thumbprint = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
console.log(JSON.stringify({
  token_types: tokens.map(({ token_type }) => token_type.toLowerCase()),
  bound: tokens.every(({ access_token }) => decodeJwt(access_token).cnf?.jkt === thumbprint),
}))
