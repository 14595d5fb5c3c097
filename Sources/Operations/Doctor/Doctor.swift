import Configuration
import Core
import Glibc
import HTTPServer
import Outbound
import Postgres
package import WeirApp

/// Implements `weir doctor`: checks everything that a server needs, and changes nothing.
package struct Doctor: Sendable {
    /// The result of one check.
    package struct Finding: Hashable, Sendable {
        /// Its severity.
        package enum Verdict: String, Sendable {
            case ok, warn, fail
        }

        package let verdict: Verdict
        let subject: String
        let finding: String
        let advice: String?

        init(_ verdict: Verdict, _ subject: String, _ finding: String, advice: String? = nil) {
            self.verdict = verdict
            self.subject = subject
            self.finding = finding
            self.advice = advice
        }

        /// `ok    disk         12 % full`, with the advice after an arrow, wrapped to the width of the terminal.
        package var lines: [String] {
            let head = "\(verdict.rawValue.padded(to: 5)) \(subject.padded(to: 12)) "
            return TextLayout.wrapped(finding, first: head)
                + (advice.map { TextLayout.wrapped($0, first: "      -> ") } ?? [])
        }
    }

    /// Findings for programs: whether all passed, and each of them.
    package static func json(_ findings: [Finding]) -> String {
        var writer = JSONWriter()
        writer.object { object in
            object.member("ok", !findings.contains { $0.verdict == .fail })
            object.array("checks") { list in
                for finding in findings {
                    list.object { members in
                        members.member("name", finding.subject)
                        members.member("verdict", finding.verdict.rawValue)
                        members.member("finding", finding.finding)
                        members.member("advice", finding.advice)
                    }
                }
            }
        }
        return writer.text
    }

    private let resolved: ResolvedSettings
    var settings: Settings { resolved.settings }

    /// Makes a doctor for these settings.
    package init(_ resolved: ResolvedSettings) {
        self.resolved = resolved
    }

    /// Runs all checks, each bounded in time.
    package func examine() async -> [Finding] {
        var findings = configuration + [access]
        let (directory, disk) = dataDirectory
        findings += disk
        findings += ports
        findings += await database(directory)
        return findings
    }

    // MARK: - Settings

    private var configuration: [Finding] {
        let changed = resolved.entries.count { $0.source != .default }
        let settled = Finding(.ok, "settings", "\(resolved.entries.count) settings, \(changed) of them given")
        return [settled] + resolved.warnings.map { Finding(.warn, "settings", $0) }
    }

    private var access: Finding {
        let mirror = TokenMirror(path: settings.dataDirectory + "/tokens.json").read()
        guard mirror != .unusable else {
            return Finding(
                .warn,
                "access",
                "the mirror of tokens in the data directory cannot be read",
                advice: "its tokens are refused until PostgreSQL answers; run this as Weir's user"
            )
        }
        let tokens = TokenTable(settings.tokens + mirror.tokens, hadTokens: mirror != .absent)
        let policy = AccessPolicy(allowsAnonymous: settings.allowsAnonymous)
        do {
            try policy.check(settings.listen, tokens: tokens)
        } catch {
            return Finding(.fail, "access", "\(error)")
        }
        if let warning = policy.warning(about: tokens) { return Finding(.warn, "access", warning) }
        if !tokens.isEmpty { return Finding(.ok, "access", "\(tokens.tokens.count) tokens") }
        return settings.allowsAnonymous
            ? Finding(
                .warn,
                "access",
                "everybody may send and read",
                advice: "fine behind a proxy that authenticates clients"
            )
            : Finding(.ok, "access", "no tokens: programs on this machine may send and read")
    }

    // MARK: - Disk and clock

    private var dataDirectory: (DataDirectory?, [Finding]) {
        guard Glibc.access(settings.dataDirectory, F_OK) == 0 else {
            let parent = Finding(.ok, "data", "\(settings.dataDirectory) will be made")
            return (nil, [parent])
        }
        do {
            let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
            return (directory, [Finding(.ok, "data", directory.path), disk(directory), clock(directory)])
        } catch {
            return (nil, [Finding(.fail, "data", "\(error)")])
        }
    }

    private func disk(_ directory: DataDirectory) -> Finding {
        var space = statvfs()
        guard statvfs(directory.path, &space) == 0, space.f_blocks > 0 else {
            return Finding(.warn, "disk", "its space cannot be read")
        }
        let percent = 100 - Int(space.f_bavail * 100 / space.f_blocks)
        let free = ByteSize(Int(space.f_bavail) * Int(space.f_frsize)).approximately
        let text = "\(percent) % full, \(free) free"
        guard percent >= settings.readyDiskPercent else { return Finding(.ok, "disk", text) }
        return Finding(
            .fail,
            "disk",
            text,
            advice: "make room; Weir is not ready above \(settings.readyDiskPercent) %"
        )
    }

    /// Times in the journal never decrease; after a clock was set back, new lines carry old times for a while.
    private func clock(_ directory: DataDirectory) -> Finding {
        let now = Timestamp.now()
        guard now.civilDate.year >= 2025 else {
            return Finding(
                .fail,
                "clock",
                "\(now)",
                advice: "set the clock: partitions and windows depend on it"
            )
        }
        var status = stat()
        guard stat("\(directory.path)/journal.json", &status) == 0 else {
            return Finding(.ok, "clock", "\(now)")
        }
        let ahead = Double(status.st_mtim.tv_sec) - now.secondsSinceEpoch
        guard ahead > 60 else { return Finding(.ok, "clock", "\(now)") }
        return Finding(
            .warn,
            "clock",
            "\(Int(ahead)) s behind the journal",
            advice: "has the clock been set back? Check NTP"
        )
    }

    // MARK: - Ports

    private var ports: [Finding] {
        settings.listen.map { listener in
            do throws(OutboundError) {
                let answer = try HealthProbe(listeners: [listener], timeoutSeconds: 2).ask(
                    listener,
                    "/openapi.json"
                )
                if answer.body.contains("\"title\":\"Weir\"") {
                    return Finding(.ok, "port", "\(listener) is served by a running Weir")
                }
            } catch {
                switch error {
                case .unreachable: return Finding(.ok, "port", "\(listener) is free")
                case .unresolvable, .badURL: return Finding(.warn, "port", "\(listener): \(error)")
                // Another program listens there.
                default: break
                }
            }
            return Finding(
                .fail,
                "port",
                "\(listener) is taken by another program",
                advice: "stop it, or listen elsewhere with WEIR_LISTEN"
            )
        }
    }
}
