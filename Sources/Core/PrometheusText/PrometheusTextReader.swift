/// Reads the Prometheus text format 0.0.4 a line at a time, and keeps nothing of what it has read.
///
/// It accepts what the parser of Prometheus' Go library accepts, of which the Pushgateway consists: blanks and tabs
/// between the parts, a comma after the last label, `Inf` and `NaN` in any case. Names in quotes are not in this
/// version of the format.
package struct PrometheusTextReader: Sendable {
    private let bytes: [UInt8]
    private let limits: PrometheusTextLimits
    private var position = 0
    private var lineStart = 0
    private var lineEnd = 0
    private var samples = 0
    /// The line that was read last, counted from 1.
    package private(set) var line = 0

    /// Makes a reader of a whole text, or of whole lines.
    package init(_ bytes: [UInt8], limits: PrometheusTextLimits = PrometheusTextLimits()) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The next line that says something; nil at the end. After an error the next call goes on with the next line.
    package mutating func next() throws(PrometheusTextError) -> PrometheusTextEntry? {
        while lineEnd < bytes.count {
            try beginLine()
            if let entry = try entry() { return entry }
        }
        return nil
    }

    /// An error at the place where reading stopped.
    package func error(_ cause: PrometheusTextError.Cause) -> PrometheusTextError {
        PrometheusTextError(line: line, column: position - lineStart + 1, cause)
    }

    // MARK: - Lines

    /// Moves to the next line; `lineEnd` is behind its line feed afterwards, so that an error skips the line.
    private mutating func beginLine() throws(PrometheusTextError) {
        line += 1
        lineStart = lineEnd
        position = lineStart
        guard let feed = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) else {
            lineEnd = bytes.count
            position = bytes.count
            throw error(.noLineFeed)
        }
        lineEnd = feed + 1
        guard feed - lineStart <= limits.lineBytes else { throw error(.lineTooLong(limit: limits.lineBytes)) }
    }

    /// Nil for an empty line and a comment.
    private mutating func entry() throws(PrometheusTextError) -> PrometheusTextEntry? {
        skipBlanks()
        if isAtEnd { return nil }
        guard current == UInt8(ascii: "#") else { return .sample(try sample()) }
        position += 1
        skipBlanks()
        let start = position
        while !isAtEnd, !isBlank { position += 1 }
        let keyword = bytes[start..<position]
        skipBlanks()
        if isAtEnd { return nil }
        if keyword.elementsEqual("HELP".utf8) { return try help() }
        if keyword.elementsEqual("TYPE".utf8) { return try type() }
        return nil
    }

    private mutating func help() throws(PrometheusTextError) -> PrometheusTextEntry {
        let metric = try commentedMetric()
        return .help(metric: metric, text: try text(endingWith: UInt8(ascii: "\n")))
    }

    /// A line that names no type says nothing.
    private mutating func type() throws(PrometheusTextError) -> PrometheusTextEntry? {
        let metric = try commentedMetric()
        if isAtEnd { return nil }
        let word = String(decoding: bytes[position..<(lineEnd - 1)], as: UTF8.self).lowercased()
        guard let type = PrometheusType(rawValue: word) else { throw error(.unknownType) }
        return .type(metric: metric, type)
    }

    private mutating func commentedMetric() throws(PrometheusTextError) -> String {
        let metric = try name(allowsColon: true, .badMetricName)
        guard isAtEnd || isBlank else { throw error(.badMetricName) }
        skipBlanks()
        return metric
    }

    // MARK: - Samples

    private mutating func sample() throws(PrometheusTextError) -> PrometheusSample {
        let name = try name(allowsColon: true, .badMetricName)
        skipBlanks()
        let labels = !isAtEnd && current == UInt8(ascii: "{") ? try labels() : []
        skipBlanks()
        guard !isAtEnd else { throw error(.noValue) }
        let value = try value()
        skipBlanks()
        let timestamp = isAtEnd ? nil : try timestamp()
        skipBlanks()
        guard isAtEnd else { throw error(.trailingText) }
        samples += 1
        guard samples <= limits.samples else { throw error(.tooManySamples(limit: limits.samples)) }
        return PrometheusSample(name, labels, value: value, at: timestamp)
    }

    private mutating func labels() throws(PrometheusTextError) -> [PrometheusLabel] {
        position += 1
        var labels: [PrometheusLabel] = []
        while true {
            skipBlanks()
            guard !isAtEnd else { throw error(.noComma) }
            if current == UInt8(ascii: "}") { break }
            let label = try label()
            guard !labels.contains(where: { $0.name == label.name }) else { throw error(.repeatedLabel) }
            guard labels.count < limits.labels else { throw error(.tooManyLabels(limit: limits.labels)) }
            labels.append(label)
            skipBlanks()
            guard !isAtEnd else { throw error(.noComma) }
            if current == UInt8(ascii: "}") { break }
            guard current == UInt8(ascii: ",") else { throw error(.noComma) }
            position += 1
        }
        position += 1
        return labels
    }

    private mutating func label() throws(PrometheusTextError) -> PrometheusLabel {
        let name = try name(allowsColon: false, .badLabelName)
        guard name != "__name__" else { throw error(.reservedLabel) }
        skipBlanks()
        guard !isAtEnd, current == UInt8(ascii: "=") else { throw error(.noEqualsSign) }
        position += 1
        skipBlanks()
        guard !isAtEnd, current == UInt8(ascii: "\"") else { throw error(.noQuote) }
        position += 1
        let value = try text(endingWith: UInt8(ascii: "\""))
        position += 1
        return PrometheusLabel(name, value)
    }

    private mutating func value() throws(PrometheusTextError) -> Double {
        guard let value = PrometheusNumber.double(word()) else { throw numberError(.badNumber) }
        return value
    }

    private mutating func timestamp() throws(PrometheusTextError) -> Int64 {
        guard let time = PrometheusNumber.integer(word()) else { throw numberError(.badTimestamp) }
        return time
    }

    /// A number is often wrong because of a carriage return behind it.
    private func numberError(_ cause: PrometheusTextError.Cause) -> PrometheusTextError {
        error(bytes[lineStart..<position].last == UInt8(ascii: "\r") ? .carriageReturn : cause)
    }

    // MARK: - Parts

    private mutating func name(
        allowsColon: Bool,
        _ cause: PrometheusTextError.Cause
    ) throws(PrometheusTextError) -> String {
        let start = position
        while !isAtEnd {
            let byte = current
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            let isDigit = byte &- UInt8(ascii: "0") < 10 && position > start
            guard isLetter || isDigit || (allowsColon && byte == UInt8(ascii: ":")) else { break }
            position += 1
        }
        guard position > start else { throw error(cause) }
        guard position - start <= limits.nameBytes else { throw error(.nameTooLong(limit: limits.nameBytes)) }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func word() -> ArraySlice<UInt8> {
        let start = position
        while !isAtEnd, !isBlank { position += 1 }
        return bytes[start..<position]
    }

    /// A text up to a byte, its escapes replaced; the line's end ends a help text only.
    private mutating func text(endingWith end: UInt8) throws(PrometheusTextError) -> String {
        let start = position
        var plain: [UInt8] = []
        while !isAtEnd, current != end {
            if current == 0 { throw error(.nul) }
            guard current == UInt8(ascii: "\\") else {
                plain.append(current)
                position += 1
                continue
            }
            position += 1
            guard !isAtEnd else { throw error(.badEscape) }
            switch current {
            case UInt8(ascii: "\\"): plain.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "n"): plain.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "\"") where end == UInt8(ascii: "\""): plain.append(UInt8(ascii: "\""))
            default: throw error(.badEscape)
            }
            position += 1
        }
        guard !isAtEnd || end == UInt8(ascii: "\n") else { throw error(.openValue) }
        guard position - start <= limits.valueBytes else {
            throw error(.valueTooLong(limit: limits.valueBytes))
        }
        guard let text = String(validating: plain, as: UTF8.self) else { throw error(.notUTF8) }
        return text
    }

    private var current: UInt8 { bytes[position] }
    /// Whether the line's bytes have been read.
    private var isAtEnd: Bool { position >= lineEnd - 1 }
    private var isBlank: Bool { current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") }

    private mutating func skipBlanks() {
        while !isAtEnd, isBlank { position += 1 }
    }
}
