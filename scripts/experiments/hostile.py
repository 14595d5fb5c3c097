"""Checks Weir's responses to hostile bytes: smuggling forms, odd targets, broken heads and bodies, each with its rule."""

import argparse
import dataclasses
import gzip
import json
import socket
import zlib

from harness import Postgres, Report, Weir, completion, read_response, scratch

KEPT, CLOSED = "kept", "closed"
EVENT = completion("hostile", "wanted")
SMUGGLED = completion("hostile", "smuggled")
SIZE = len(EVENT)


def request(line, *fields, body=b"", host=b"Host: t"):
    """The bytes of a request; fields may be text or bytes."""
    lines = [line, *([host] if host else []), *fields]
    return b"\r\n".join(x if isinstance(x, bytes) else x.encode() for x in lines) + b"\r\n\r\n" + body


def post(*fields, body=EVENT):
    return request("POST /telemetry HTTP/1.1", *fields, body=body)


def sized(body=EVENT, *fields):
    return post(f"Content-Length: {len(body)}", *fields, body=body)


def chunked(body, *fields):
    return post("Transfer-Encoding: chunked", *fields, body=body)


def get(target="/health", *fields, version="HTTP/1.1", method="GET", **more):
    return request(f"{method} {target} {version}", *fields, **more)


# Follows each refused request: if any reading of the bytes before leaves it standing, a line is journaled.
STOWAWAY = sized(SMUGGLED)
CHUNK = b"%x\r\n%s\r\n" % (SIZE, EVENT)
LAST = b"0\r\n\r\n"


@dataclasses.dataclass
class Case:
    name: str
    data: bytes
    statuses: tuple
    fate: str = KEPT
    lines: int = 0


def bad(status, name, data, stowaway=STOWAWAY):
    """Refused, closed, and nothing behind it is read."""
    return Case(name, data + stowaway, (status,), CLOSED)


def fine(name, data, *statuses, lines=0):
    return Case(name, data, statuses or (200,), KEPT, lines)


def taken(name, data):
    return fine(name, data, lines=1)


def lengths():
    """RFC 9110 §8.6, RFC 9112 §6.3."""
    for value in (f"+{SIZE}", f"-{SIZE}", f"0x{SIZE:x}", f"{SIZE}.0", f"{SIZE} {SIZE}", "", f"{SIZE},", f",{SIZE}", f"{SIZE};", "1e2",
                  f"{SIZE}\x0b", f"\xa0{SIZE}", "١٢", "9223372036854775808", str(2**64 + SIZE), "9" * 400, f"'{SIZE}'", "NaN", f"{SIZE}_0"):
        yield bad(400, f"Content-Length {value[:24]!r}", post(f"Content-Length: {value}", body=EVENT))
    yield bad(413, "Content-Length 2^63-1", post("Content-Length: 9223372036854775807", body=EVENT))
    yield bad(400, "lengths 'n, n+1'", post(f"Content-Length: {SIZE}, {SIZE + 1}", body=EVENT))
    yield bad(400, "two fields that differ", post(f"Content-Length: {SIZE}", "Content-Length: 0", body=EVENT))
    yield bad(400, "two fields that differ, the other way", post("Content-Length: 0", f"content-length: {SIZE}", body=EVENT))
    yield taken("lengths 'n, n'", post(f"Content-Length: {SIZE}, {SIZE}", body=EVENT))
    yield taken("the same length twice", post(f"Content-Length: {SIZE}", f"CONTENT-LENGTH: {SIZE}", body=EVENT))
    yield taken("leading zeros", post(f"Content-Length: {'0' * 40}{SIZE}", body=EVENT))
    yield taken("blanks around the length", post(f"Content-Length: \t {SIZE} \t", body=EVENT))
    yield fine("a request hidden in the body of a GET", get("/health", f"Content-Length: {len(STOWAWAY)}", body=STOWAWAY))
    yield fine("a request hidden in the body of a HEAD",
               get("/health", f"Content-Length: {len(STOWAWAY)}", method="HEAD", body=STOWAWAY))
    yield fine("a request hidden in a refused body", get("/none", f"Content-Length: {len(STOWAWAY)}", body=STOWAWAY), 404)
    yield bad(404, "a hidden chunked request behind a 404", get("/none", "Transfer-Encoding: chunked"), LAST + STOWAWAY)
    yield Case("no length: the body is the next request", post(body=EVENT) + STOWAWAY, (422, 400), CLOSED)


