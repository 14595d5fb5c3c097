import Core
package import Logging

/// Writes log lines to standard error: readable text, or one JSON object per line.
package struct WeirLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let label: String
    private let style: LogStyle
    private let write: @Sendable ([UInt8]) -> Void

    /// Makes a handler; `write` gets whole lines, from any thread.
    package init(
        label: String,
        level: Logger.Level,
        style: LogStyle,
        write: @escaping @Sendable ([UInt8]) -> Void = { StandardStreams.write($0, to: 2) }
    ) {
        self.label = label
        logLevel = level
        self.style = style
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let given = event.metadata { merged.merge(given) { _, new in new } }
        let line = LogLine(
            level: event.level,
            label: label,
            message: event.message.description,
            metadata: merged.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        )
        write(line.bytes(style, at: .now()))
    }
}

/// The format of log lines.
package enum LogStyle: Sendable {
    case text
    case json
}

extension Logger {
    /// The logger of the settings.
    package static func weir(_ settings: Settings) -> Logger {
        let style: LogStyle =
            switch settings.logFormat {
            case .text: .text
            case .json: .json
            case .auto: StandardStreams.isErrorTerminal ? .text : .json
            }
        let level = settings.logLevel
        return Logger(label: "weir") { label in
            var handler = WeirLogHandler(label: label, level: level, style: style)
            handler.metadataProvider = RequestLogContext.provider
            return handler
        }
    }
}
