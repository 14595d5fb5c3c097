import ArgumentParser
import Operations
import WeirApp

/// `weir doctor`: finds problems, and says what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, disk, journal, PostgreSQL, ports and clock, and say what to do.",
        discussion: "Changes nothing. Exit code 1 if a check fails; warnings do not count."
    )

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print problems only.")
    var quiet = false

    @OptionGroup var settings: SettingOptions

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve()
            let findings = await Doctor(resolved).examine()
            if json {
                StandardStreams.write(Doctor.json(findings))
            } else {
                for finding in findings where !quiet || finding.verdict != .ok {
                    for line in finding.lines { StandardStreams.write(line) }
                }
            }
            if findings.contains(where: { $0.verdict == .fail }) { throw ExitCode(1) }
        }
    }
}
