// R120, R121: an MCP server (`@modelcontextprotocol/sdk`) behind the guard, and MCP's own client in front of it. The client
// learns from the challenge whose tokens are wanted, gets one from an Asserta of this package, and calls a tool.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  discoverOAuthProtectedResourceMetadata, extractWWWAuthenticateParams,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { express as guarded } from "asserta/guard";
import express from "express";

import { asserta, GRANT, listen } from "./serving.mjs";

/** An MCP server with one tool, which says who calls it. */
async function mcp(t, issuer) {
  const app = express();
  const resource = `${await listen(t, createServer(app))}/mcp`;
  app.use(guarded({ issuer, audience: resource, scopes: ["notes.read"] }));
  app.use(express.json());
  app.post("/mcp", async (request, response) => {
    const server = new McpServer({ name: "notes", version: "1.0.0" });
    server.registerTool("whoami", { description: "Who calls" }, ({ authInfo, requestInfo }) => ({
      content: [{
        type: "text",
        text: JSON.stringify({ ...authInfo, token: undefined, header: requestInfo.headers["x-asserta-subject"] }),
      }],
    }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    response.on("close", () => void transport.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  return resource;
}

test("from the challenge to the call", async (t) => {
  const { issuer, partner, register } = await asserta(t);
  const resource = await mcp(t, issuer);
  const app = await register("applications", { grant_types: [GRANT], scope: "notes.read notes.write", audience: resource });

  // Without a token: 401, and where to look.
  const bare = await fetch(resource, { method: "POST", body: "{}" });
  assert.equal(bare.status, 401);
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(bare);
  assert.equal(scope, "notes.read");
  const metadata = await discoverOAuthProtectedResourceMetadata(resource, { resourceMetadataUrl });
  assert.equal(metadata.resource, resource);
  assert.deepEqual(metadata.authorization_servers, [issuer]);

  // That is us.
  const found = await fetch(`${metadata.authorization_servers[0]}/.well-known/oauth-authorization-server`);
  const { token_endpoint: tokenEndpoint } = await found.json();
  const get = async (parameters = {}) => {
    const response = await fetch(tokenEndpoint, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${app.client_id}:${app.client_secret}`)}` },
      body: new URLSearchParams({
        grant_type: GRANT, assertion: await partner.assertion({ aud: issuer }), resource, scope, ...parameters,
      }),
    });
    const { access_token: token, ...rest } = await response.json();
    assert.ok(token, JSON.stringify(rest));
    return token;
  };

  const connect = async (token) => {
    const client = new Client({ name: "test", version: "1.0.0" });
    const headers = { authorization: `Bearer ${token}`, "x-asserta-subject": "root" };
    await client.connect(new StreamableHTTPClientTransport(new URL(resource), { requestInit: { headers } }));
    t.after(() => client.close());
    return client;
  };
  const { content } = await (await connect(await get())).callTool({ name: "whoami", arguments: {} });
  const who = JSON.parse(content[0].text);
  assert.deepEqual([who.clientId, who.scopes, who.header], [app.client_id, ["notes.read"], "alice"]);
  assert.equal(who.extra.sub, "alice");

  // A token without the scope, and one that was tampered with.
  const status = async (token) => {
    const response = await fetch(resource, { method: "POST", body: "{}", headers: { authorization: `Bearer ${token}` } });
    return [response.status, extractWWWAuthenticateParams(response).error];
  };
  assert.deepEqual(await status(await get({ scope: "notes.write" })), [403, "insufficient_scope"]);
  assert.deepEqual(await status(`${(await get()).slice(0, -4)}AAAA`), [401, "invalid_token"]);
  await assert.rejects(connect("no.such.token"));
});
