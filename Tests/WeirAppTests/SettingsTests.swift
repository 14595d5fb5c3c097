import API
import Configuration
import Core
import HTTPServer
import Logging
import Testing

@testable import WeirApp

@Suite struct `Settings table` {
    @Test func `every default is accepted by its own parser`() {
        for setting in Settings.rows() {
            #expect(throws: Never.self, "\(setting.name)") { try setting.parse(setting.defaultText ?? "") }
        }
        #expect(Settings().poolSize == 8)
        #expect(Settings().listen.map(\.description) == ["127.0.0.1:8000", "runs@127.0.0.1:8765"])
        #expect(Settings().idleTimeout == .seconds(75))
        #expect(Settings().maxBody == 32 << 20)
    }

    @Test func `names, options and aliases are unique`() {
        let names = Settings.rows().flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
        let flags = Settings.rows().compactMap(\.flag)
        #expect(Set(flags).count == flags.count)
    }

    @Test(arguments: Settings.rows().map(\.name))
    func `help is one sentence`(name: String) throws {
        let setting = try #require(Settings.rows().first { $0.name == name })
        #expect(setting.help.hasSuffix("."))
        #expect(setting.help.first?.isUppercase == true)
    }

    @Test func `an option beats a variable, a variable beats its alias, and all beat the default`() throws {
        func level(_ flags: [String: String], _ environment: [String: String]) throws -> Logger.Level {
            try Settings.resolve(flags: flags, environment: environment).settings.logLevel
        }
        #expect(try level([:], [:]) == .info)
        #expect(try level([:], ["LOG_LEVEL": "WARN"]) == .warning)
        #expect(try level([:], ["LOG_LEVEL": "error", "WEIR_LOG_LEVEL": "debug"]) == .debug)
        #expect(try level(["log-level": "trace"], ["WEIR_LOG_LEVEL": "debug"]) == .trace)
    }

    @Test func `an empty variable counts as not set`() throws {
        let resolved = try Settings.resolve(environment: [
            "DATABASE_URL": "", "SQLALCHEMY_URI": "postgresql://h/d",
        ])
        #expect(resolved.settings.databaseURL == "postgresql://h/d")
        #expect(resolved.entries.first?.source == .environment("SQLALCHEMY_URI"))
    }

    @Test(arguments: [
        ("WEIR_POOL_SIZE", "abc", "whole number"),
        ("WEIR_POOL_SIZE", "1", "out of range"),
        ("WEIR_MAX_BODY", "12 parsecs", "not a size"),
        ("WEIR_MAX_BODY", "9999999999999999999T", "not a size"),
        ("WEIR_IDLE_TIMEOUT", "75", "not a duration"),
        ("WEIR_IDLE_TIMEOUT", "0", "out of range"),
        ("WEIR_ALLOW_ANONYMOUS", "maybe", "neither true nor false"),
        ("WEIR_LISTEN", "127.0.0.1", "127.0.0.1"),
        ("WEIR_LISTEN", "flower@127.0.0.1:1", "flower"),
        ("WEIR_PUBLIC_URL", "https://a:b:c", "malformed"), ("WEIR_PUBLIC_URL", "http://[", "malformed"),
        ("WEIR_PUBLIC_URL", "https://a/b", "malformed"), ("WEIR_PUBLIC_URL", "ftp://a", "malformed"),
        ("WEIR_LISTEN", "127.0.0.1:80,127.0.0.1:80", "twice"),
        ("WEIR_LOG_LEVEL", "loud", "not a log level"),
        ("WEIR_LOG_FORMAT", "xml", "none of these words"),
        ("WEIR_CORS_ORIGINS", "dash.example.org", "not an origin"),
        ("WEIR_TRUSTED_PROXIES", "10.0.0.0/33", "10.0.0.0/33"),
    ])
    func `what is not usable is refused in words that quote it`(name: String, value: String, why: String)
        throws
    {
        let error = #expect(throws: SettingError.self) { try Settings.resolve(environment: [name: value]) }
        let line = try #require(error).description
        #expect(line.contains("\(name)='\(value)'"))
        #expect(line.contains(why))
        #expect(line.contains("It takes "))
        #expect(!line.contains("\n"))
    }

