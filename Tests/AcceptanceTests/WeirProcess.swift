import Foundation
import Synchronization
import TestKit

/// The built executable as an operator runs it: a process, an environment, a port, signals.
final class WeirProcess: Sendable {
    struct NotReady: Error, CustomStringConvertible {
        let description: String
    }

    /// Beside the test bundle.
    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "weir")

    let process: Process
    private let output = Collector()
    private let errors = Collector()

    /// Starts `weir serve` on a free port; `environment` is all that it sees beside PATH and HOME.
    init(
        dataDirectory: String,
        environment: [String: String] = [:],
        arguments: [String] = ["serve"]
    ) throws {
        process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        var variables = [
            "WEIR_DATA_DIR": dataDirectory, "WEIR_LISTEN": "127.0.0.1:0", "WEIR_LOG_FORMAT": "text",
        ]
        for name in ["PATH", "HOME"] { variables[name] = ProcessInfo.processInfo.environment[name] }
        process.environment = variables.merging(environment) { _, given in given }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
    }

    /// What it wrote to standard error so far.
    var errorText: String { errors.text }
    /// What it wrote to standard output so far.
    var outputText: String { output.text }

    /// Waits for the banner and returns a client for the address in it.
    func ready(within seconds: Int = 60) async throws -> HTTPTestClient {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if let port = output.text.firstMatch(of: /is ready at http:\/\/127\.0\.0\.1:(\d+)/)?.1 {
                return HTTPTestClient(.tcp(host: "127.0.0.1", port: Int(port) ?? 0))
            }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw NotReady(description: "no banner. Output: \(output.text) Errors: \(errors.text)")
    }

    /// Ends it as a crash would.
    func kill9() async {
        kill(process.processIdentifier, SIGKILL)
        _ = await ended()
    }

    /// Asks it to stop and returns its exit status.
    func terminate() async -> Int32 {
        kill(process.processIdentifier, SIGTERM)
        return await ended()
    }

    /// Its exit status, once it has one and all that it wrote was read.
    func ended() async -> Int32 {
        while process.isRunning {
            try? await Task.sleep(for: .milliseconds(5))
        }
        // A cluster of another test that was started meanwhile may have inherited the pipes, and keeps them open.
        for _ in 0..<400 where !(output.isComplete && errors.isComplete) {
            try? await Task.sleep(for: .milliseconds(5))
        }
        return process.terminationStatus
    }

    /// Reads a pipe as it fills.
    private final class Collector: Sendable {
        let pipe = Pipe()
        private let collected = Mutex((text: "", isComplete: false))

        init() {
            pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
                let data = handle.availableData
                guard !data.isEmpty else {
                    handle.readabilityHandler = nil
                    self?.collected.withLock { $0.isComplete = true }
                    return
                }
                self?.collected.withLock { $0.text += String(decoding: data, as: UTF8.self) }
            }
        }

        var text: String { collected.withLock { $0.text } }
        var isComplete: Bool { collected.withLock { $0.isComplete } }
    }
}

/// A directory that goes with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "weir-acceptance-\(UUID().uuidString)"
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
