import Foundation

/// A certificate for 127.0.0.1 that is its own issuer, in a directory that goes with it.
final class TestCertificate {
    static let isPossible = (try? run("/usr/bin/openssl", ["version"])) == 0

    let directory: URL
    /// The paths of the certificate and of its key.
    let certificate: String
    let key: String

    init() throws {
        directory = URL(fileURLWithPath: "/tmp/weir-certificate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        certificate = directory.appendingPathComponent("cert.pem").path
        key = directory.appendingPathComponent("key.pem").path
        _ = try Self.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key,
            ]
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
