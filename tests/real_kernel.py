"""A real kernel and what its cells publish."""

from __future__ import annotations

import time
from collections.abc import Iterator
from queue import Empty
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from costmagic.notebook.receipt import MIME


class Kernel:
    """A real IPython kernel, used as a headless run does or (``person``) as a front end with a person before it."""

    def __init__(self, person: bool = False) -> None:
        self.manager: KernelManager
        self.client: BlockingKernelClient
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        self.client.allow_stdin = person

    def run(self, code: str) -> tuple[str, list[dict[str, Any]]]:
        """(status, contents of what was published) of a cell."""
        return self.finish(self.client.execute(code))

    def finish(self, message_id: str, timeout: float = 120) -> tuple[str, list[dict[str, Any]]]:
        published = list(self.published(message_id, timeout))
        reply = self.client.get_shell_msg(timeout=timeout)
        while reply["parent_header"].get("msg_id") != message_id:
            reply = self.client.get_shell_msg(timeout=timeout)
        return reply["content"]["status"], published

    def published(self, message_id: str, timeout: float = 120) -> Iterator[dict[str, Any]]:
        """What the cell publishes, until it is done."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except Empty:
                continue
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
            yield {"type": message["msg_type"], **message["content"]}
        raise TimeoutError(f"the cell did not end within {timeout} s")

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def receipts(published: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures of all receipts among them."""
    return [p["data"][MIME] for p in published if MIME in p.get("data", {})]
