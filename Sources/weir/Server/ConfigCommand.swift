import ArgumentParser
import WeirApp

/// `weir config`: every setting.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show every setting, its value and the value's source; secrets are masked."
    )

    @OptionGroup var settings: SettingOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Also show what each setting does and accepts.")
    var verbose = false

    func run() async throws {
        try await reportingFailures {
            let report = SettingsReport(try settings.resolve())
            if json {
                StandardStreams.write(report.json)
            } else {
                for line in report.lines(explained: verbose) { StandardStreams.write(line) }
            }
        }
    }
}
