import Foundation

/// Runs lines as a reader would paste them, with `weir` in the path and no terminal.
struct Shell: Sendable {
    /// How it went.
    struct Outcome: Sendable {
        let exitCode: Int32
        /// Standard output, and standard error when something failed.
        let output: String
        /// Standard output alone.
        let printed: String
    }

    static let hasCurl = ["/usr/bin/curl", "/usr/local/bin/curl", "/bin/curl"].contains {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let environment: [String: String]
    private let shownAddress: String
    private let address: String

    /// `address` takes the place of `shownAddress` in what is run.
    init(_ environment: [String: String], replacing shownAddress: String = "", by address: String = "") {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let own = WeirProcess.executable.deletingLastPathComponent().path
        self.environment = environment.merging(["PATH": "\(own):\(path)", "HOME": NSTemporaryDirectory()]) {
            $1
        }
        self.shownAddress = shownAddress
        self.address = address
    }

    /// Runs a script up to its first command that fails; every `curl` also tells the status it got.
    func run(_ script: String) async -> Outcome {
        let pasted = shownAddress.isEmpty ? script : readdressed(script)
        let prelude = #"set -euo pipefail; curl() { command curl -w '\nstatus %{http_code}\n' "$@"; }"#
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: execute(prelude + "\n" + pasted))
            }
        }
    }

    /// The simulator has the address as its default and is told the other one.
    private func readdressed(_ script: String) -> String {
        script.replacing(shownAddress, with: address)
            .replacing("weir simulate", with: "weir simulate --url \(address)/telemetry")
    }

    private func execute(_ script: String) -> Outcome {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", script]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        do {
            try process.runWithUsualSignals()
        } catch {
            return Outcome(exitCode: -1, output: "\(error)", printed: "")
        }
        // Little is written to standard error: less than a pipe holds.
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let isWell = process.terminationStatus == 0
        return Outcome(
            exitCode: process.terminationStatus,
            output: String(decoding: isWell ? said : said + complained, as: UTF8.self),
            printed: String(decoding: said, as: UTF8.self)
        )
    }
}
