"""Hooks of schemathesis that write down which operation had which status: the folder is SEEN."""

import atexit
import json
import os
import pathlib

import schemathesis

seen: set[tuple[str, int]] = set()


@schemathesis.hook
def after_call(context, case, response):
    seen.add((case.operation.label, response.status_code))


@atexit.register
def write():
    pathlib.Path(os.environ["SEEN"]).write_text(json.dumps(sorted(seen)))