def codings():
    """RFC 9112 §6.1, §7."""
    length = f"Content-Length: {SIZE + 20}"
    yield bad(400, "Content-Length, then Transfer-Encoding", chunked(LAST, length))
    yield bad(400, "Transfer-Encoding, then Content-Length", post(length, "Transfer-Encoding: chunked", body=LAST))
    yield bad(400, "both in HTTP/1.0", request("POST /telemetry HTTP/1.0", length, "Transfer-Encoding: chunked", body=LAST))
    yield bad(400, "both, the coding unknown", post(length, "Transfer-Encoding: identity", body=LAST))
    yield bad(400, "Transfer-Encoding in HTTP/1.0", request("POST /telemetry HTTP/1.0", "Transfer-Encoding: chunked", body=LAST))
    for status, value in ((400, "chunked, chunked"), (400, "chunked, identity"), (400, "chunked,"), (400, "chunked, gzip"), (501, "gzip, chunked"),
                          (501, "identity"), (501, "xchunked"), (501, "chunkedx"), (501, "gzip"), (501, ""), (501, '"chunked"'),
                          (501, "chunked;q=1"), (501, "chunked chunked"), (501, ", chunked"), (501, "chun\tked"), (400, "\x0bchunked"),
                          (400, "chunked\0"), (501, "ｃhunked"), (501, "chunked;a=,"), (501, "identity, chunked")):
        yield bad(status, f"Transfer-Encoding {value!r}", post(f"Transfer-Encoding: {value}", body=CHUNK + LAST))
    yield bad(400, "two fields of chunked", chunked(CHUNK + LAST, "transfer-encoding: chunked"))
    yield bad(501, "gzip and chunked in two fields", post("Transfer-Encoding: gzip", "Transfer-Encoding: chunked", body=CHUNK + LAST))
    for line in ("Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", "Transfer-Encoding:\r\n chunked", " Transfer-Encoding: chunked",
                 "Transfer-Encoding:\n chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked", "Transfer-Encoding\r: chunked",
                 "Transfer Encoding: chunked", "Transfer-Encoding;chunked", "\x00Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r"):
        yield bad(400, repr(line), post(f"Content-Length: {SIZE}", line, body=EVENT))
    yield Case("Transfer_Encoding is another field", post("Transfer_Encoding: chunked", body=CHUNK + LAST) + STOWAWAY, (422, 400), CLOSED)
    yield taken("CHUNKED in capitals", post("TRANSFER-ENCODING:\tCHUNKED \t", body=CHUNK + LAST))
    yield taken("TE and Trailer say nothing about the body", sized(EVENT, "TE: chunked, trailers", "Trailer: Content-Length"))
    yield taken("Connection cannot hide the length", sized(EVENT, "Connection: Content-Length, Transfer-Encoding"))
    yield taken("Keep-Alive and Proxy-Connection are ignored", sized(EVENT, "Proxy-Connection: close", "Keep-Alive: timeout=0"))


