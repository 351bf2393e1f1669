// An MCP client of an enterprise (Enterprise-Managed Authorization, SEP-990), by MCP's own client code: it gets an ID-JAG of the
// identity provider for an ID token, exchanges that at the authorization server, and calls the MCP server. The conformance suite
// runs this.
// Usage: cross-app-client.mjs MCP_SERVER; MCP_CONFORMANCE_CONTEXT has the ID token, and the client at both.

import {
  Client, CrossAppAccessProvider, StreamableHTTPClientTransport, discoverAuthorizationServerMetadata, requestJwtAuthorizationGrant,
} from '@modelcontextprotocol/client'

const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT)

const authProvider = new CrossAppAccessProvider({
  clientId: context.client_id,
  clientSecret: context.client_secret,
  async assertion({ authorizationServerUrl, resourceUrl, scope, fetchFn }) {
    // The ID-JAG is for the issuer identifier of the authorization server, which its metadata has.
    const { issuer } = await discoverAuthorizationServerMetadata(authorizationServerUrl, { fetchFn })
    const { jwtAuthGrant } = await requestJwtAuthorizationGrant({
      tokenEndpoint: context.idp_token_endpoint,
      audience: issuer,
      resource: resourceUrl,
      idToken: context.idp_id_token,
      clientId: context.idp_client_id,
      scope,
      fetchFn,
    })
    return jwtAuthGrant
  },
})

const client = new Client({ name: 'asserta-cross-app', version: '1.0.0' }, { capabilities: {} })
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2]), { authProvider }))
await client.listTools()
await client.close()
