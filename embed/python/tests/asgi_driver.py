"""Carries out on ``asserta.http`` what the scenario runner asks for, in lines of JSON (host-tests/README.md).

    python asgi_driver.py [--host-signatures]
"""

import asyncio
import json
import sys

from asserta.http import Endpoint

endpoint = None
now = 0  # what its clock shows


async def start(**settings):
    global endpoint
    if endpoint is not None:
        await endpoint.stop()
    endpoint = Endpoint(
        settings=settings, clock=lambda: now, on_event=lambda event: None,
        host_signatures="--host-signatures" in sys.argv)
    await endpoint.start()
    return {"ok": {}}


async def http(method, path, headers, body):
    path, _, query = path.partition("?")
    body = bytes(body)
    headers = [(name.lower().encode(), bytes(value)) for name, value in headers]
    if body and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(body)).encode()))
    messages = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        messages.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
             "headers": [(b"host", b"127.0.0.1"), *headers]}
    await endpoint(scope, receive, send)
    begin, *rest = messages
    pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in begin["headers"]]
    content = b"".join(message["body"] for message in rest)
    return {"http": {"status": begin["status"], "headers": pairs, "body": content.decode()}}


async def carry_out(identifier, do, **members):
    outcome = await {"start": start, "http": http}[do](**members)
    print(json.dumps({"id": identifier, **outcome}), flush=True)


async def main():
    global now
    print(json.dumps({"protocol": 1, "http": True}), flush=True)
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:  # what fails ends the driver
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            request = json.loads(line)
            now = request.pop("at")
            group.create_task(carry_out(request.pop("id"), **request))
    await endpoint.stop()


asyncio.run(main())
