import Dispatch
import HTTP
import TestKit
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct `Limits and the end` {
        @Test func `a connection too many gets 503`() async throws {
            try await withServer(configure: setting(\.maximumConnections, 2)) { server in
                let clients = [try server.connect(), try server.connect()]
                for client in clients { #expect(try client.get().status == 200) }
                let refused = try server.connect()
                let response = try refused.get()
                #expect(response.status == 503)
                #expect(response["Retry-After"] == "1")
                let seen = await server.observer.wait { $0.refusedConnections.count == 1 }
                #expect(seen.refusedConnections == ["too_many_connections"])
                #expect(try clients[0].get().status == 200)
            }
        }

        @Test func `a connection too many can wait instead`() async throws {
            try await withServer(
                configure: onlyOneConnection
            ) { server in
                let first = try server.connect()
                #expect(try first.get().status == 200)
                let waiting = try server.connect()
                try waiting.send("GET /waited HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
                #expect(try first.get().status == 200)
                first.finishSending()
                #expect(try first.readUntilClose().isEmpty)
                #expect(try waiting.readResponse().text == "GET /waited ")
                let seen = await server.observer.wait { $0.records.count == 3 }
                #expect(seen.refusedConnections.isEmpty)
            }
        }

        private func onlyOneConnection(_ configuration: inout ServerConfiguration) {
            configuration.maximumConnections = 1
            configuration.excessConnections = .pause
        }

        @Test func `draining lets the request in progress finish and closes idle connections`() async throws {
            let asked = Promise<Exchange>()
            let application = ClosureApplication.handling { request, exchange in
                if request.head.path == "/slow" {
                    asked.fulfil(exchange)
                } else {
                    exchange.respond(.text("quick"))
                }
            }
            try await withServer(application) { server in
                let idle = try server.connect()
                #expect(try idle.get().text == "quick")
                let busy = try server.connect()
                try busy.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
                let exchange = await asked.value
                async let isEmpty = server.server.drain(deadline: .seconds(60))
                #expect(try idle.readUntilClose().isEmpty)
                #expect(throws: RawClientError.self) { try server.client.get("/") }
                exchange.respond(.text("done"))
                let response = try busy.readResponse()
                #expect(response.text == "done")
                #expect(response["Connection"] == "close")
                #expect(try busy.readUntilClose().isEmpty)
                #expect(await isEmpty)
            }
        }

        @Test func `draining ends at its deadline`() async throws {
            let asked = Promise<Exchange>()
            try await withServer(.handling { _, exchange in asked.fulfil(exchange) }) { server in
                let busy = try server.connect()
                try busy.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
                _ = await asked.value
                #expect(await server.server.drain(deadline: .milliseconds(20)) == false)
            }
        }

        @Test func `stopping ends requests in progress and may be repeated`() async throws {
            let asked = Promise<Exchange>()
            try await withServer(.handling { _, exchange in asked.fulfil(exchange) }) { server in
                let busy = try server.connect()
                try busy.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
                let exchange = await asked.value
                await server.server.stop()
                await server.server.stop()
                #expect(try busy.readUntilClose().isEmpty)
                #expect(server.server.connectionCount == 0)
                exchange.respond(.text("late"))
            }
        }

        @Test func `a second answer is dropped`() async throws {
            let application = ClosureApplication.handling { _, exchange in
                exchange.respond(.text("first"))
                exchange.respond(.text("second"))
            }
            try await withServer(application) { server in
                let client = try server.connect()
                #expect(try client.get().text == "first")
                #expect(try client.get().text == "first")
            }
        }

        @Test func `a client that vanishes in the middle of an answer costs its connection only`()
            async throws
        {
            let body = [UInt8](repeating: 120, count: 32 << 20)
            let application = ClosureApplication.handling { request, exchange in
                let isBig = request.head.path == "/big"
                exchange.respond(Response(status: .ok, body: .bytes(isBig ? body : [111, 107])))
            }
            try await withServer(application) { server in
                let client = try server.connect(receiveBufferBytes: 8192)
                try client.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n")
                _ = try client.receive(upTo: 1000)
                client.reset()
                await server.observer.wait { $0.closed == 1 }
                #expect(try server.client.get("/small").text == "ok")
            }
        }

        @Test func `a client that vanishes before its answer costs its connection only`() async throws {
            let asked = Promise<Exchange>()
            try await withServer(.handling { _, exchange in asked.fulfil(exchange) }) { server in
                let client = try server.connect()
                try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                let exchange = await asked.value
                client.reset()
                exchange.respond(.text("nobody reads this"))
                await server.observer.wait { $0.closed == 1 }
                #expect(server.server.connectionCount == 0)
            }
        }

        @Test func `a slow reader gets all of a big answer`() async throws {
            let body = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let application = ClosureApplication.handling { _, exchange in
                exchange.respond(Response(status: .ok, body: .bytes(body)))
            }
            try await withServer(application) { server in
                let client = try server.connect(receiveBufferBytes: 8192)
                try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect(try client.readResponse().body == body)
                #expect(try client.get().status == 200)
            }
        }

        @Test func `answers from other threads arrive`() async throws {
            let application = ClosureApplication.handling { request, exchange in
                DispatchQueue.global().async { exchange.respond(.text(request.head.path)) }
            }
            try await withServer(application) { server in
                let client = try server.connect()
                for number in 0..<100 { #expect(try client.get("/\(number)").text == "/\(number)") }
            }
        }

        @Test func `answers given in one block on the lane arrive`() async throws {
            let exchanges = Promise<[Exchange]>()
            let gathered = Gatherer(count: 8) { exchanges.fulfil($0) }
            try await withServer(
                .handling { _, exchange in gathered.add(exchange) },
                configure: setting(\.laneCount, 1)
            ) { server in
                let clients = try (0..<8).map { _ in try server.connect() }
                for client in clients { try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n") }
                let all = await exchanges.value
                all[0].lane.queue.async {
                    for exchange in all { exchange.respond(.text("batch")) }
                }
                for client in clients { #expect(try client.readResponse().text == "batch") }
            }
        }
    }
}
