// What openid-client does with us, by capability. It knows our issuer identifier and its own credentials, and finds the rest.
// Usage: openid-client.mjs CAPABILITY JSON; prints what it saw.

import { calculateJwkThumbprint, decodeJwt, exportJWK, importPKCS8 } from 'jose'
import * as client from 'openid-client'

import { JWT, JWT_BEARER, TOKEN_EXCHANGE, given, ofExchange, refusal, show } from './capability.mjs'

const authentication = given.private_key
  ? client.PrivateKeyJwt(await importPKCS8(given.private_key, 'ES256'))
  : client.ClientSecretBasic(given.client_secret)

const discover = (options, as = authentication) =>
  client.discovery(
    new URL(given.issuer), given.client_id, undefined, as,
    // It refuses http; this is loopback.
    { execute: [client.allowInsecureRequests], ...options })

const server = await discover({ algorithm: 'oauth2' })

const exchange = (assertion, options) => client.genericGrantRequest(server, JWT_BEARER, { assertion }, options)

const capabilities = {
  ...ofExchange(exchange),

  'discovery-oauth2': async () => server.serverMetadata(),

  'discovery-openid': async () => (await discover({})).serverMetadata(),

  async 'jwt-bearer'() {
    const { assertion, resources } = given
    const stranger = await discover({ algorithm: 'oauth2' }, client.ClientSecretBasic('wrong'))
    const wrong_secret = await refusal(client.genericGrantRequest(stranger, JWT_BEARER, { assertion }))
    const token = await client.genericGrantRequest(server, JWT_BEARER, { assertion, scope: 'read' })
    const forgery = `${token.access_token.slice(0, -6)}AAAAAA`
    const calls = []
    for (const resource of resources) {
      const call = (bearer) => client.fetchProtectedResource(server, bearer, new URL(resource), 'GET')
      const [answer, forged] = [await call(token.access_token), await call(forgery)]
      calls.push({ status: answer.status, claims: await answer.json(), forged: forged.status })
    }
    return {
      token_type: token.token_type,
      calls,
      wrong_secret,
      replayed: await refusal(exchange(assertion)),
    }
  },

  async 'token-exchange'() {
    const { subject_token, actor_token } = given
    const tokens = { subject_token, subject_token_type: JWT, actor_token, actor_token_type: JWT }
    const ask = (target) => client.genericGrantRequest(server, TOKEN_EXCHANGE, { ...tokens, ...target })
    const token = await ask({})
    const { sub, act } = decodeJwt(token.access_token)
    const elsewhere = await refusal(ask({ audience: 'elsewhere' }))
    return { issued_token_type: token.issued_token_type, sub, actor: act.sub, elsewhere }
  },

  async dpop() {
    let requests = 0
    server[client.customFetch] = (...request) => {
      requests += 1
      return fetch(...request)
    }
    const keys = await client.randomDPoPKeyPair('ES256', { extractable: true })
    // It answers the server's call for a nonce by itself.
    const DPoP = client.getDPoPHandle(server, keys)
    const tokens = []
    for (const assertion of given.assertions) tokens.push(await exchange(assertion, { DPoP }))
    const thumbprint = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
    return {
      token_types: tokens.map(({ token_type }) => token_type.toLowerCase()),
      bound: tokens.every(({ access_token }) => decodeJwt(access_token).cnf?.jkt === thumbprint),
      requests,
    }
  },

  async introspection() {
    const { access_token } = await exchange(given.assertion)
    const { active, client_id, sub, token_type } = await client.tokenIntrospection(server, access_token)
    const unknown = await client.tokenIntrospection(server, 'unknown')
    return { known: { active, client_id, sub, token_type }, unknown }
  },

  async revocation() {
    const { access_token } = await exchange(given.assertion)
    await client.tokenRevocation(server, access_token, { token_type_hint: 'access_token' })
    await client.tokenRevocation(server, 'unknown')
    return client.tokenIntrospection(server, access_token)
  },
}

await show(capabilities)