def chunks():
    """RFC 9112 §7.1."""
    size = f"{SIZE:x}".encode()
    for line in (b"0x" + size, b"+" + size, b"-" + size, b" " + size, size + b" ", size + b"\t", size + b" x", b"", b"g", b"8000000000000000",
                 b"f" * 16, b"f" * 17, b"0" * 17 + size, b"1" + b"0" * 15 + size, size + b",", size + b";\x00", size + b";\rx", b";" + size, size + b"\r",
                 "５".encode(), size + b".0", size + b"h"):
        yield bad(400, f"chunk size {line[:24]!r}", chunked(line + b"\r\n" + EVENT + b"\r\n" + LAST))
    yield bad(413, "chunk of 2^63-1", chunked(b"7fffffffffffffff\r\n" + EVENT))
    yield bad(413, "a small chunk, then one of 2^63-1", chunked(b"1\r\n{\r\n7fffffffffffffff\r\n"))
    yield bad(400, "bare LF after the size", chunked(size + b"\n" + EVENT + b"\r\n" + LAST))
    yield bad(400, "bare LF after an extension", chunked(size + b";a\n" + EVENT + b"\r\n" + LAST))
    yield bad(400, "bare LF after the data", chunked(size + b"\r\n" + EVENT + b"\n" + LAST))
    yield bad(400, "bare CR after the data", chunked(size + b"\r\n" + EVENT + b"\r" + LAST))
    yield bad(400, "nothing after the data", chunked(size + b"\r\n" + EVENT + LAST))
    yield bad(400, "a byte too many", chunked(size + b"\r\n" + EVENT + b"!\r\n" + LAST))
    yield bad(400, "two bytes that are not CRLF", chunked(size + b"\r\n" + EVENT + b"XX" + LAST))
    yield bad(400, "no end: the next request stands in the trailers", chunked(CHUNK + b"0\r\n"))
    yield bad(400, "the last chunk ends with bare LF", chunked(CHUNK + b"0\r\n\n"))
    yield bad(400, "a huge extension", chunked(size + b";a=" + b"x" * 20_000 + b"\r\n" + EVENT + b"\r\n" + LAST))
    yield bad(400, "many extensions", chunked(b"1;" + b"x" * 7000 + b"\r\n \r\n" + (b"1;" + b"x" * 7000 + b"\r\n \r\n") * 2 + LAST))
    yield bad(431, "huge trailers", chunked(CHUNK + b"0\r\nA: " + b"x" * 70_000 + b"\r\n\r\n"))
    yield bad(431, "thousands of trailers", chunked(CHUNK + b"0\r\n" + b"A: b\r\n" * 3000 + b"\r\n"))
    yield bad(400, "a folded trailer", chunked(CHUNK + b"0\r\nA: b\r\n c\r\n\r\n"))
    yield bad(400, "a trailer with a space before its colon", chunked(CHUNK + b"0\r\nA : b\r\n\r\n"))
    yield taken("trailers cannot frame or route", chunked(
        CHUNK + b"0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nHost: x\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"))
    yield taken("capitals and zeros in the size", chunked(b"000" + size.upper() + b"\r\n" + EVENT + b"\r\n00;last\r\n\r\n"))
    yield taken("a quoted extension", chunked(size + b';a="b;c\\"d"\r\n' + EVENT + b"\r\n" + LAST))
    yield taken("one byte a chunk", chunked(b"".join(b"1\r\n%c\r\n" % byte for byte in EVENT) + LAST))


def lines():
    """RFC 9112 §2.2, §3."""
    for line in ("GET /health", "GET  /health HTTP/1.1", "GET /health  HTTP/1.1", "GET /health HTTP/1.1 ", " GET /health HTTP/1.1", "GET\t/health\tHTTP/1.1",
                 "GET /he alth HTTP/1.1", "/health HTTP/1.1", "GET HTTP/1.1", "G(T /health HTTP/1.1", "GET /health http/1.1", "GET /health HTTP/1",
                 "GET /health HTTP/1.1.1", "GET /health HTTP/11.1", "GET /health HTTP/+1.1", "GET /health HTTPS/1.1", "GET /health HTTP/1,1",
                 "GET /health HTTP /1.1", "G\0T /health HTTP/1.1", "GÉT /health HTTP/1.1", "EHLO t", "SSH-2.0-OpenSSH_9.2", "*1",
                 "PROXY TCP4 192.0.2.1 192.0.2.2 1 2", "GET /health HTTP/1.1\r", "GET /health HTTP/1.1\0", "GET /health", "HTTP/1.1 200 OK"):
        yield bad(400, f"request line {line!r}", request(line))
    yield bad(400, "bare LF after the request line", b"GET /health HTTP/1.1\nHost: t\r\n\r\n")
    yield bad(400, "bare CR after the request line", b"GET /health HTTP/1.1\rHost: t\r\n\r\n")
    yield bad(400, "LF CR", b"GET /health HTTP/1.1\n\rHost: t\n\r\n\r")
    yield bad(400, "only LFs", b"GET /health HTTP/1.1\nHost: t\n\n")
    yield bad(400, "the head ends with bare LF", b"GET /health HTTP/1.1\r\nHost: t\r\n\n")
    yield bad(400, "a TLS hello", bytes.fromhex("16030100c8010000c40303"))
    yield bad(400, "five empty lines before it", b"\r\n" * 5 + get())
    yield bad(400, "an empty line of bare LF before it", b"\n" + get())
    yield bad(400, "a bare CR before it", b"\r" + get())
    yield bad(400, "a byte order mark before it", b"\xef\xbb\xbf" + get())
    yield bad(505, "PRI * HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    for version in ("HTTP/2.0", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9"):
        yield bad(505, f"version {version}", get(version=version))
    yield bad(501, "CONNECT", get("t:443", method="CONNECT"))
    yield bad(414, "a method of 20,000 letters", get(method="G" * 20_000))
    yield fine("four empty lines before it", b"\r\n" * 4 + get())
    yield fine("HTTP/1.2 is taken for 1.1", get(version="HTTP/1.2"))
    yield Case("HTTP/1.0 ends", get(version="HTTP/1.0") + STOWAWAY, (200,), CLOSED)
    yield fine("HTTP/1.0 that keeps alive", get("/health", "Connection: keep-alive", version="HTTP/1.0"))
    for method in ("get", "Get", "TRACE", "BREW", "PATCH", "!#$%&'*+-.^_`|~"):
        yield fine(f"method {method}", get(method=method), 405)
    yield fine("post in lower case", sized().replace(b"POST", b"post"), 405)


