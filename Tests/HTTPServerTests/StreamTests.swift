import Dispatch
import HTTP
import Synchronization
import TestKit
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct `Streams` {
        @Test func `a streamed answer is chunked and the connection goes on`() async throws {
            let application = ClosureApplication.streaming {
                let pieces = Mutex([[UInt8]("one ".utf8), [UInt8]("two ".utf8), [UInt8]("three".utf8)])
                return ByteStream(pulling: { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
            }
            try await withServer(application) { server in
                let client = try server.connect()
                let response = try client.get()
                #expect(response["Transfer-Encoding"] == "chunked")
                #expect(response.text == "one two three")
                #expect(try client.get().text == "one two three")
            }
        }

        @Test(arguments: ["GET / HTTP/1.1\r\nHost: t\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"])
        func `large pieces, which are not copied, and small ones come in their order`(request: String)
            async throws
        {
            let sizes = [3, 4095, 4096, 70_000, 1, 300_000, 5000]
            let bodies = sizes.enumerated().map { [UInt8](repeating: 97 + UInt8($0), count: $1) }
            let application = ClosureApplication.streaming {
                let pieces = Mutex(bodies)
                return ByteStream(pulling: { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
            }
            try await withServer(application) { server in
                let client = try server.connect(receiveBufferBytes: 8192)
                try client.send(request)
                #expect(try client.readResponse().text == String(decoding: bodies.joined(), as: UTF8.self))
            }
        }

        @Test func `an HTTP 1-0 client gets a streamed answer up to the end of the connection`() async throws
        {
            let application = ClosureApplication.streaming {
                let pieces = Mutex([[UInt8]("one ".utf8), [UInt8]("two".utf8)])
                return ByteStream(pulling: { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send("GET / HTTP/1.0\r\n\r\n")
                #expect(try client.readResponse().text == "one two")
            }
        }

        @Test func `a stream is pulled no faster than the client reads`() async throws {
            let counter = Counter()
            let total = 1024
            let application = ClosureApplication.streaming {
                ByteStream(pulling: {
                    guard counter.increment() <= total else { return nil }
                    return [UInt8](repeating: 120, count: 64 << 10)
                })
            }
            try await withServer(application) { server in
                let client = try server.connect(receiveBufferBytes: 8192)
                try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                _ = try client.receive(upTo: 100)
                // Another request on the same lanes: whatever could be pulled at once has been pulled by then.
                let other = try server.connect()
                try other.send("BAD\r\n\r\n")
                _ = try other.readResponse()
                #expect(counter.value < total / 2)
                var received = 0
                while received < total * (64 << 10) - 100 { received += try client.receive().count }
                #expect(counter.value >= total)
            }
        }

        @Test func `a stream that fails resets the connection`() async throws {
            let application = ClosureApplication.streaming {
                let counter = Counter()
                return ByteStream(pulling: {
                    if counter.increment() == 3 { throw RawClientError.timedOut }
                    return [UInt8]("piece".utf8)
                })
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect(throws: RawClientError.self) { try client.readResponse() }
            }
        }

        @Test func `a stream is let go when its client goes away`() async throws {
            let ended = Promise<Bool>()
            let application = ClosureApplication.streaming {
                let token = Token { ended.fulfil(true) }
                return ByteStream(pulling: {
                    withExtendedLifetime(token) { [UInt8](repeating: 120, count: 1000) }
                })
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                _ = try client.receive(upTo: 1000)
                client.reset()
                #expect(await ended.value)
            }
        }

        @Test(arguments: [true, false])
        func `a streamed request is read with backpressure`(isChunked: Bool) async throws {
            let size = 8 << 20
            let mayRead = Promise<Bool>()
            let application = ClosureApplication { _, _ in
                .acceptStreaming(bodyLimit: 64 << 20) { _, body, exchange in
                    exchange.respond {
                        _ = await mayRead.value
                        do {
                            var (count, largest) = (0, 0)
                            for try await piece in body {
                                count += piece.count
                                largest = max(largest, piece.count)
                            }
                            return .text("\(count) \(largest <= 128 << 10)")
                        } catch {
                            return .text("\(error)", status: .internalServerError)
                        }
                    }
                }
            }
            try await withServer(application, configure: setting(\.streamWindowBytes, 64 << 10)) { server in
                let client = try server.connect()
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)"
                try client.send("POST / HTTP/1.1\r\nHost: t\r\n\(framing)\r\n\r\n")
                DispatchQueue.global().async { try? client.sendMebibytes(8, isChunked: isChunked) }
                mayRead.fulfil(true)
                #expect(try client.readResponse().text == "\(size) true")
                #expect(try client.get("/").status == 200)
            }
        }

        @Test func `a handler that answers before the end of its body ends the connection`() async throws {
            let application = ClosureApplication { _, _ in
                .acceptStreaming(bodyLimit: 64 << 20) { _, _, exchange in
                    exchange.respond(.text("enough", status: .badRequest))
                }
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\nhello")
                let response = try client.readResponse()
                #expect(response.text == "enough")
                #expect(response["Connection"] == "close")
            }
        }

        @Test func `a streamed request that is cut fails its reader`() async throws {
            let outcome = Promise<String>()
            let application = ClosureApplication { _, _ in
                .acceptStreaming(bodyLimit: 64 << 20) { _, body, exchange in
                    exchange.respond {
                        do {
                            for try await _ in body {}
                            outcome.fulfil("end")
                        } catch {
                            outcome.fulfil("\(error)")
                        }
                        return .text("nobody")
                    }
                }
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nhello")
                client.finishSending()
                #expect(await outcome.value == "disconnected")
            }
        }

        @Test func `a streamed request that breaks the rules fails its reader and is answered`() async throws
        {
            let outcome = Promise<String>()
            let application = ClosureApplication { _, _ in
                .acceptStreaming(bodyLimit: 64 << 20) { _, body, exchange in
                    exchange.respond {
                        do {
                            for try await _ in body {}
                            outcome.fulfil("end")
                        } catch RequestBodyError.refused(let fault) {
                            outcome.fulfil("refused(\(fault.reason))")
                        } catch {
                            outcome.fulfil("\(error)")
                        }
                        return .text("late")
                    }
                }
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send(
                    "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX"
                )
                #expect(try client.readResponse().status == 400)
                #expect(await outcome.value == "refused(malformed_chunk)")
            }
        }
    }
}

extension RawClient {
    fileprivate func sendMebibytes(_ count: Int, isChunked: Bool) throws {
        let piece = [UInt8](repeating: 120, count: 1 << 20)
        for _ in 0..<count {
            if isChunked { try send("100000\r\n") }
            try send(piece)
            if isChunked { try send("\r\n") }
        }
        if isChunked { try send("0\r\n\r\n") }
    }
}

/// Tells when it is let go.
private final class Token: Sendable {
    private let ended: @Sendable () -> Void

    init(ended: @escaping @Sendable () -> Void) {
        self.ended = ended
    }

    deinit {
        ended()
    }
}
