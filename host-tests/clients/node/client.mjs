// An OAuth client: oauth4webapi discovers the authorization server, asks for a token with the JWT bearer grant,
// and calls the resource server with it.
// Usage: client.mjs ISSUER CLIENT_ID CLIENT_SECRET ASSERTION RESOURCE; prints what the resource answered.

import * as oauth from 'oauth4webapi'

const [issuer, client_id, secret, assertion, resource] = process.argv.slice(2)
// It refuses http; this is loopback.
const loopback = { [oauth.allowInsecureRequests]: true }
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const identifier = new URL(issuer)
const discovered = await oauth.discoveryRequest(identifier, { algorithm: 'oauth2', ...loopback })
const server = await oauth.processDiscoveryResponse(identifier, discovered)
const client = { client_id }

async function exchange(clientSecret) {
  const parameters = { assertion, scope: 'read' }
  const authentication = oauth.ClientSecretBasic(clientSecret)
  const response = await oauth.genericTokenEndpointRequest(
    server, client, authentication, GRANT_TYPE, parameters, loopback)
  return oauth.processGenericTokenEndpointResponse(server, client, response)
}

/** The OAuth error that oauth4webapi reads from a refusal. */
async function refused(clientSecret) {
  try {
    await exchange(clientSecret)
    return null
  } catch (error) {
    // A 401 is a challenge to it, anything else an error in the body.
    return error.error ?? error.cause?.[0]?.scheme ?? String(error)
  }
}

const wrong_secret = await refused('wrong')
const token = await exchange(secret)
const call = (bearer) =>
  fetch(resource, { headers: { authorization: `Bearer ${bearer}` } })
const answer = await oauth.protectedResourceRequest(
  token.access_token, 'GET', new URL(resource), undefined, undefined, loopback)
const forged = await call(`${token.access_token.slice(0, -6)}AAAAAA`)
console.log(JSON.stringify({
  token_type: token.token_type,
  status: answer.status,
  claims: await answer.json(),
  forged: forged.status,
  wrong_secret,
  replayed: await refused(secret),
}))
