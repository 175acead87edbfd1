"""Long computation beside the event loop, which goes on answering meanwhile."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_ONE = ThreadPoolExecutor(1, "offload")
"""Python computes one thing at a time: more threads would not end sooner, and the event loop would be one among them,
waiting for its turn for seconds."""


async def offload(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work whose time grows with a text from outside; for work that waits, use `asyncio.to_thread`."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_ONE, lambda: context.run(work, *args, **kwargs))
