// An MCP client with workload identity (SEP-1933), by MCP's SDK: the SDK finds the authorization server, asks it for a token
// with the JWT bearer grant, and calls the MCP server with it. The conformance suite runs this.
// Usage: workload-client.mjs MCP_SERVER; MCP_CONFORMANCE_CONTEXT has the client_id and the assertion.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const { client_id, valid_jwt: assertion } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT)
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** The SDK has no provider for this grant without a client secret: this says what it asks of one, and sends nothing itself. */
class WorkloadIdentity {
  #asked = false
  #tokens
  redirectUrl = undefined
  clientMetadata = { redirect_uris: [], grant_types: [GRANT_TYPE], token_endpoint_auth_method: 'none' }
  clientInformation = () => ({ client_id })
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
    if (this.#asked) throw new Error('refused once: not tried again')
    this.#asked = true
    return new URLSearchParams({ grant_type: GRANT_TYPE, assertion, ...(scope && { scope }) })
  }
}

const client = new Client({ name: 'asserta-workload', version: '1.0.0' }, { capabilities: {} })
const transport = new StreamableHTTPClientTransport(new URL(process.argv[2]), { authProvider: new WorkloadIdentity() })
await client.connect(transport)
await client.listTools()
await transport.close()
