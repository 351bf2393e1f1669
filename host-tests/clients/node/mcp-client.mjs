// MCP's own client code (@modelcontextprotocol/client) asks for tokens with the JWT bearer grant, in each way it has.
// Usage: mcp-client.mjs CONFIGURATION, in JSON: server (of MCP), issuer, basic and post (a client each: id and secret), label
// (of a workload without a client), assertions (one for each way).
// Prints what the MCP server answered in the end, or the error, by the name of the way.

import {
  CrossAppAccessProvider, auth, discoverAuthorizationServerMetadata, exchangeJwtAuthGrant, startAuthorization,
} from '@modelcontextprotocol/client'

const { server, issuer, basic, post, label, assertions } = JSON.parse(process.argv[2])
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const tokenEndpoint = `${issuer}/oauth2/token`

/** All of it by the SDK: it finds the authorization server from the MCP server, and asks it for a token for that server. */
async function authorize(provider) {
  const outcome = await auth(provider, { serverUrl: server })
  if (outcome !== 'AUTHORIZED') throw new Error(outcome)
  return (await provider.tokens()).access_token
}

const crossApp = (assertion, clientSecret = basic.secret) => new CrossAppAccessProvider({
  assertion: async () => assertion, clientId: basic.id, clientSecret, expectedIssuer: issuer,
})

/** As a client does that would send its user to the authorization endpoint: the SDK finds out before a browser opens. */
async function redirect() {
  const metadata = await discoverAuthorizationServerMetadata(issuer)
  const clientInformation = { client_id: basic.id }
  await startAuthorization(issuer, { metadata, clientInformation, redirectUrl: 'http://127.0.0.1/callback' })
  throw new Error('it opens a browser')
}

/** The last step alone. */
async function exchange(authMethod, { id, secret }, assertion) {
  const options = { tokenEndpoint, jwtAuthGrant: assertion, clientId: id, clientSecret: secret, authMethod }
  return (await exchangeJwtAuthGrant(options)).access_token
}

/** The SDK has no provider for workload identity (SEP-1933): this says what it asks of one, and sends nothing itself. */
class WorkloadIdentity {
  #assertion
  #tokens
  redirectUrl = undefined
  clientMetadata = { redirect_uris: [], grant_types: [GRANT_TYPE], token_endpoint_auth_method: 'none' }
  constructor(assertion) {
    this.#assertion = assertion
  }
  clientInformation = () => ({ client_id: label, issuer })
  tokens = () => this.#tokens
  saveTokens(tokens) {
    this.#tokens = tokens
  }
  saveCodeVerifier() {}
  codeVerifier() {
    throw new Error('there is no code')
  }
  redirectToAuthorization() {
    throw new Error('there is nobody to redirect')
  }
  prepareTokenRequest(scope) {
    return new URLSearchParams({ grant_type: GRANT_TYPE, assertion: this.#assertion, ...(scope && { scope }) })
  }
}

const ways = {
  wrong_secret: (assertion) => authorize(crossApp(assertion, 'wrong')),
  cross_app: (assertion) => authorize(crossApp(assertion)),
  client_secret_basic: (assertion) => exchange('client_secret_basic', basic, assertion),
  client_secret_post: (assertion) => exchange('client_secret_post', post, assertion),
  workload_identity: (assertion) => authorize(new WorkloadIdentity(assertion)),
  redirect,
}

const seen = {}
for (const [index, [name, way]] of Object.entries(ways).entries()) {
  try {
    const token = await way(assertions[index])
    const answer = await fetch(server, { headers: { authorization: `Bearer ${token}` } })
    seen[name] = { status: answer.status, claims: await answer.json() }
  } catch (error) {
    seen[name] = { error: error.code ?? error.name, message: String(error.message) }
  }
}
console.log(JSON.stringify(seen))
