// An MCP server (`@modelcontextprotocol/sdk`) that takes the tokens of an authorization server, and says whose they are (RFC 9728).
// Beside it stands an identity provider that has nothing to decide: what comes to it for an ID-JAG as the ID token is the ID-JAG.
// Usage: server.mjs ISSUER; prints the port that it listens on. The resource is /mcp; /seen lists the claims of the tokens.

import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

const [issuer] = process.argv.slice(2)
const keys = createRemoteJWKSet(new URL(`${issuer}/oauth2/jwks`))
const seen = []

const answer = (response, status, body, headers) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

async function speak(request, response) {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  server.registerTool('list', { description: 'Lists the notes' }, () => ({ content: [] }))
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true })
  response.on('close', () => void transport.close())
  await server.connect(transport)
  await transport.handleRequest(request, response)
}

const listening = createServer(async (request, response) => {
  const here = `http://127.0.0.1:${listening.address().port}`
  if (request.url === '/seen') return answer(response, 200, seen)
  if (request.url === '/.well-known/oauth-protected-resource/mcp') {
    return answer(response, 200, { resource: `${here}/mcp`, authorization_servers: [issuer], scopes_supported: ['read'] })
  }
  if (request.url === '/idp/token') {
    let form = ''
    for await (const chunk of request) form += chunk
    const type = 'urn:ietf:params:oauth:token-type:id-jag'
    return answer(response, 200, { access_token: new URLSearchParams(form).get('subject_token'), issued_token_type: type, token_type: 'N_A', expires_in: 300 })
  }
  if (request.url !== '/mcp') return answer(response, 404, {})
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, audience: `${here}/mcp`, typ: 'at+jwt' })
    seen.push(payload)
  } catch {
    const challenge = `Bearer resource_metadata="${here}/.well-known/oauth-protected-resource/mcp", scope="read"`
    return answer(response, 401, { error: 'invalid_token' }, { 'www-authenticate': challenge })
  }
  if (request.method !== 'POST') return answer(response, 405, {}, { allow: 'POST' })
  await speak(request, response)
})
listening.listen(0, '127.0.0.1', () => console.log(listening.address().port))
