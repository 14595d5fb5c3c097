import Foundation
import TestKit
import Testing

@testable import Outbound

/// A real server with STARTTLS: PyPI's `aiosmtpd`, run by `python3` or by the Python that `WEIR_TEST_PYTHON` names.
private final class RealSink {
    static let python = ProcessInfo.processInfo.environment["WEIR_TEST_PYTHON"] ?? "/usr/bin/python3"
    static let isInstalled =
        (try? run(python, ["-c", "import aiosmtpd"])) == 0 && (try? run("/usr/bin/openssl", ["version"])) == 0

    let port: Int
    let certificate: String
    private let directory: URL
    private let process = Process()

    init() throws {
        directory = URL(fileURLWithPath: "/tmp/weir-smtp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        certificate = directory.appendingPathComponent("cert.pem").path
        let key = directory.appendingPathComponent("key.pem").path
        _ = try Self.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key,
            ]
        )
        // The port of a listener that is gone again.
        port = Int(try SMTPSink(SMTPSink.usual).port)
        let output = directory.appendingPathComponent("output").path
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = [
            "-u", "-m", "aiosmtpd", "-n", "-l", "127.0.0.1:\(port)", "--tlscert", certificate, "--tlskey",
            key,
            "-c", "aiosmtpd.handlers.Debugging", "stdout",
        ]
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        // It inherits a mask with SIGTERM in it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    /// What the server printed: the messages.
    var output: String {
        (try? String(contentsOf: directory.appendingPathComponent("output"), encoding: .utf8)) ?? ""
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
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

@Suite(.enabled(if: RealSink.isInstalled, "needs aiosmtpd of PyPI, and openssl"))
struct `Mail over STARTTLS` {
    private func send(_ sink: RealSink, authorities: String?) async -> Result<MailReceipt, MailError> {
        let mail = OutboundMail(
            host: "127.0.0.1",
            port: sink.port,
            security: .startTLS,
            from: "weir@example.org",
            to: ["ops@example.org"],
            message: Array("Subject: over TLS\r\n\r\nhello\r\n".utf8)
        )
        do throws(MailError) {
            return .success(try await MailClient(authorities: authorities).send(mail))
        } catch {
            return .failure(error)
        }
    }

    @Test func `reaches a server whose certificate is trusted, and no other`() async throws {
        let sink = try RealSink()
        // The server needs a moment to start.
        try await eventually {
            if case .failure(.transport(.unreachable)) = await send(sink, authorities: sink.certificate) {
                return false
            }
            return true
        }
        let receipt = try await send(sink, authorities: sink.certificate).get()
        #expect(receipt.status == 250 && receipt.refused == [])
        #expect(sink.output.contains("Subject: over TLS"))
        guard case .failure(.transport(.tls)) = await send(sink, authorities: nil) else {
            Issue.record("an unknown certificate was trusted")
            return
        }
    }
}
