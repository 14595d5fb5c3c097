import HTTP
import TestKit
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct `Request bodies` {
        @Test func `a client that waits is told to continue`() async throws {
            try await withServer { server in
                let client = try server.connect()
                let fields = "Expect: 100-continue\r\nContent-Length: 4"
                try client.send("POST /e HTTP/1.1\r\nHost: t\r\n\(fields)\r\n\r\n")
                #expect(try client.readResponse().status == 100)
                try client.send("body")
                #expect(try client.readResponse().text == "POST /e body")
                #expect(try client.get("/g").status == 200)
            }
        }

        @Test(arguments: ["", "Content-Length: 0\r\n"])
        func `nobody is told to continue without a body`(length: String) async throws {
            try await withServer { server in
                let client = try server.connect()
                try client.send("GET /e HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n\(length)\r\n")
                #expect(try client.readResponse().status == 200)
            }
        }

        @Test func `a client that waits for nothing is refused without continue`() async throws {
            let application = ClosureApplication { _, _ in .refuse(Response(status: .unauthorized)) }
            try await withServer(application) { server in
                let client = try server.connect()
                let fields = "Expect: 100-continue\r\nContent-Length: 4"
                try client.send("POST /e HTTP/1.1\r\nHost: t\r\n\(fields)\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 401)
                #expect(response["Connection"] == "close")
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `a body of exactly the limit is taken`() async throws {
            try await withServer(.echo(bodyLimit: 100)) { server in
                let body = [UInt8](repeating: 120, count: 100)
                let response = try server.client.send("POST", "/", body: body)
                #expect(response.status == 200)
            }
        }

        @Test func `a client that sends all of a refused body reads why`() async throws {
            try await withServer(.echo(bodyLimit: 100)) { server in
                let client = try server.connect()
                let size = 40 << 20
                try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: \(size)\r\n\r\n")
                let part = [UInt8](repeating: 120, count: 1 << 20)
                for _ in 0..<size >> 20 { try client.send(part) }
                #expect(try client.readResponse().status == 413)
            }
        }

        @Test func `an announced body over the limit is refused before it is sent`() async throws {
            try await withServer(.echo(bodyLimit: 100)) { server in
                let client = try server.connect()
                try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 413)
                #expect(response["Connection"] == "close")
                #expect(response.text.hasPrefix("{\"detail\":\""))
                client.finishSending()
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `a chunked body over the limit is refused while it is sent`() async throws {
            try await withServer(.echo(bodyLimit: 100)) { server in
                let client = try server.connect()
                let chunk = "40\r\n" + String(repeating: "x", count: 64) + "\r\n"
                let head = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                try client.send(head + chunk + chunk)
                #expect(try client.readResponse().status == 413)
                client.finishSending()
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `a refusal reaches a client that is still sending`() async throws {
            try await withServer(.echo(bodyLimit: 100)) { server in
                let client = try server.connect()
                let body = String(repeating: "x", count: 500_000)
                try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\n" + body)
                #expect(try client.readResponse().status == 413)
            }
        }

        @Test func `a small body behind a refusal is dropped and the connection goes on`() async throws {
            let application = ClosureApplication { head, _ in
                if head.method == .post { return .refuse(Response(status: .forbidden)) }
                return .accept(bodyLimit: 0) { _, exchange in exchange.respond(.text("ok")) }
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n")
                #expect(try client.readResponse().status == 403)
                try client.send("hello")
                #expect(try client.get().text == "ok")
            }
        }

        @Test(
            arguments: [
                ("Content-Length: 5\r\nContent-Length: 6", 400, "differing_lengths"),
                ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400, "length_and_transfer_encoding"),
                ("Transfer-Encoding: gzip", 400, nil),
                ("Content-Encoding: br\r\nContent-Length: 5", 415, "unknown_content_coding"),
            ]
        )
        func `an ambiguous request is refused and the connection closed`(
            fields: String,
            status: Int,
            reason: String?
        ) async throws {
            try await withServer { server in
                let client = try server.connect()
                let smuggled = "GET /smuggled HTTP/1.1\r\n\r\n"
                try client.send("POST / HTTP/1.1\r\nHost: t\r\n\(fields)\r\n\r\nhello\(smuggled)")
                let response = try client.readResponse()
                #expect(response.status == status || (reason == nil && response.status == 501))
                client.finishSending()
                #expect(try client.readUntilClose().isEmpty)
                let seen = await server.observer.wait { $0.closed == 1 }
                if let reason { #expect(seen.refusedRequests == [reason]) }
            }
        }

        @Test func `nobody is refused when the budget for bodies is used up`() async throws {
            let first = Promise<Exchange>()
            let application = ClosureApplication.handling { request, exchange in
                if request.head.path == "/holds" {
                    first.fulfil(exchange)
                } else {
                    exchange.respond(.text("\(request.body.count)"))
                }
            }
            let body = [UInt8](repeating: 120, count: 60)
            try await withServer(application, configure: setting(\.bufferedBodyBytes, 100)) { server in
                let holder = try server.connect()
                try holder.send("POST /holds HTTP/1.1\r\nHost: t\r\nContent-Length: 60\r\n\r\n")
                try holder.send(body)
                let exchange = await first.value
                let waiter = try server.connect()
                try waiter.send("POST /waits HTTP/1.1\r\nHost: t\r\nContent-Length: 60\r\n\r\n")
                try waiter.send(body)
                // A third connection without a body is served, which tells that the lanes are not blocked.
                #expect(try server.client.get("/").text == "0")
                while server.server.bodyBudget.waiting == 0 { await Task.yield() }
                #expect(server.server.bodyBudget.heldBytes == 60)
                exchange.respond(.text("done"))
                #expect(try holder.readResponse().text == "done")
                #expect(try waiter.readResponse().text == "60")
                await server.observer.wait { $0.records.count == 3 }
                #expect(server.server.bodyBudget.heldBytes == 0)
            }
        }

        @Test func `answers that their clients do not take are bounded all together`() async throws {
            let answer = [UInt8](repeating: 120, count: 32 << 20)
            let application = ClosureApplication.handling { request, exchange in
                let isLarge = request.head.path == "/large"
                exchange.respond(Response(status: .ok, body: isLarge ? .bytes(answer) : .empty))
            }
            try await withServer(application, configure: setting(\.bufferedBodyBytes, 64 << 20)) { server in
                let slow = try server.connect()
                try slow.send("GET /large HTTP/1.1\r\nHost: t\r\n\r\n")
                while server.server.bodyBudget.heldBytes < 32 << 20 { await Task.yield() }
                let refused = try server.client.get("/large")
                #expect(refused.status == 503 && refused.values("Retry-After") == ["1"])
                #expect(
                    refused.text
                        == #"{"detail":"Others are still reading large answers; ask again, or for less."}"#
                )
                #expect(try server.client.get("/small").status == 200)
                let written = try server.connect()
                try written.send("POST /large HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
                while server.server.bodyBudget.heldBytes < 64 << 20 { await Task.yield() }
                #expect(try slow.readResponse().body.count == 32 << 20)
                #expect(try written.readResponse().body.count == 32 << 20)
                while server.server.bodyBudget.heldBytes > 0 { await Task.yield() }
                #expect(try server.client.get("/large").status == 200)
                let gone = try server.connect()
                try gone.send("GET /large HTTP/1.1\r\nHost: t\r\n\r\n")
                while server.server.bodyBudget.heldBytes == 0 { await Task.yield() }
                gone.reset()
                while server.server.bodyBudget.heldBytes > 0 { await Task.yield() }
            }
        }

        @Test func `a body that is only announced holds next to nothing`() async throws {
            try await withServer(configure: setting(\.bufferedBodyBytes, 1 << 20)) { server in
                let announcer = try server.connect()
                try announcer.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1048576\r\n\r\n")
                #expect(try server.client.send("POST", "/", body: [1]).status == 200)
                while server.server.bodyBudget.heldBytes == 0 { await Task.yield() }
                #expect(server.server.bodyBudget.heldBytes <= 16 << 10)
            }
        }

        @Test func `a bomb is inflated no further than the budget goes`() async throws {
            let bomb = GzipEncoder.compress([UInt8](repeating: 0, count: 8 << 20))
            try await withServer(configure: setting(\.bufferedBodyBytes, 4 << 20)) { server in
                let holder = try server.connect()
                try holder.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n")
                try holder.send([UInt8](repeating: 0, count: 900_000))
                while server.server.bodyBudget.heldBytes < 900_000 { await Task.yield() }
                let client = try server.connect()
                let fields = "Content-Encoding: gzip\r\nContent-Length: \(bomb.count)"
                try client.send("POST / HTTP/1.1\r\nHost: t\r\n\(fields)\r\n\r\n")
                try client.send(bomb)
                while server.server.bodyBudget.waiting == 0 { await Task.yield() }
                #expect(server.server.bodyBudget.heldBytes <= 4 << 20)
                // The lane is free meanwhile, and small bodies do not wait.
                #expect(try server.client.send("POST", "/", body: [1]).status == 200)
                try holder.send([UInt8](repeating: 0, count: 100_000))
                #expect(try holder.readResponse().status == 200)
                #expect(try client.readResponse().body.count == (8 << 20) + 7)
            }
        }

        @Test func `a body larger than the budget is taken alone`() async throws {
            try await withServer(configure: setting(\.bufferedBodyBytes, 100)) { server in
                let body = [UInt8](repeating: 120, count: 200_000)
                let response = try server.client.send("POST", "/", body: body)
                #expect(response.body.count == 200_007)
            }
        }

        @Test func `a chunked body larger than the budget is taken alone`() async throws {
            try await withServer(configure: setting(\.bufferedBodyBytes, 100)) { server in
                let client = try server.connect()
                let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
                let head = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                try client.send(head + chunk + chunk + chunk + "0\r\n\r\n")
                #expect(try client.readResponse().body.count == 3 * 65_536 + 7)
            }
        }
    }
}
