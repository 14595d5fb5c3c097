import Foundation
import TestKit
import Testing

@testable import WeirClient

/// A program whose server is away does not wait for it run by run.
@Suite("The client's breaker")
struct ClientBreakerTests {
    private func configuration(_ url: String) -> ClientConfiguration {
        var configuration = ClientConfiguration(
            url: url,
            bufferDirectory: NSTemporaryDirectory() + "weir-breaker-\(UUID().uuidString)"
        )
        configuration.eventDirectory = nil
        return configuration
    }

    @Test("after a failure requests rest, then one of them is a probe, and each that fails doubles the pause")
    func states() {
        let breaker = Breaker(pause: .seconds(30))
        let start = ContinuousClock.now
        #expect(breaker.admit(at: start) == .send)
        breaker.failed(at: start)
        #expect(breaker.admit(at: start + .seconds(29)) == .rest)
        #expect(breaker.admit(at: start + .seconds(30)) == .probe)
        #expect(breaker.admit(at: start + .seconds(30)) == .rest)
        breaker.failed(at: start + .seconds(31))
        #expect(breaker.admit(at: start + .seconds(90)) == .rest)
        #expect(breaker.admit(at: start + .seconds(91)) == .probe)
        breaker.succeeded()
        #expect(breaker.admit(at: start + .seconds(91)) == .send)
        let never = Breaker(pause: nil)
        never.failed(at: start)
        #expect(never.admit(at: start) == .send)
    }

    @Test("a server that hangs is asked once for a hundred runs, and every record waits in the buffer")
    func hanging() async throws {
        let server = try StubListener(nil)
        var configuration = configuration(String(server.url.dropLast()))
        configuration.patience = .milliseconds(300)
        let client = WeirClient(configuration)
        for _ in 0..<100 { await client.startRun(agent: "a", job: "j").end(.success) }
        #expect(server.connections() == 1)
        let directory = configuration.bufferDirectory
        let files = try FileManager.default.contentsOfDirectory(atPath: directory)
        let kept = try files.map { try String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }
        #expect(kept.joined().split(separator: "\n").count == 200)
    }

    @Test("where nobody listens the beginning of a run is tried once, not three times with a pause")
    func refused() async {
        var configuration = configuration("http://127.0.0.1:9")
        // If it paused, this test would not end.
        configuration.retryPause = .seconds(100_000)
        configuration.patience = .seconds(1_000_000)
        let client = WeirClient(configuration)
        for _ in 0..<20 { await client.startRun(agent: "a", job: "j").end(.success) }
        #expect(client.trouble == .unreachable("nobody answers there"))
    }
}

/// A view model and the like: isolated, and not Sendable.
@MainActor
@Suite("The client library on the main actor")
final class ClientOnMainActorTests {
    private final class Page {
        var number = 0
    }

    private struct Trouble: Error {}

    private var pages: [Page] = []

    @Test("a closure uses what is not Sendable, and returns it")
    func closures() async throws {
        var configuration = ClientConfiguration(
            url: "http://127.0.0.1:9",
            bufferDirectory: NSTemporaryDirectory() + "weir-main-\(UUID().uuidString)"
        )
        configuration.eventDirectory = nil
        let client = WeirClient(configuration)
        let first = Page()
        let page = await client.trackRun(agent: "a", job: "j") { run in
            MainActor.assertIsolated()
            pages.append(first)
            first.number += 1
            await run.logEvent("page")
            MainActor.assertIsolated()
            run.setItems(succeeded: pages.count)
            return first
        }
        #expect(page === first && page.number == 1 && pages.count == 1)
        await #expect(throws: Trouble.self) {
            try await client.trackRun(agent: "a", job: "j") { _ in throw Trouble() }
        }
        let run = await client.startRun(agent: "a", job: "j")
        await run.end(.success)
    }
}
