// What is a resource server in MCP: it says who issues its tokens (RFC 9728), and checks them. No MCP is spoken here.
// Usage: mcp-server.mjs ISSUER; prints the port that it listens on. The resource is /mcp.

import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [issuer] = process.argv.slice(2)
const { origin, pathname } = new URL(issuer)
const metadata = await (await fetch(`${origin}/.well-known/oauth-authorization-server${pathname}`)).json()
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))

const server = createServer(async (request, response) => {
  const here = `http://127.0.0.1:${server.address().port}`
  const answer = (status, body, headers) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
  if (request.url === '/.well-known/oauth-protected-resource/mcp') {
    return answer(200, { resource: `${here}/mcp`, authorization_servers: [issuer], scopes_supported: ['read'] })
  }
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, audience: `${here}/mcp`, typ: 'at+jwt' })
    answer(200, payload)
  } catch {
    const challenge = `Bearer resource_metadata="${here}/.well-known/oauth-protected-resource/mcp"`
    answer(401, { error: 'invalid_token' }, { 'www-authenticate': challenge })
  }
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
