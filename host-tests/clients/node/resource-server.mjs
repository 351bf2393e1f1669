// A resource server: it knows the issuer identifier of the authorization server and nothing else (R64).
// Usage: resource-server.mjs ISSUER AUDIENCE; prints the port that it listens on.

import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [issuer, audience] = process.argv.slice(2)

// RFC 8414 section 3.1: the well-known part comes before the path of the issuer.
const { origin, pathname } = new URL(issuer)
const wellKnown = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
const metadata = await (await fetch(wellKnown)).json()
if (metadata.issuer !== issuer) throw new Error('the metadata is of another issuer')
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))

const server = createServer(async (request, response) => {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: metadata.access_token_signing_alg_values_supported,
      requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti'],
    })
    answer(200, payload)
  } catch (error) {
    console.error(error.code ?? error)
    answer(401, { error: 'invalid_token' })
  }
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
