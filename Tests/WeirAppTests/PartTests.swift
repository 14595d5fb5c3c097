import API
import Core
import Foundation
import Ingest
import Logging
import Synchronization
import Testing

@testable import HTTPServer
@testable import WeirApp

@Suite struct `Log lines` {
    private func log(_ style: LogStyle, _ body: (Logger) -> Void) -> String {
        let sink = Collected()
        let logger = Logger(label: "weir") { label in
            WeirLogHandler(label: label, level: .info, style: style) { sink.add($0) }
        }
        body(logger)
        return String(decoding: sink.bytes, as: UTF8.self)
    }

    @Test func `are one JSON object each, with their metadata typed`() throws {
        let line = log(.json) { logger in
            logger.warning("request", metadata: ["http.status": .stringConvertible(503), "client": "a\"b\n"])
        }
        let root = try JSONDocument(Array(line.utf8.dropLast())).root
        #expect(root["level"]?.string == "warning")
        #expect(root["message"]?.string == "request")
        #expect(root["http.status"]?.int64 == 503)
        #expect(root["client"]?.string == "a\"b\n")
        #expect(root["at"]?.timestamp != nil)
    }

    @Test func `keep to one line as text, whatever a client sends`() {
        let line = log(.text) { $0.info("request", metadata: ["http.path": "/a\nFAKE line", "n": "1"]) }
        #expect(line.count { $0 == "\n" } == 1)
        #expect(line.hasSuffix(#"INFO request http.path="/a\nFAKE line" n=1"# + "\n"))
    }

    @Test func `show what a terminal would obey`() {
        let line = log(.text) {
            $0.info("a\u{1B}[2Jb", metadata: ["m": "x\u{9B}31m\u{202E}", "n": "\u{1B} \u{7F}"])
        }
        #expect(line.hasSuffix(#"INFO a\u001b[2Jb m=x\u009b31m\u202e n="\u001b \u007f""# + "\n"))
        let json = log(.json) { $0.info("a\u{1B}b\u{9B}\u{7F}") }
        #expect(json.contains(#""message":"a\u001bb\u009b\u007f""#))
    }

    @Test func `below the level cost nothing and write nothing`() {
        #expect(log(.text) { $0.debug("request") }.isEmpty)
    }
}

private final class Collected: Sendable {
    private let state = Mutex<[UInt8]>([])

    var bytes: [UInt8] { state.withLock { $0 } }

    func add(_ bytes: [UInt8]) { state.withLock { $0 += bytes } }
}

@Suite struct `Mirror of tokens` {
    private let path = NSTemporaryDirectory() + "weir-mirror-\(UUID128.random()).json"

    @Test func `gives back what was written, readable by its owner only`() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let tokens = [
            AccessToken(name: "b", secret: "2", scopes: [.read, .admin]),
            AccessToken(name: "a \"quoted\"", secret: "1", scopes: [.ingest]),
        ]
        let mirror = TokenMirror(path: path)
        #expect(mirror.write(tokens))
        #expect(mirror.read().tokens.sorted { $0.name > $1.name } == tokens)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("secret"))
    }

    @Test(arguments: [
        "", "{", "[]", #"{"tokens":{}}"#, #"{"tokens":[{"name":"x","hash":"00","scopes":[]}]}"#,
    ])
    func `is no mirror when it is garbled`(text: String) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(TokenMirror(path: path).read() == .unusable)
    }

    @Test func `without tokens is another thing than no mirror`() {
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(TokenMirror(path: path).write([]))
        #expect(TokenMirror(path: path).read() == .tokens([]))
    }

    @Test func `takes what several write at once`() async {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let mirror = TokenMirror(path: path)
        let isWritten = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 { group.addTask { mirror.write([]) } }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(isWritten && mirror.read() == .tokens([]))
    }

    @Test func `is not there before the first write`() {
        #expect(TokenMirror(path: path).read() == .absent)
    }
}

@Suite struct `Teardown list` {
    @Test func `undoes the last first, once`() async {
        let list = TeardownList(logger: .silent)
        let order = Order()
        for name in ["first", "second", "third"] { list.add(name, within: .seconds(60)) { order.add(name) } }
        await list.run()
        await list.run()
        #expect(order.names == ["third", "second", "first"])
    }

    @Test func `leaves a step behind that takes too long`() async {
        let list = TeardownList(logger: .silent)
        let order = Order()
        list.add("after", within: .seconds(60)) { order.add("after") }
        list.add("endless", within: .milliseconds(1)) {
            await Order.forever()
        }
        await list.run()
        #expect(order.names == ["after"])
    }
}

private final class Order: Sendable {
    private let state = Mutex<[String]>([])

    var names: [String] { state.withLock { $0 } }

    func add(_ name: String) { state.withLock { $0.append(name) } }

    /// Ends with the task only.
    static func forever() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }
}

extension Logger {
    /// Writes nothing.
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

@Suite struct `Lag of a stream` {
    @Test func `is nothing when all is applied`() {
        let lag = StreamLag(StreamProgress(stream: "s")) { 0 }
        #expect(lag.reading() == StreamLag.Reading(lines: 0, seconds: 0))
    }

    @Test func `is the age of the oldest line that is not applied`() {
        let durable = Number()
        let lag = StreamLag(StreamProgress(stream: "s")) { durable.value }
        let start = ContinuousClock.now
        lag.take(at: start)
        durable.set(5)
        lag.take(at: start + .seconds(10))
        durable.set(9)
        lag.take(at: start + .seconds(11))
        #expect(lag.reading(at: start + .seconds(40)) == StreamLag.Reading(lines: 9, seconds: 30))
    }
}

private final class Number: Sendable {
    private let state = Mutex<Int64>(0)

    var value: Int64 { state.withLock { $0 } }

    func set(_ value: Int64) { state.withLock { $0 = value } }
}

@Suite struct `Banner of a ready server` {
    private func address(_ text: String) throws -> BoundAddress {
        let specification = try ListenSpecification(text, profiles: ["runs"])
        return BoundAddress(specification: specification, endpoint: specification.endpoint)
    }

    @Test func `names an address that a client on this machine can use`() throws {
        let addresses = [try address("0.0.0.0:8000"), try address("runs@[::1]:8765")]
        let text = Banner(addresses: addresses, database: "a database", needsToken: false).text
        #expect(text.contains("curl -sS http://127.0.0.1:8000/telemetry -H"))
        #expect(text.contains("nextflow run hello -with-weblog http://127.0.0.1:8000/telemetry\n"))
        #expect(text.contains("runs@[::1]:8765"))
        #expect(!text.contains("Bearer"))
    }

    @Test func `shows where the token goes when one is needed`() throws {
        let text = Banner(addresses: [try address("[::1]:8000")], database: "d", needsToken: true).text
        #expect(text.contains("Authorization: Bearer"))
        #expect(text.contains("http://[::1]:8000/ingest/$TOKEN/telemetry"))
    }

    @Test func `brings a sample that is JSON`() throws {
        #expect(try JSONDocument(Array(Banner.sampleEvent.utf8)).root["runId"]?.string == "test123")
    }
}