    @Test func `a refused secret is not quoted`() throws {
        let error = #expect(throws: SettingError.self) {
            try Settings.resolve(environment: ["WEIR_TOKENS": "ingest=fine,everything=hunter2"])
        }
        let line = try #require(error).description
        #expect(line.contains("token 2 names an unknown scope"))
        #expect(!line.contains("hunter2"))
    }

    @Test func `tokens are kept as hashes with their scopes`() throws {
        let settings = try Settings.resolve(environment: ["WEIR_TOKENS": "ingest=a=b, read+admin=c"]).settings
        #expect(settings.tokens.map(\.scopes) == [[.ingest], [.read, .admin]])
        #expect(settings.tokens.first?.hash == TokenHash(ofSecret: Array("a=b".utf8)))
    }

    @Test(arguments: [
        ("WEIR_POOL_SIZ", "did you mean WEIR_POOL_SIZE?"),
        ("WEIR_LISTENS", "did you mean WEIR_LISTEN?"),
        ("WEIR_SOMETHING_ELSE_ALTOGETHER", "`weir config` lists them all"),
    ])
    func `an unknown variable of ours is warned about`(name: String, words: String) throws {
        let warnings = try Settings.resolve(environment: [name: "1", "PATH": "/bin"]).warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains(words) == true)
    }

    @Test(arguments: ["loader.before-commit", "loader.before-commit:0", "loader:1", "nowhere:1", "1"])
    func `a fault point that there is not is refused`(text: String) throws {
        #expect(throws: SettingError.self) { try FaultPoint.read([FaultPoint.variable: text]) }
    }

    @Test func `a fault point is set by its variable alone, about which nobody is warned`() throws {
        let environment = [FaultPoint.variable: "loader.before-commit:3"]
        #expect(try FaultPoint.read(environment).place == .loaderBeforeCommit)
        #expect(try FaultPoint.read([:]).place == nil)
        #expect(try Settings.resolve(environment: environment).warnings.isEmpty)
    }

    @Test func `the report masks secrets and says where values came from`() throws {
        let resolved = try Settings.resolve(
            flags: ["data-dir": "/var/lib/weir"],
            environment: ["DATABASE_URL": "postgresql://u:hunter2@h/d"]
        )
        let text = SettingsReport(resolved).lines(explained: true).joined(separator: "\n")
        #expect(!text.contains("hunter2"))
        #expect(text.contains("/var/lib/weir"))
        #expect(text.contains("(--data-dir)"))
        let json = SettingsReport(resolved).json
        #expect(!json.contains("hunter2"))
        let first = try JSONDocument(Array(json.utf8)).root.elements.first { _ in true }
        #expect(first?["value"]?.string == "***")
        #expect(first?["source"]?.string == "DATABASE_URL")
    }
}

@Suite struct `Sizes and durations` {
    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("64k", 64 << 10), ("64KB", 64 << 10), ("32MiB", 32 << 20), ("1G", 1 << 30),
        ("2 TiB", 2 << 40),
    ])
    func `sizes are powers of 1024`(text: String, bytes: Int) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "MiB", "1.5G", "-1", "12 parsecs", "1GG"])
    func `what is no size is none`(text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("75s", .seconds(75)), ("10m", .seconds(600)),
        ("24h", .seconds(86_400)),
        ("14d", .seconds(1_209_600)), ("0", .zero),
    ])
    func `durations have units`(text: String, duration: Duration) {
        #expect(DurationText(text)?.duration == duration)
    }

    @Test(arguments: ["", "75", "1.5s", "1w", "-1s", "99999999999999999999d"])
    func `what is no duration is none`(text: String) {
        #expect(DurationText(text) == nil)
    }

    @Test(arguments: ["500ms", "75s", "10m", "24h", "14d", "0", "1500ms"])
    func `durations are written as they were read, in the largest whole unit`(text: String) {
        let shown = DurationText(text)?.description
        #expect(shown == (text == "24h" ? "1d" : text))
    }
}
