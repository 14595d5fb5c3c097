import HTTP
import TestKit
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct `Deadlines` {
        @Test func `a head that does not end is answered with 408`() async throws {
            try await withServer(configure: setting(\.timeouts.head, .milliseconds(100))) { server in
                let client = try server.connect()
                try client.send("GET / HTTP/1.1\r\nHost: t\r\nX-Slow: ")
                let response = try client.readResponse()
                #expect(response.status == 408)
                #expect(response["Connection"] == "close")
                client.finishSending()
                #expect(try client.readUntilClose().isEmpty)
                let seen = await server.observer.wait { $0.closed == 1 }
                #expect(seen.refusedRequests == ["slow_head"])
            }
        }

        @Test func `a body that does not get on is answered with 408`() async throws {
            try await withServer(configure: setting(\.timeouts.bodyWindow, .milliseconds(100))) { server in
                let client = try server.connect()
                try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nhello")
                #expect(try client.readResponse().status == 408)
                client.finishSending()
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `whoever holds the room that others wait for must get on`() async throws {
            func configure(_ configuration: inout ServerConfiguration) {
                configuration.bufferedBodyBytes = 1 << 20
                configuration.timeouts.bodyWindow = .milliseconds(50)
                configuration.timeouts.minimumBodyBytes = 0
            }
            try await withServer(configure: configure) { server in
                let holder = try server.connect()
                try holder.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1048576\r\n\r\n")
                try holder.send([UInt8](repeating: 0, count: 600_000))
                while server.server.bodyBudget.heldBytes < 600_000 { await Task.yield() }
                // However the holder's reservation was doubled, there is no room for this beside it.
                #expect(
                    try server.client.send("POST", "/", body: [UInt8](repeating: 0, count: 800_000)).status
                        == 200
                )
                #expect(try holder.readResponse().status == 408)
            }
        }

        @Test func `an idle connection is closed without a word`() async throws {
            try await withServer(configure: setting(\.timeouts.idle, .milliseconds(100))) { server in
                let client = try server.connect()
                #expect(try client.get().status == 200)
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `a connection that never says anything is closed without a word`() async throws {
            try await withServer(configure: setting(\.timeouts.head, .milliseconds(100))) { server in
                let client = try server.connect()
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `a handler that never answers becomes a 503 and its late answer is dropped`() async throws
        {
            let asked = Promise<Exchange>()
            let application = ClosureApplication.handling { _, exchange in asked.fulfil(exchange) }
            try await withServer(application, configure: setting(\.timeouts.handler, .milliseconds(100))) {
                server in
                let client = try server.connect()
                try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 503)
                #expect(response["Retry-After"] == "1")
                #expect(response["Connection"] == "close")
                await asked.value.respond(.text("late"))
                #expect(try client.readUntilClose().isEmpty)
                let seen = await server.observer.wait { $0.closed == 1 }
                #expect(seen.records.map(\.status) == [.serviceUnavailable])
            }
        }

        @Test func `a handler that gives its exchange up becomes a 500 at once`() async throws {
            try await withServer(.handling { _, _ in }) { server in
                let response = try server.client.get("/")
                #expect(response.status == 500)
            }
        }

        @Test func `an asynchronous handler is cancelled when its time is over`() async throws {
            let cancelled = Promise<Bool>()
            let application = ClosureApplication.handling { _, exchange in
                exchange.respond {
                    try? await Task.sleep(for: .seconds(3600))
                    cancelled.fulfil(Task.isCancelled)
                    return .text("late")
                }
            }
            try await withServer(application, configure: setting(\.timeouts.asyncHandler, .milliseconds(100)))
            {
                server in
                let response = try server.client.get("/")
                #expect(response.status == 503)
                #expect(await cancelled.value)
            }
        }

        @Test func `an asynchronous handler runs on its lane`() async throws {
            let application = ClosureApplication.handling { _, exchange in
                exchange.respond {
                    await Task.yield()
                    return .text("\(exchange.lane.isCurrent)")
                }
            }
            try await withServer(application) { server in
                let response = try server.client.get("/")
                #expect(response.text == "true")
            }
        }

        @Test func `a client that takes nothing of its answer is dropped`() async throws {
            let application = ClosureApplication.handling { _, exchange in
                let body = [UInt8](repeating: 120, count: 32 << 20)
                exchange.respond(Response(status: .ok, body: .bytes(body)))
            }
            try await withServer(application, configure: setting(\.timeouts.write, .milliseconds(200))) {
                server in
                let client = try server.connect(receiveBufferBytes: 8192)
                try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                await server.observer.wait { $0.closed == 1 }
                #expect(throws: RawClientError.self) { try client.readResponse() }
            }
        }
    }
}
