#!/usr/bin/env python3
"""Clients that wrk does not play: a crowd that holds connections, and one subscriber that comes again and again.

crowd.py hold PORT IDLE SLOW   opens the connections, prints "up" and their number, and holds them until its standard
                               input ends; then prints how many of the idle ones are still open
crowd.py ask PORT COUNT        asks so often, and prints median, 99th percentile and longest, in milliseconds
"""

import asyncio
import socket
import sys
import time

# What is not open by then stays out.
OPEN_WITHIN = 90
# More at once would only fill the backlog of the listening socket.
AT_ONCE = 200
# No answer is waited for longer, and one that never comes counts as this long.
ASK_WITHIN = 2
# It matches every tag, so that the answer is a 304 without a body.
REQUEST = b"GET /all.rss HTTP/1.1\r\nHost: crowd\r\nAccept-Encoding: gzip\r\nIf-None-Match: *\r\n\r\n"
SLOW_REQUEST = b"GET /all.rss HTTP/1.1\r\nHost: crowd\r\nX-Slow: " + b"a" * 4096


async def idle(port, places, held):
    """Asks once, as a browser or a reader does, and leaves the connection open."""
    async with places:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 304 "), head
        held.append((reader, writer))


async def slow(port):
    """Sends its headers a byte a second, and begins anew as often as it is sent away."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for byte in SLOW_REQUEST:
                writer.write(bytes([byte]))
                try:
                    await asyncio.wait_for(reader.read(), 1)
                    break
                except asyncio.TimeoutError:
                    pass
            writer.close()
        except OSError:
            await asyncio.sleep(1)


async def hold(port, idle_count, slow_count):
    held, places = [], asyncio.Semaphore(AT_ONCE)
    slow_ones = [asyncio.create_task(slow(port)) for _ in range(slow_count)]
    opening = [asyncio.create_task(idle(port, places, held)) for _ in range(idle_count)]
    _, late = await asyncio.wait(opening, timeout=OPEN_WITHIN)
    for task in late:
        task.cancel()
    refused = await asyncio.gather(*opening, return_exceptions=True)
    print("up", len(held), flush=True)
    for error in sorted({repr(error) for error in refused if error}):
        print("an idle connection failed:", error[:200], file=sys.stderr)
    await asyncio.to_thread(sys.stdin.read)
    print("open", sum(not reader.at_eof() for reader, _ in held), flush=True)
    for task in slow_ones:
        task.cancel()


def once(port, tag):
    """One conditional request on a connection of its own, as most readers make them; gives the answer's head."""
    with socket.create_connection(("127.0.0.1", port), ASK_WITHIN) as client:
        client.sendall(REQUEST.replace(b"If-None-Match: *", b"If-None-Match: " + tag))
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(65536)
            if not part:
                raise OSError("the connection was closed")
            head += part
        return head.split(b"\r\n\r\n")[0]


def ask(port, count):
    lines = once(port, b'"none"').split(b"\r\n")
    tag = next(line.split(b":", 1)[1].strip() for line in lines if line.lower().startswith(b"etag:"))
    times = []
    for _ in range(count):
        began = time.perf_counter()
        try:
            assert once(port, tag).startswith(b"HTTP/1.1 304 ")
            times.append(time.perf_counter() - began)
        except OSError:
            times.append(ASK_WITHIN)
            # Enough failed to tell the 99th percentile.
            if times.count(ASK_WITHIN) > count // 50:
                break
    times.sort()
    print(*(f"{1000 * times[int(share * (len(times) - 1))]:.2f}" for share in (0.5, 0.99, 1)))


mode, port, *counts = sys.argv[1:]
if mode == "hold":
    asyncio.run(hold(int(port), *map(int, counts)))
else:
    ask(int(port), *map(int, counts))