def targets():
    """RFC 9112 §3.2, RFC 9110 §7.1."""
    for target in ("*", "health", "t:80", "?x", "http:/health", "http:///health", "http://u@t/health", "http://t:x/health", "ftp://t/health",
                   "file:///etc/passwd", "/health#top", "/he\x7falth", "/he\x01alth", "/\u00b5", "\\health", "http://t\\@u/", "http://[::1/health",
                   "//t/health#x", "http://a%zz/health", "https:/health", "javascript:0", "/health\x0b"):
        yield bad(400, f"target {target!r}", get(target))
    yield bad(400, "OPTIONS **", get("**", method="OPTIONS"))
    yield bad(414, "a target of 20,000 bytes", get("/" + "a" * 20_000))
    yield bad(414, "a query of 20,000 bytes", get("/health?" + "a" * 20_000))
    yield fine("GET /telemetry", get("/telemetry"), 405)
    for target in ("//", "//health", "/..", "/./health", "/x/../health", "/../../etc/passwd", "/%00", "/health%00", "/%2e%2e/health", "/x%2f..%2fhealth",
                   "/health%2f", "/health%", "/health%zz", "/health%4", "/health;a=b", "/HEALTH", "/health//", "/health%0d%0aX:y", "/" + "/" * 5000,
                   "/a" * 5000, "/health\\", "/ingest/", "/ingest//telemetry", "/%c0%ae%c0%ae/", "/health.", "/http://t/health", "http://t//health"):
        yield fine(f"target {target[:40]!r}", get(target), 404)
    for target in ("/health?", "/health?a=%00&b=%zz&=&&", "/health?x=/../", "/health/", "/%68ealth", "http://t/health", "HTTP://other:81/health",
                   "https://t/health", "/health??//", "http://[::1]:9/health?x", "/health?{}|\"<>^`"):
        yield fine(f"target {target!r}", get(target))
    yield fine("OPTIONS *", get("*", method="OPTIONS"), 204)
    yield fine("absolute form without a path", get("http://t"))
    yield taken("absolute form overrules Host", sized().replace(b" /telemetry ", b" http://other/telemetry "))


