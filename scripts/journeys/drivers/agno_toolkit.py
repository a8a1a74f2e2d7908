"""Runs in agno's own Python: takes calls on standard input, a message a line, and calls the toolkit's functions."""

import json
import sys

from agno.tools.calcom import CalComTools

tools = CalComTools(user_timezone="UTC")
for line in sys.stdin:
    call = json.loads(line)
    sentence = getattr(tools, call["method"])(**call["params"])
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": sentence}) + "\n")
    sys.stdout.flush()
