// An OAuth client that looks its token up and takes it back: oauth4webapi finds both endpoints by discovery.
// Usage: token-client.mjs ISSUER CLIENT_ID CLIENT_SECRET ASSERTION; prints what it learnt before and after.

import * as oauth from 'oauth4webapi'

const [issuer, client_id, secret, assertion] = process.argv.slice(2)
// It refuses http; this is loopback.
const loopback = { [oauth.allowInsecureRequests]: true }
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const identifier = new URL(issuer)
const discovered = await oauth.discoveryRequest(identifier, { algorithm: 'oauth2', ...loopback })
const server = await oauth.processDiscoveryResponse(identifier, discovered)
const client = { client_id }
const authentication = oauth.ClientSecretBasic(secret)

const granted = await oauth.genericTokenEndpointRequest(
  server, client, authentication, GRANT_TYPE, { assertion }, loopback)
const token = await oauth.processGenericTokenEndpointResponse(server, client, granted)

async function introspect(text) {
  const response = await oauth.introspectionRequest(server, client, authentication, text, loopback)
  return oauth.processIntrospectionResponse(server, client, response)
}

async function revoke(text) {
  const response = await oauth.revocationRequest(server, client, authentication, text, loopback)
  // It throws where the response is no success.
  await oauth.processRevocationResponse(response)
}

const before = await introspect(token.access_token)
await revoke(token.access_token)
await revoke('unknown')
console.log(JSON.stringify({
  before: { active: before.active, client_id: before.client_id, sub: before.sub, token_type: before.token_type },
  after: await introspect(token.access_token),
}))
