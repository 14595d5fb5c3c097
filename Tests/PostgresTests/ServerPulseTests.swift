import Dispatch
import Glibc
import Postgres
import TestKit
import Testing

/// Takes connections, as the kernel does for a stopped process, and never says a word.
private final class SilentServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | listen(descriptor, 16) | getsockname(descriptor, $0, &length)
            }
        }
        try #require(result == 0)
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    var target: ConnectionTarget {
        get throws { try ConnectionTarget(parsing: "postgresql://u:p@127.0.0.1:\(port)/d?sslmode=disable") }
    }

    deinit { close(descriptor) }
}

@Suite struct `A pulse` {
    @Test func `frees those who wait for a server that falls silent`() async throws {
        let database = try TemporaryDatabase.make()
        let silent = try SilentServer()
        let pulse = ServerPulse(try silent.target, patience: .milliseconds(50))
        let pool = Pool(database.target, PoolConfiguration(limit: 2), pulse: pulse)
        let release = DispatchSemaphore(value: 0)
        let (taken, isTaken) = AsyncStream<Void>.makeStream()
        let waiting = Task {
            try await pool.withConnection { _ in
                isTaken.finish()
                release.wait()
            }
        }
        for await _ in taken {}
        let beating = Task { await pulse.run(every: .milliseconds(10)) }
        let error = await #expect(throws: PostgresError.self) { try await waiting.value }
        #expect(error?.kind == .unreachable)
        #expect(pool.status.isReachable == false)
        await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
        #expect(pool.status.inUse == 1)
        release.signal()
        beating.cancel()
        await pool.close()
    }

    @Test func `lets everybody pass while the server answers`() async throws {
        let database = try TemporaryDatabase.make()
        let pulse = ServerPulse(database.target)
        let pool = Pool(database.target, pulse: pulse)
        let beating = Task { await pulse.run(every: .milliseconds(1)) }
        for _ in 0..<50 { try await pool.withConnection { _ = try $0.execute("SELECT 1") } }
        #expect(!pulse.isSilent)
        #expect(pool.status.isReachable == true)
        beating.cancel()
        await pool.close()
    }
}
