import Foundation
import TestKit
import Testing

@testable import Outbound

/// A real server with STARTTLS: PyPI's `aiosmtpd`, run by `python3` or by the Python that `WEIR_TEST_PYTHON` names.
private final class RealSink {
    static let python = ProcessInfo.processInfo.environment["WEIR_TEST_PYTHON"] ?? "/usr/bin/python3"
    static let isInstalled =
        (try? TestCertificate.run(python, ["-c", "import aiosmtpd"])) == 0 && TestCertificate.isPossible

    let port: Int
    let certificate: TestCertificate
    private let process = Process()

    /// The file with the certificate that it shows.
    var trusted: String { certificate.certificate }

    init() throws {
        certificate = try TestCertificate()
        // The port of a listener that is gone again.
        port = Int(try SMTPSink(SMTPSink.usual).port)
        let output = certificate.directory.appendingPathComponent("output").path
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = [
            "-u", "-m", "aiosmtpd", "-n", "-l", "127.0.0.1:\(port)", "--tlscert",
            certificate.certificate, "--tlskey", certificate.key, "-c", "aiosmtpd.handlers.Debugging",
            "stdout",
        ]
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        // It inherits a mask with SIGTERM in it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// What the server printed: the messages.
    var output: String {
        (try? String(contentsOf: certificate.directory.appendingPathComponent("output"), encoding: .utf8))
            ?? ""
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
            if case .failure(.transport(.unreachable)) = await send(sink, authorities: sink.trusted) {
                return false
            }
            return true
        }
        let receipt = try await send(sink, authorities: sink.trusted).get()
        #expect(receipt.status == 250 && receipt.refused == [])
        #expect(sink.output.contains("Subject: over TLS"))
        guard case .failure(.transport(.tls)) = await send(sink, authorities: nil) else {
            Issue.record("an unknown certificate was trusted")
            return
        }
    }
}