def heads():
    """RFC 9112 §3.2, §5; RFC 9110 §5."""
    yield bad(400, "no Host", get(host=None))
    yield bad(400, "no Host, absolute target", get("http://t/health", host=None))
    yield bad(400, "Host twice", get("/health", "Host: u"))
    yield bad(400, "Host twice, the same", get("/health", "HOST: t"))
    for host in ("a b", "a/b", "a, b", "a@b", "a:99999", "a:-1", "a:80:80", "[::1", "[::1]x", "::1", ":80", "a\tb", "http://t", "a?b", "a#b", "a\\b", "<t>",
                 "a%", "a%zz", "[]", "a b:80", "\u00e9", "a:８０"):
        yield bad(400, f"Host {host!r}", get(host=f"Host: {host}"))
    for host in ("", "t:", "T.EXAMPLE.", "[2001:db8::1]:80", "a_b", "127.0.0.1:1", "a%20b", "a,b"):
        yield fine(f"Host {host!r}", get(host=f"Host: {host}"))
    for field in ("A : b", "A\t: b", ": b", "no colon", "A B: c", "(A): b", '"A": b', "A\u00e9: b", "A/B: c", "A: b\0", "A: b\rc", "A: b\nc", "A: b\r\n c", "A: \x1b[0m",
                  "A: \x7f", "A: \x0bb", "A: \x0cb", "A: b\r", "\0", "A\0: b", "\x80: b", "A{}: b", "\t", "A: b\r\n\t", "A;B: c", "A@: b", "A: \x08"):
        yield bad(400, f"field {field!r}", get("/health", field))
    yield bad(400, "the first field is folded", b"GET /health HTTP/1.1\r\n Host: t\r\n\r\n")
    for field in ("A:", "A:b", "A: \u00e9", b"A: \xff\xfe", "A: a\tb", "A: " + "x" * 60_000, "!#$%&'*+-.^_`|~: x", "X-Request-Id: " + "x" * 5000,
                  "X-Request-Id: <script>", "X-Forwarded-For: , ,999.1.1.1,\"", "Forwarded: for=\"[::", "Range: bytes=0-0,-1,5-", "If-None-Match: *",
                  "Accept: text/*;q=NaN,,;;", "Accept-Encoding: gzip;q=9,,*;q=-1", "Cookie: " + "a=b;" * 1000, "Authorization: Basic !!!", "Authorization: ",
                  "Upgrade: h2c", "Upgrade: websocket", "Content-Type: \"", "Connection: ,,upgrade,", "Max-Forwards: -1", "Date: never"):
        yield fine(f"field {field[:30]!r}", get("/health", field))
    yield fine("h2c with everything", get("/health", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"))
    yield fine("127 fields and Host", get("/health", *["A: b"] * 127))
    yield bad(431, "128 fields and Host", get("/health", *["A: b"] * 128))
    yield bad(431, "5,000 fields", get("/health", *["A: b"] * 5000))
    yield bad(431, "5,000 empty fields", get("/health", *["A:"] * 5000))
    yield bad(431, "a field of 1 MiB", get("/health", "A: " + "x" * (1 << 20)))
    yield bad(431, "a name of 100,000 letters", get("/health", "A" * 100_000 + ": b"))
    yield bad(431, "a head of many long fields", get("/health", *["A: " + "x" * 8000] * 9))
    yield bad(417, "Expect: miracles", sized(EVENT, "Expect: miracles"))
    yield bad(417, "Expect: 100-continue, miracles", sized(EVENT, "Expect: 100-continue, miracles"))
    yield bad(417, "two Expects, one unknown", sized(EVENT, "Expect: 100-continue", "Expect: x"))
    yield fine("Expect: 100-CONTINUE", sized(EVENT, "Expect: 100-CONTINUE"), 100, 200, lines=1)
    yield fine("Expect twice", sized(EVENT, "Expect: 100-continue", "Expect: 100-continue"), 100, 200, lines=1)
    yield taken("an empty Expect expects nothing", sized(EVENT, "Expect:"))
    yield taken("empty members of Expect", sized(EVENT, "Expect: ,"))
    yield fine("Expect without a body", get("/health", "Expect: 100-continue"))
    yield fine("Expect with an empty body", get("/health", "Expect: 100-continue", "Content-Length: 0"))
    yield Case("Expect in HTTP/1.0 is ignored", sized(EVENT, "Expect: x").replace(b"1.1", b"1.0"), (200,), CLOSED, 1)
    yield bad(413, "Expect with too large a body", post("Expect: 100-continue", f"Content-Length: {1 << 30}"))
    yield Case("Expect on no route closes: the body may come or not", get("/none", "Expect: 100-continue", "Content-Length: 5"), (404,), CLOSED)


def bodies():
    """RFC 9110 §8.4, RFC 1952; the protocol's own rules for bodies that are no events."""
    packed, name = gzip.compress(EVENT), "Content-Encoding: gzip"
    yield taken("gzip", sized(packed, name))
    yield taken("x-gzip in capitals", sized(packed, "Content-Encoding: X-GZIP"))
    yield taken("gzip in chunks of one byte", chunked(b"".join(b"1\r\n%c\r\n" % byte for byte in packed) + LAST, name))
    yield taken("gzip in two members", sized(gzip.compress(EVENT[:50]) + gzip.compress(EVENT[50:]), name))
    yield taken("gzip in 2,000 members, most empty", sized(gzip.compress(b"") * 2000 + packed, name))
    yield taken("deflate", sized(zlib.compress(EVENT), "Content-Encoding: deflate"))
    yield taken("deflate without its wrapping", sized(zlib.compress(EVENT, wbits=-15), "Content-Encoding: deflate"))
    yield taken("identity", sized(EVENT, "Content-Encoding: identity"))
    for coding in ("br", "zstd", "gzip, gzip", "gzip, deflate", "compress", "gzip;q=1", "*"):
        yield bad(415, f"Content-Encoding {coding!r}", sized(packed, f"Content-Encoding: {coding}"))
    yield bad(415, "gzip in two fields", sized(packed, name, name))
    yield bad(400, "gzip that is none", sized(EVENT, name))
    yield bad(400, "gzip cut short", sized(packed[:-9], name))
    yield bad(400, "gzip with a wrong check sum", sized(packed[:-8] + b"\0\0\0\0" + packed[-4:], name))
    yield bad(400, "gzip with a request behind its end", sized(packed + STOWAWAY, name))
    yield bad(400, "deflate with a request behind its end", sized(zlib.compress(EVENT) + STOWAWAY, "Content-Encoding: deflate"))
    bomb = gzip.compress(bytes(100 << 20), 9)
    yield bad(413, "a bomb of 100 MiB", sized(bomb, name))
    yield bad(413, "a bomb of deflate", sized(zlib.compress(bytes(100 << 20), 9), "Content-Encoding: deflate"))
    yield bad(413, "a bomb of 100 members", sized(gzip.compress(bytes(1 << 20), 9) * 100, name))
    yield fine("gzip of gzip is no event", sized(gzip.compress(packed), name), 400)
    yield fine("an empty body of gzip", sized(b"", name), 422)
    for status, body in ((422, b""), (422, b"null"), (422, b"[]"), (422, b"{}"), (422, b"{"), (422, EVENT[:-1]), (422, EVENT + EVENT), (422, b"[" * 1_000_000),
                         (422, b'{"a":' * 100_000), (400, EVENT[:-1] + b',"x":"\xff"}'), (422, EVENT[:-1] + b',"x":"\0"}'), (422, EVENT[:-1] + b',"x":01}'),
                         (400, b"\xff\xfe{\0}\0"), (422, b"{'runId': 1}"), (422, EVENT[:-1] + b",}")):
        yield fine(f"body {body[:20]!r}... of {len(body)}", sized(body), status)
    deep = b"[" * 100_000 + b"]" * 100_000
    for body in (EVENT[:-1] + b',"x":' + deep + b"}", EVENT[:-1] + b',"x":"\\ud800\\u0000"}', EVENT[:-1] + b',"x":1e999999}',
                 EVENT[:-1] + b',"x":' + b"9" * 100_000 + b"}", EVENT[:-1] + b',"runId":"other"}', EVENT[:-1] + b',"x":' + b'{"y":' * 300 + b"1" + b"}" * 301,
                 b" \n\t" * 1000 + EVENT + b"\r\n", b'{"' + b"k" * 100_000 + b'":1,' + EVENT[1:]):
        yield taken(f"body of {len(body)}, {body[SIZE - 1:SIZE + 15]!r}", sized(body))


def sequences():
    """RFC 9112 §9.3: what stands behind a request on its connection."""
    broken = get("/health", "A : b")
    yield Case("a good request, a bad one, a good one", sized() + broken + STOWAWAY, (200, 400), CLOSED, 1)
    yield Case("a hundred good, a bad one", get() * 100 + broken + STOWAWAY, (200,) * 100 + (400,), CLOSED)
    yield Case("nothing after Connection: close", sized(EVENT, "Connection: close") + STOWAWAY, (200,), CLOSED, 1)
    yield Case("close among others", get("/health", "Connection: keep-alive, Close") + STOWAWAY, (200,), CLOSED)
    yield Case("close in a second field", get("/health", "Connection: x", "Connection: CLOSE") + STOWAWAY, (200,), CLOSED)
    yield Case("nothing after a HTTP/1.0 request", get(version="HTTP/1.0") + STOWAWAY, (200,), CLOSED)
    yield fine("a thousand in a row", get() * 1000, *(200,) * 1000)
    yield fine("1,800 refusals in a row", get("/none") * 1800, *(404,) * 1800)
    yield fine("300 events in a row", sized() * 300, *(200,) * 300, lines=300)
    yield fine("empty lines between", get() + b"\r\n\r\n" + sized() + b"\r\n" + get(), 200, 200, 200, lines=1)
    yield fine("refusals that keep the connection", get("/none") + sized(b"{}") + get(method="get") + sized(), 404, 422, 405, 200, lines=1)
    yield fine("chunked, sized, chunked", chunked(CHUNK + LAST) + sized() + chunked(CHUNK + LAST), 200, 200, 200, lines=3)
    yield Case("a smaller length leaves a rest that is no request", post("Content-Length: 2", body=b"{}" + EVENT), (422, 400), CLOSED)
    yield Case("upgrade, then frames of HTTP/2", get("/health", "Upgrade: h2c", "Connection: Upgrade") + b"PRI * HTTP/2.0\r\n\r\n", (200, 505), CLOSED)


GROUPS = (lengths, codings, chunks, lines, targets, heads, bodies, sequences)


def cuts(data):
    """Ways to send it: whole, cut in its middle, and byte by byte where that is soon done."""
    yield "whole", [data]
    yield "in two", [data[: len(data) // 2], data[len(data) // 2 :]]
    if len(data) < 1500:
        yield "byte by byte", [data[i : i + 1] for i in range(len(data))]


def converse(port, case, pieces):
    """(statuses, fate): what was answered, and whether the connection goes on to answer what comes next."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass  # it was cut off: the answers tell why
        statuses = []
        while len(statuses) < len(case.statuses):
            answer = read_head(stream) if case.data.startswith(b"HEAD") else read_response(stream)
            if answer is None:
                return tuple(statuses), CLOSED
            statuses.append(answer[0])
        if case.fate == KEPT:
            connection.sendall(get("/version", "X-Request-Id: next"))
        answer = read_response(stream)
        if answer is None:
            return tuple(statuses), CLOSED
        isNext = answer[0] == 200 and answer[1].get("x-request-id") == "next"
        return (tuple(statuses), KEPT) if isNext else ((*statuses, answer[0]), "answers more")


def read_head(stream):
    status = int(stream.readline().split()[1])
    while stream.readline().strip():
        pass
    return (status,)


def lines_of(weir):
    return int(weir.metric("weir_journal_lines_total"))


def try_case(weir, case, only):
    """What differed from the expectation, as texts."""
    wrong = []
    for way, pieces in cuts(case.data):
        if only and way != only:
            continue
        before = lines_of(weir)
        try:
            statuses, fate = converse(weir.port, case, pieces)
        except (OSError, ValueError, IndexError) as error:
            statuses, fate = (), f"{type(error).__name__}: {error}"
        lines = lines_of(weir) - before
        if (statuses, fate, lines) != (case.statuses, case.fate, case.lines):
            wrong.append(f"{way}: {statuses[-3:]} {fate}, {lines} lines; expected {case.statuses[-3:]} {case.fate}, {case.lines}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("whole", "in two", "byte by byte"), help="send in this way only")
    parser.add_argument("--list", action="store_true", help="print each case and what is expected")
    options = parser.parse_args()
    report = Report("hostile")
    database = Postgres()
    weir = Weir(scratch() / "data", database.url).start()
    total = 0
    for group in GROUPS:
        cases = list(group())
        total += len(cases)
        failures = []
        for case in cases:
            wrong = try_case(weir, case, options.only)
            failures += [f"{case.name}: {text}" for text in wrong]
            if options.list:
                report.say(case=f"{case.name} -> {' '.join(map(str, case.statuses[:3]))} {case.fate}, {case.lines} lines")
        report.expect(not failures, f"{group.__name__}: {len(cases)} cases ({group.__doc__})")
        for failure in failures:
            print(f"       {failure}", flush=True)
    weir.await_loaded()
    report.expect(database.value("SELECT count(*) FROM task WHERE task_id = 'smuggled'") == "0", "nothing was smuggled")
    report.expect(weir.process.poll() is None and weir.get("/ready")[0] == 200, "Weir lives and is ready")
    bugs = [line for line in weir.log().splitlines() if "BUG" in line]
    report.expect(not bugs, f"no BUG in the log {bugs[:2] or ''}")
    report.say(cases=total)
    report.end()


if __name__ == "__main__":
    main()
