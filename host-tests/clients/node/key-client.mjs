// An OAuth client with a key in place of a secret: oauth4webapi discovers the authorization server and authenticates with
// private_key_jwt; it asks twice with one assertion.
// Usage: key-client.mjs ISSUER CLIENT_ID PRIVATE_KEY ASSERTION; prints whom the token is for, and what became of the second.

import { decodeJwt, importPKCS8 } from 'jose'
import * as oauth from 'oauth4webapi'

const [issuer, client_id, pem, assertion] = process.argv.slice(2)
// It refuses http; this is loopback.
const loopback = { [oauth.allowInsecureRequests]: true }
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const identifier = new URL(issuer)
const discovered = await oauth.discoveryRequest(identifier, { algorithm: 'oauth2', ...loopback })
const server = await oauth.processDiscoveryResponse(identifier, discovered)
const client = { client_id }
const authentication = oauth.PrivateKeyJwt(await importPKCS8(pem, 'ES256'))

async function exchange() {
  const response = await oauth.genericTokenEndpointRequest(
    server, client, authentication, GRANT_TYPE, { assertion }, loopback)
  return oauth.processGenericTokenEndpointResponse(server, client, response)
}

const token = await exchange()
const replayed = await exchange().then(() => null, (error) => error.error ?? String(error))
console.log(JSON.stringify({
  listed: server.token_endpoint_auth_methods_supported.includes('private_key_jwt')
    && server.token_endpoint_auth_signing_alg_values_supported.includes('ES256'),
  client_id: decodeJwt(token.access_token).client_id,
  replayed,
}))
