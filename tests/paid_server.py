"""A shop that sells tokens over OpenAI's protocol and keeps its own account, and customers of it: both are processes.

``serve`` prints its port; ``GET /account`` tells how many calls it sold and the nano-dollars it charged for them;
after ``GET /until/N`` it has sold N calls at most, and whoever asks for more waits.
``spend URL CAP THREADS [LEDGER_URL]`` buys until the daily budget CAP refuses every thread with nobody else
under way.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen

from costmagic import BudgetError, Session

PRICE = {"input": 1, "output": 10}  # USD per million tokens: 1,000 and 10,000 nano-dollars each
MAX_TOKENS = 100
PROMPT_TOKENS = 60  # more than anyone would count: the shop's chat template is a long one


class Shop(BaseHTTPRequestHandler):
    """Sells replies of a length that only the prompt decides: often all of ``max_tokens``, often much less."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    lock = threading.Condition()
    calls = 0
    charged = 0
    most = math.inf

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        limit = body.get("max_tokens") or body["max_completion_tokens"]
        lot = zlib.crc32(body["messages"][-1]["content"].encode()) % 4
        sold = (1, limit // 2, limit, limit)[lot]
        with Shop.lock:
            Shop.lock.wait_for(lambda: Shop.calls < Shop.most)
            Shop.calls += 1
            Shop.charged += PROMPT_TOKENS * 1_000 + sold * 10_000
        base = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": sold, "total_tokens": PROMPT_TOKENS + sold}
        chunks: list[dict[str, Any]] = [
            {**base, "choices": [{"index": 0, "delta": {"content": "word"}, "finish_reason": None}]},
            {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**base, "choices": [], "usage": usage},
        ]
        self._answer("text/event-stream", "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n")

    def do_GET(self) -> None:
        with Shop.lock:
            if self.path.startswith("/until/"):
                Shop.most = float(self.path.removeprefix("/until/"))
                Shop.lock.notify_all()
            account = {"calls": Shop.calls, "charged": Shop.charged}
        self._answer("application/json", json.dumps(account))

    def _answer(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


def serve() -> None:
    server = _Server(("127.0.0.1", 0), Shop)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


@contextmanager
def shop() -> Iterator[str]:
    """The address of a shop that runs as a process of its own."""
    process = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def settings(url: str, cap: str, ledger_url: str | None = None) -> dict[str, Any]:
    """Of a session that buys at the shop."""
    return {
        "providers": {"shop": {"kind": "openai", "base_url": f"{url}/v1", "price": PRICE}},
        "budget": {"daily": Decimal(cap)},
        "max_tokens": MAX_TOKENS,
        **({"ledger_url": ledger_url} if ledger_url else {}),
    }


def spend(name: str, url: str, cap: str, threads: int, ledger_url: str | None = None) -> None:
    session = Session(settings=settings(url, cap, ledger_url))

    def buy(thread: int) -> None:
        n = 0
        while True:
            n += 1
            try:
                session.ask(f"{name} {thread} {n}", model="shop:words")
            except BudgetError as error:
                if error.reserved == 0:
                    return
                time.sleep(random.uniform(0.02, 0.2))  # someone's change may come back

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(buy, range(threads)))
    assert session.engine.ledger.unsaved() == 0


def account(url: str) -> dict[str, int]:
    """What the shop says that it has sold."""
    with urlopen(f"{url}/account") as response:
        return dict(json.load(response))


def sell_until(url: str, calls: float) -> None:
    """Let the shop sell that many calls in all, ``math.inf`` for any; more wait."""
    urlopen(f"{url}/until/{calls}").close()


def customers(processes: int, url: str, cap: str, threads: int, *ledger_url: str) -> list[int]:
    """Exit codes of ``processes`` customers that spend at the same time."""
    command = [sys.executable, "-W", "error", __file__, "spend"]
    running = [subprocess.Popen([*command, f"p{n}", url, cap, str(threads), *ledger_url]) for n in range(processes)]
    return [process.wait(250) for process in running]


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        spend(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), *sys.argv[6:])
