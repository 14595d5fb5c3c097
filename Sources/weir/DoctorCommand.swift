import ArgumentParser
import WeirApp

/// `weir doctor`: what is wrong, and what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, disk, journal, PostgreSQL, ports and clock, and say what to do.",
        discussion: "Changes nothing. Exit code 1 when a check fails; warnings are no failures."
    )

    @OptionGroup var settings: SettingOptions

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve()
            var hasFailed = false
            for finding in await Doctor(resolved).examine() {
                StandardStreams.write(finding.line)
                hasFailed = hasFailed || finding.verdict == .fail
            }
            if hasFailed { throw ExitCode(1) }
        }
    }
}
