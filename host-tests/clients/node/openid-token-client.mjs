// The same as token-client.mjs with openid-client: nothing is set but the issuer identifier and the secret.
// Usage: openid-token-client.mjs ISSUER CLIENT_ID CLIENT_SECRET ASSERTION; prints what it learnt before and after.

import * as client from 'openid-client'

const [issuer, client_id, secret, assertion] = process.argv.slice(2)
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const server = await client.discovery(
  new URL(issuer), client_id, undefined, client.ClientSecretBasic(secret),
  // It refuses http; this is loopback.
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] })
const token = await client.genericGrantRequest(server, GRANT_TYPE, { assertion })

const before = await client.tokenIntrospection(server, token.access_token)
await client.tokenRevocation(server, token.access_token, { token_type_hint: 'access_token' })
await client.tokenRevocation(server, 'unknown')
console.log(JSON.stringify({
  before: { active: before.active, client_id: before.client_id, sub: before.sub, token_type: before.token_type },
  after: await client.tokenIntrospection(server, token.access_token),
}))
