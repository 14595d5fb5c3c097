import Foundation
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
        arguments: [String] = ["serve"],
        input: Pipe? = nil
    ) throws {
        process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        var variables = [
            "WEIR_DATA_DIR": dataDirectory, "WEIR_LISTEN": "127.0.0.1:0", "WEIR_LOG_FORMAT": "text",
        ]
        for name in ["PATH", "HOME"] { variables[name] = ProcessInfo.processInfo.environment[name] }
        process.environment = variables.merging(environment) { _, given in given }
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = try output.open()
        process.standardError = try errors.open()
        try process.runWithUsualSignals()
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

    /// Its exit status, once it has one.
    func ended() async -> Int32 {
        while process.isRunning {
            try? await Task.sleep(for: .milliseconds(5))
        }
        return process.terminationStatus
    }

    /// A file that a stream of the process goes to. A pipe would stay open for as long as some other child of this
    /// process happened to inherit it.
    private final class Collector: Sendable {
        let path = NSTemporaryDirectory() + "weir-acceptance-\(UUID().uuidString).log"

        func open() throws -> FileHandle {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            return try FileHandle(forWritingTo: URL(filePath: path))
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }

        var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
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
