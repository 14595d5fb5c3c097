import Foundation
import TestKit
import Testing

@testable import Outbound

/// A web server that speaks TLS: `openssl s_server`.
private final class SecureServer {
    let port: UInt16
    let certificate: TestCertificate
    private let process = Process()

    init() throws {
        certificate = try TestCertificate()
        // The port of a listener that is gone again.
        port = try StubListener("").port
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "s_server", "-quiet", "-www", "-accept", "127.0.0.1:\(port)", "-cert", certificate.certificate,
            "-key", certificate.key,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        // It inherits a mask with SIGTERM in it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The status of an answer, or why there is none.
    func answer(
        as host: String,
        authorities: String?,
        isUnverified: Bool = false
    ) async -> Result<Int, OutboundError> {
        let client = OutboundClient(authorities: authorities)
        var request = OutboundRequest("GET", "https://\(host):\(port)/")
        request.isUnverified = isUnverified
        do throws(OutboundError) {
            return .success(try await client.send(request).status)
        } catch {
            return .failure(error)
        }
    }
}

@Suite(.enabled(if: TestCertificate.isPossible, "needs openssl"))
struct `A server with a certificate` {
    @Test func `is called only if it is trusted and has the name, and the error says what is wrong`()
        async throws
    {
        let server = try SecureServer()
        let trusted = server.certificate.certificate
        // The server needs a moment to start.
        try await eventually {
            if case .failure(.unreachable) = await server.answer(as: "127.0.0.1", authorities: trusted) {
                return false
            }
            return true
        }
        #expect(await server.answer(as: "127.0.0.1", authorities: trusted) == .success(200))
        guard case .failure(.tls(let issuer)) = await server.answer(as: "127.0.0.1", authorities: nil),
            case .failure(.tls(let name)) = await server.answer(as: "localhost", authorities: trusted)
        else {
            Issue.record("a certificate of nobody, or of somebody else, was trusted")
            return
        }
        #expect(issuer.hasPrefix("SSL certificate problem: self"), "\(issuer)")
        #expect(name.contains("name") && name.contains("'localhost'"), "\(name)")
        let unread = await server.answer(as: "localhost", authorities: nil, isUnverified: true)
        #expect(unread == .success(200))
    }
}
