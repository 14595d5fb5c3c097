import Foundation

/// The built `weir`, run as a process of its own.
struct Executable {
    /// What became of a run.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Beside the test's own executable, where SwiftPM puts all products.
    static var path: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("weir").path
    }

    /// Runs it to its end; nothing of this process's environment reaches it.
    static func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment.merging(["PATH": "/usr/local/bin:/usr/bin:/bin"]) { mine, _ in mine
        }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let outputText = output.fileHandleForReading.readDataToEndOfFile()
        let errorText = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: String(decoding: outputText, as: UTF8.self),
            errors: String(decoding: errorText, as: UTF8.self)
        )
    }
}
