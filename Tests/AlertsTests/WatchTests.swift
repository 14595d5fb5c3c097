import Core
import Logging
import Notifications
import Postgres
import Synchronization
import Testing

@testable import Alerts

/// What is told of PostgreSQL while it is away, so without it.
@Suite("The watch over PostgreSQL")
struct WatchTests {
    private static let away = Timestamp(microseconds: 1_780_000_000_000_000)

    private final class Sent: Sendable {
        let texts = Mutex<[String]>([])
        let fails = Mutex(false)
    }

    private let sent = Sent()

    private func watch() throws -> DependencyWatch {
        let sent = sent
        return DependencyWatch(
            vault: ChannelVault(
                pool: Pool(ConnectionTarget(socketDirectory: "/nonexistent", user: "u", database: "d")),
                key: .success(try SecretBox(key: [UInt8](repeating: 1, count: 32)))
            ),
            send: { message, channel in
                sent.texts.withLock { $0.append("\(channel.config["url"]?.string ?? ""): \(message.text)") }
                return sent.fails.withLock { $0 }
                    ? .refused(status: nil, why: "no") : .sent(status: 200, note: nil)
            },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private static func channel(_ name: String, isEnabled: Bool = true, origin: String = "api")
        -> StoredChannel
    {
        StoredChannel(
            id: .random(),
            name: name,
            kind: .webhook,
            config: Array(#"{"url":"\#(name)"}"#.utf8),
            isEnabled: isEnabled,
            origin: origin,
            createdAt: .epoch
        )
    }

    private static func configuration(
        _ channels: [StoredChannel],
        kind: TriggerKind = .dependencyDown,
        silences: [Silence] = []
    ) -> AlertConfiguration {
        var rule = AlertRule.sample(kind, "{}")
        rule.channels = channels.map(\.id)
        return AlertConfiguration(
            revision: 1,
            rules: [rule],
            channels: Dictionary(uniqueKeysWithValues: channels.map { ($0.id, $0) }),
            silences: silences
        )
    }

    /// Misses PostgreSQL at seconds, and says how many were told by then.
    private func told(_ watch: DependencyWatch, _ configuration: AlertConfiguration?, at seconds: Int...)
        async
        -> [Int]
    {
        var counts: [Int] = []
        for second in seconds {
            await watch.missed(configuration, at: Self.away.adding(seconds: second))
            counts.append(sent.texts.withLock { $0.count })
        }
        return counts
    }

    @Test func `tells each channel once, after half a minute`() async throws {
        let configuration = Self.configuration([
            Self.channel("a"), Self.channel("b", isEnabled: false), Self.channel("c"),
        ])
        #expect(await told(try watch(), configuration, at: 0, 29, 30, 35) == [0, 0, 2, 2])
        let text =
            "PostgreSQL has not answered since 2026-05-28T20:26:40Z. Telemetry is kept in the journal."
        #expect(sent.texts.withLock { $0.sorted() } == ["a: \(text)", "c: \(text)"])
    }

    @Test func `tells again what was not taken, and nothing twice while PostgreSQL comes and goes`()
        async throws
    {
        let (watch, configuration) = (try watch(), Self.configuration([Self.channel("a")]))
        sent.fails.withLock { $0 = true }
        #expect(await told(watch, configuration, at: 0, 30) == [0, 1])
        sent.fails.withLock { $0 = false }
        #expect(await told(watch, configuration, at: 35) == [2])
        watch.heard()
        #expect(await told(watch, configuration, at: 40, 80) == [2, 2])
    }

    @Test func `tells nothing of an outage that ended in time, nor what is silenced or of another rule`()
        async throws
    {
        let short = try watch()
        #expect(await told(short, Self.configuration([Self.channel("a")]), at: 0, 20) == [0, 0])
        short.heard()
        #expect(await told(short, Self.configuration([Self.channel("a")]), at: 31, 60) == [0, 0])
        let silence = Silence(
            id: .random(),
            matchers: try MatcherText.read("dependency=postgres"),
            startsAt: .epoch,
            endsAt: .latest,
            window: nil,
            createdBy: "",
            comment: "",
            updatedAt: .epoch
        )
        let silenced = Self.configuration([Self.channel("a")], silences: [silence])
        #expect(await told(try watch(), silenced, at: 0, 60) == [0, 0])
        #expect(
            await told(try watch(), Self.configuration([Self.channel("a")], kind: .lag), at: 0, 60) == [0, 0]
        )
        #expect(await told(try watch(), nil, at: 0, 60) == [0, 0])
    }

    // MARK: - Rules by default

    @Test func `has rules by default only while nobody has made any, and where somebody listens`() {
        var shipped = AlertRule.sample(.event, "{}")
        (shipped.name, shipped.origin) = ("shipped", DefaultRules.origin)
        var kept = shipped
        let listener = Self.channel("a")
        (kept.name, kept.channels) = ("kept", [.random()])
        let channels = [
            listener, Self.channel("b", isEnabled: false), Self.channel("c", origin: "observability"),
        ]
        func names(_ rules: [AlertRule], _ channels: [StoredChannel]) -> [String] {
            DefaultRules.inForce(rules, channels).map {
                "\($0.name) \($0.channels == [listener.id] ? "to a" : "\($0.channels.count)")"
            }
        }
        #expect(names([shipped, kept], channels) == ["shipped to a", "kept 1"])
        #expect(names([shipped], Array(channels.dropFirst())) == [])
        let own = AlertRule.sample(.event, "{}")
        #expect(names([shipped, own], channels) == ["sample 0"])
        var disabled = own
        disabled.isEnabled = false
        #expect(names([shipped, disabled], channels) == ["shipped to a"])
        #expect(names([own, disabled], []) == ["sample 0"])
    }
}
