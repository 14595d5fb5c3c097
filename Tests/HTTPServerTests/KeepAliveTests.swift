import Dispatch
import HTTP
import TestKit
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct `Requests on one connection` {
        @Test func `a connection is kept and says for how long`() async throws {
            try await withServer { server in
                let client = try server.connect()
                let first = try client.get("/a?q=1")
                #expect(first.status == 200)
                #expect(first.text == "GET /a?q=1 ")
                #expect(first["Connection"] == "keep-alive")
                #expect(first["Keep-Alive"] == "timeout=75")
                #expect(try client.get("/b").text == "GET /b ")
                #expect(server.server.connectionCount == 1)
            }
        }

        @Test func `a thousand requests follow each other on one connection`() async throws {
            try await withServer { server in
                let client = try server.connect()
                for number in 0..<1000 {
                    let body = "{\"n\":\(number)}"
                    let head = "POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                    try client.send(head + body)
                    #expect(try client.readResponse().text == "POST /x \(body)")
                }
                let seen = await server.observer.wait { $0.records.count == 1000 }
                #expect(seen.opened == 1)
            }
        }

        @Test func `pipelined requests are answered in order`() async throws {
            try await withServer { server in
                let client = try server.connect()
                let requests = (0..<200).map {
                    "POST /\($0) HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi"
                }
                try client.send(requests.joined())
                for number in 0..<200 {
                    #expect(try client.readResponse().text == "POST /\(number) hi")
                }
            }
        }

        @Test func `a long pipeline lets others have their turn`() async throws {
            let order = Log()
            let gate = DispatchSemaphore(value: 0)
            let application = ClosureApplication.handling { request, exchange in
                if request.head.path == "/hold" { gate.wait() }
                order.add(request.head.path)
                exchange.respond(.text("ok"))
            }
            try await withServer(application, configure: setting(\.laneCount, 1)) { server in
                let clients = try (0..<3).map { _ in try server.connect() }
                for client in clients { _ = try client.get("/first") }
                // While the lane is held, both have sent everything.
                try clients[0].send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n")
                let pipeline = String(repeating: "GET /many HTTP/1.1\r\nHost: t\r\n\r\n", count: 500)
                try clients[1].send(pipeline)
                try clients[2].send("GET /one HTTP/1.1\r\nHost: t\r\n\r\n")
                gate.signal()
                for _ in 0..<500 { #expect(try clients[1].readResponse().status == 200) }
                #expect(try clients[2].readResponse().status == 200)
                let lines = order.lines
                let place = try #require(lines.firstIndex(of: "/one"))
                #expect(lines[place...].count { $0 == "/many" } > 400)
            }
        }

        @Test func `a pipeline goes on after answers that the socket took at once`() async throws {
            let answer = String(repeating: "x", count: 100_000)
            try await withServer(.handling { _, exchange in exchange.respond(.text(answer)) }) { server in
                let client = try server.connect(receiveBufferBytes: 4 << 20)
                try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: t\r\n\r\n", count: 20))
                for _ in 0..<20 { #expect(try client.readResponse().body.count == 100_000) }
            }
        }

        @Test func `what follows a last request does not destroy its answer`() async throws {
            try await withServer { server in
                let client = try server.connect()
                try client.send("GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
                await server.observer.wait { $0.records.count == 1 }
                try client.send("GET /more HTTP/1.1\r\nHost: t\r\n\r\n")
                try client.send("GET /more HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect(try client.readResponse().text == "GET /last ")
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `pipelined requests wait for the answer before them`() async throws {
            let first = Promise<Exchange>()
            let application = ClosureApplication.handling { request, exchange in
                if request.head.path == "/slow" {
                    first.fulfil(exchange)
                } else {
                    exchange.respond(.text(request.head.path))
                }
            }
            try await withServer(application) { server in
                let client = try server.connect()
                try client.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\nGET /next HTTP/1.1\r\nHost: t\r\n\r\n")
                let exchange = await first.value
                try client.send("GET /last HTTP/1.1\r\nHost: t\r\n\r\n")
                exchange.respond(.text("slow"))
                #expect(try client.readResponse().text == "slow")
                #expect(try client.readResponse().text == "/next")
                #expect(try client.readResponse().text == "/last")
            }
        }

        @Test(arguments: [1, 7]) func `a request that comes in small pieces is understood`(size: Int)
            async throws
        {
            try await withServer { server in
                let client = try server.connect()
                let request = """
                    POST /p HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n\
                    5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: v\r\n\r\n
                    """
                try client.send(request, inPiecesOf: size)
                #expect(try client.readResponse().text == "POST /p hello world")
            }
        }

        @Test func `a client that asks for it is let go`() async throws {
            try await withServer { server in
                let client = try server.connect()
                try client.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
                let response = try client.readResponse()
                #expect(response["Connection"] == "close")
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `an HTTP 1-0 client gets its answer and the end`() async throws {
            try await withServer { server in
                let client = try server.connect()
                try client.send("GET /old HTTP/1.0\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.text == "GET /old ")
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `HEAD is answered without a body and the connection goes on`() async throws {
            try await withServer { server in
                let client = try server.connect()
                try client.send("HEAD /h HTTP/1.1\r\nHost: t\r\n\r\n")
                let head = try client.readResponse(toHead: true)
                #expect(head["Content-Length"] == "8")
                #expect(try client.get("/g").text == "GET /g ")
            }
        }

        @Test func `a client that ends its side still gets its answers`() async throws {
            try await withServer { server in
                let client = try server.connect()
                try client.send("GET /1 HTTP/1.1\r\nHost: t\r\n\r\nGET /2 HTTP/1.1\r\nHost: t\r\n\r\n")
                client.finishSending()
                #expect(try client.readResponse().text == "GET /1 ")
                #expect(try client.readResponse().text == "GET /2 ")
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test func `a client that ends its side while its handler works still gets its answer`() async throws
        {
            let asked = Promise<Exchange>()
            try await withServer(.handling { _, exchange in asked.fulfil(exchange) }) { server in
                let client = try server.connect()
                try client.send("GET /1 HTTP/1.1\r\nHost: t\r\n\r\n")
                client.finishSending()
                await asked.value.respond(.text("late"))
                #expect(try client.readResponse().text == "late")
                #expect(try client.readUntilClose().isEmpty)
            }
        }

        @Test(arguments: [("abc-1", "abc-1"), (String(repeating: "x", count: 128), nil)])
        func `a sane request id comes back`(sent: String, expected: String?) async throws {
            try await withServer { server in
                let response = try server.client.get("/", fields: [("X-Request-Id", sent)])
                #expect(response["X-Request-Id"] == expected ?? sent)
                let seen = await server.observer.wait { $0.records.count == 1 }
                #expect(seen.records[0].id == sent)
            }
        }

        @Test(arguments: ["with blank", String(repeating: "x", count: 129), "ümlaut"])
        func `an odd request id is replaced`(sent: String) async throws {
            try await withServer { server in
                let response = try server.client.get("/", fields: [("X-Request-Id", sent)])
                #expect(response["X-Request-Id"] != sent)
                #expect(response["X-Request-Id"]?.utf8.count == 15)
            }
        }

        @Test func `a request is told to the observer without its query`() async throws {
            try await withServer { server in
                _ = try server.client.post("/p?secret=1", json: "{}")
                let seen = await server.observer.wait { $0.closed == 1 }
                let record = try #require(seen.records.first)
                #expect(record.path == "/p")
                #expect(record.status == .ok)
                #expect(record.requestBytes == 2)
                #expect(record.responseBytes > 20)
                #expect(record.connection.peer.address == "127.0.0.1")
                #expect(seen.opened == 1)
            }
        }
    }
}
