// What oauth4webapi does with us, by capability. It knows our issuer identifier and its own credentials, and finds the rest.
// Usage: oauth4webapi.mjs CAPABILITY JSON; prints what it saw.

import { calculateJwkThumbprint, decodeJwt, exportJWK, importPKCS8 } from 'jose'
import * as oauth from 'oauth4webapi'

import { JWT, JWT_BEARER, TOKEN_EXCHANGE, given, ofExchange, refusal, show } from './capability.mjs'

// It refuses http; this is loopback.
const loopback = { [oauth.allowInsecureRequests]: true }

async function discover(algorithm) {
  const identifier = new URL(given.issuer)
  const response = await oauth.discoveryRequest(identifier, { algorithm, ...loopback })
  return oauth.processDiscoveryResponse(identifier, response)
}

const server = await discover('oauth2')
const client = { client_id: given.client_id }
const authentication = given.private_key
  ? oauth.PrivateKeyJwt(await importPKCS8(given.private_key, 'ES256'))
  : oauth.ClientSecretBasic(given.client_secret)

async function ask(grantType, parameters, { as = authentication, ...options } = {}) {
  const response = await oauth.genericTokenEndpointRequest(
    server, client, as, grantType, parameters, { ...options, ...loopback })
  return oauth.processGenericTokenEndpointResponse(server, client, response)
}

const exchange = (assertion, options) => ask(JWT_BEARER, { assertion }, options)

async function introspect(token) {
  const response = await oauth.introspectionRequest(server, client, authentication, token, loopback)
  return oauth.processIntrospectionResponse(server, client, response)
}

const capabilities = {
  ...ofExchange(exchange),

  'discovery-oauth2': async () => server,

  'discovery-openid': () => discover('oidc'),

  async 'jwt-bearer'() {
    const { assertion, resources } = given
    const wrong_secret = await refusal(exchange(assertion, { as: oauth.ClientSecretBasic('wrong') }))
    const token = await ask(JWT_BEARER, { assertion, scope: 'read' })
    const authorization = `Bearer ${token.access_token.slice(0, -6)}AAAAAA`
    const calls = []
    for (const resource of resources) {
      const answer = await oauth.protectedResourceRequest(
        token.access_token, 'GET', new URL(resource), undefined, undefined, loopback)
      // Its own function throws at a 401.
      const forged = await fetch(resource, { headers: { authorization } })
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
    const token = await ask(TOKEN_EXCHANGE, tokens)
    const { sub, act } = decodeJwt(token.access_token)
    const elsewhere = await refusal(ask(TOKEN_EXCHANGE, { ...tokens, audience: 'elsewhere' }))
    return { issued_token_type: token.issued_token_type, sub, actor: act.sub, elsewhere }
  },

  async dpop() {
    const keys = await oauth.generateKeyPair('ES256', { extractable: true })
    const DPoP = oauth.DPoP(client, keys)
    let requests = 0
    const once = (assertion) => {
      requests += 1
      return exchange(assertion, { DPoP })
    }
    const tokens = []
    for (const assertion of given.assertions) {
      // It keeps the nonce that it was given; asking once more is left to us.
      tokens.push(await once(assertion).catch((error) => {
        if (oauth.isDPoPNonceError(error)) return once(assertion)
        throw error
      }))
    }
    const thumbprint = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
    return {
      token_types: tokens.map(({ token_type }) => token_type.toLowerCase()),
      bound: tokens.every(({ access_token }) => decodeJwt(access_token).cnf?.jkt === thumbprint),
      requests,
    }
  },

  async introspection() {
    const { access_token } = await exchange(given.assertion)
    const { active, client_id, sub, token_type } = await introspect(access_token)
    return { known: { active, client_id, sub, token_type }, unknown: await introspect('unknown') }
  },

  async revocation() {
    const { access_token } = await exchange(given.assertion)
    for (const token of [access_token, 'unknown']) {
      const response = await oauth.revocationRequest(server, client, authentication, token, loopback)
      // It throws where the response is no success.
      await oauth.processRevocationResponse(response)
    }
    return introspect(access_token)
  },
}

await show(capabilities)
