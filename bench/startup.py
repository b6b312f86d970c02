"""How long it takes to be there: import, and %load_ext in a running kernel."""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 11

LOAD = """
import time
begin = time.perf_counter()
get_ipython().extension_manager.load_extension("costmagic")
print(f"{(time.perf_counter() - begin) * 1000:.1f}")
"""


def import_ms() -> tuple[float, float]:
    """(median ms that ``import costmagic`` adds to a bare Python, of paired runs; bare Python's own)."""
    pairs = [(_process_ms("import costmagic"), _process_ms("pass")) for _ in range(RUNS)]
    return statistics.median(with_it - bare for with_it, bare in pairs), statistics.median(bare for _, bare in pairs)


def load_ext_ms() -> float:
    """Median ms of ``%load_ext costmagic`` in kernels that have just started."""
    from jupyter_client.manager import start_new_kernel

    times = []
    for _ in range(5):
        manager, client = start_new_kernel(kernel_name="python3")
        try:
            printed: list[str] = []
            client.execute_interactive(
                LOAD, timeout=60, output_hook=lambda m, to=printed: to.append(m["content"].get("text", ""))
            )
            times.append(float("".join(printed).strip()))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return statistics.median(times)


def _process_ms(code: str) -> float:
    # Timed from inside, by the interpreter's own clock since it was started, so that fork and exec are left out.
    timed = f"import time; begin = time.perf_counter()\n{code}\nprint((time.perf_counter() - begin) * 1000)"
    return float(subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True).stdout)
