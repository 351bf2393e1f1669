// An OAuth client that exchanges another issuer's token (RFC 8693): oauth4webapi discovers the authorization server, and asks once
// more for a target that there is not.
// Usage: exchange-client.mjs ISSUER CLIENT_ID CLIENT_SECRET SUBJECT_TOKEN ACTOR_TOKEN; prints what came of both.

import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'

const [issuer, client_id, client_secret, subject_token, actor_token] = process.argv.slice(2)
// It refuses http; this is loopback.
const loopback = { [oauth.allowInsecureRequests]: true }
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

const identifier = new URL(issuer)
const discovered = await oauth.discoveryRequest(identifier, { algorithm: 'oauth2', ...loopback })
const server = await oauth.processDiscoveryResponse(identifier, discovered)
const client = { client_id }

async function exchange(audience) {
  const parameters = { subject_token, subject_token_type: JWT, actor_token, actor_token_type: JWT, ...audience }
  const response = await oauth.genericTokenEndpointRequest(
    server, client, oauth.ClientSecretBasic(client_secret), GRANT_TYPE, parameters, loopback)
  return oauth.processGenericTokenEndpointResponse(server, client, response)
}

const token = await exchange({})
const elsewhere = await exchange({ audience: 'elsewhere' }).then(() => null, (error) => error.error ?? String(error))
const claims = decodeJwt(token.access_token)
console.log(JSON.stringify({
  listed: server.grant_types_supported.includes(GRANT_TYPE),
  issued_token_type: token.issued_token_type,
  sub: claims.sub,
  actor: claims.act.sub,
  elsewhere,
}))
