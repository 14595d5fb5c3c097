import Core
import FeatureTestKit
import Logging
import Notifications
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Alerts

@Suite("PostgreSQL away", .serialized)
struct DependencyWatchTests {
    private static let began = Timestamp(microseconds: 1_771_243_200_000_000)

    /// What was sent, and what happens meanwhile.
    private final class Sends: Sendable {
        private let count = Mutex(0)
        private let meanwhile = Mutex<(@Sendable () async throws -> Void)?>(nil)

        var begun: Int { count.withLock { $0 } }

        func happens(_ what: @escaping @Sendable () async throws -> Void) { meanwhile.withLock { $0 = what } }

        /// Takes a message as soon as another one is under way, too.
        func take() async -> SendOutcome {
            count.withLock { $0 += 1 }
            for _ in 0..<500 where begun < 2 { try? await Task.sleep(for: .milliseconds(10)) }
            guard begun == 2 else { return .again(status: nil, after: nil, why: "it is alone") }
            try? await meanwhile.withLock { $0 }?()
            return .sent(status: 200, note: nil)
        }
    }

    /// A rule with two channels that waits for five seconds, as it was read before PostgreSQL went.
    private func configuration(_ weir: AlertsHarness) async throws -> AlertConfiguration {
        try weir.makeRules()
        try weir.feature.database.execute(
            """
            UPDATE alert_rule SET trigger_kind = 'dependency_down', trigger_config = '{"for_seconds": 5}'
            WHERE uuid = '\(AlertsHarness.rule)'
            """
        )
        return try await weir.feature.pool.withConnection { try AlertsHarness.book($0).configuration }
    }

    private func watch(_ weir: AlertsHarness, _ sends: Sends) -> DependencyWatch {
        DependencyWatch(
            vault: ChannelVault(
                pool: weir.feature.pool,
                key: Result { () throws(SecretBoxError) in
                    try SecretBox(key: [UInt8](repeating: 7, count: 32))
                }
            ),
            send: { _, _ in await sends.take() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// What the engine does when PostgreSQL answers.
    private static func answer(_ watch: DependencyWatch, _ pool: Pool) async throws {
        try await pool.withConnection { connection in
            try watch.answered(on: connection, AlertsHarness.book)
        }
    }

    @Test func `is told to all channels at once, when it has lasted as long as the rule says`() async throws {
        let weir = try AlertsHarness.keeping()
        let (sends, configuration) = (Sends(), try await configuration(weir))
        let watch = watch(weir, sends)
        for seconds in [0, 4] { await watch.missed(configuration, at: Self.began + .seconds(seconds)) }
        #expect(sends.begun == 0)
        for seconds in [5, 10] { await watch.missed(configuration, at: Self.began + .seconds(seconds)) }
        #expect(sends.begun == 2)
    }

    @Test func `is recorded and over, also when PostgreSQL came back while people were told`() async throws {
        let weir = try AlertsHarness.keeping()
        let (sends, configuration) = (Sends(), try await configuration(weir))
        let watch = watch(weir, sends)
        sends.happens { [pool = weir.feature.pool] in try await Self.answer(watch, pool) }
        for seconds in [0, 5] { await watch.missed(configuration, at: Self.began + .seconds(seconds)) }
        try await Self.answer(watch, weir.feature.pool)
        let told = try await weir.deliveries().filter { $0["state"]?.string == "firing" }
        #expect(told.map { $0["status"]?.string } == ["sent", "sent"])
        #expect(try await weir.incidents().map { $0["status"]?.string } == ["resolved"])
    }
}
