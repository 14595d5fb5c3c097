/// Why a text is not in the Prometheus format, and where.
package struct PrometheusTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    /// The byte of the line at which reading stopped, counted from 1.
    package let column: Int
    /// What is wrong there.
    package let cause: Cause

    /// What can be wrong.
    package enum Cause: Hashable, Sendable {
        case noLineFeed
        case carriageReturn
        case notUTF8
        case nul
        case badMetricName
        case badLabelName
        case reservedLabel
        case repeatedLabel
        case noEqualsSign
        case noQuote
        case openValue
        case badEscape
        case noComma
        case noValue
        case badNumber
        case badTimestamp
        case trailingText
        case unknownType
        case repeatedHelp
        case repeatedType
        case lateType
        case lineTooLong(limit: Int)
        case nameTooLong(limit: Int)
        case valueTooLong(limit: Int)
        case tooManyLabels(limit: Int)
        case tooManySamples(limit: Int)
    }

    /// Names a place.
    package init(line: Int, column: Int, _ cause: Cause) {
        self.line = line
        self.column = column
        self.cause = cause
    }

    /// `line 3, column 14: …`; nothing of the text itself.
    package var description: String { "line \(line), column \(column): \(cause)" }
}

extension PrometheusTextError.Cause: CustomStringConvertible {
    /// One clause for people.
    package var description: String {
        switch self {
        case .noLineFeed: "the last line does not end with a line feed"
        case .carriageReturn: "there is a carriage return; lines end with a line feed alone"
        case .notUTF8: "the text is not UTF-8"
        case .nul: "there is a NUL"
        case .badMetricName:
            "a metric's name begins with a letter, '_' or ':', and goes on with these or digits"
        case .badLabelName: "a label's name begins with a letter or '_', and goes on with these or digits"
        case .reservedLabel: "the label '__name__' is reserved"
        case .repeatedLabel: "this sample has the label twice"
        case .noEqualsSign: "'=' is missing after the label's name"
        case .noQuote: "the label's value does not begin with '\"'"
        case .openValue: "the label's value does not end with '\"'"
        case .badEscape: "a backslash is followed by '\\', 'n' or, in a label's value, '\"'"
        case .noComma: "',' or '}' is missing after the label"
        case .noValue: "the value is missing"
        case .badNumber: "the value is not a number"
        case .badTimestamp: "the timestamp is not a whole number of milliseconds"
        case .trailingText: "there is something after the sample"
        case .unknownType: "the type is not counter, gauge, histogram, summary or untyped"
        case .repeatedHelp: "the metric has a second HELP line"
        case .repeatedType: "the metric has a second TYPE line"
        case .lateType: "the TYPE line comes after a sample of the metric"
        case .lineTooLong(let limit): "the line has more than \(limit) bytes"
        case .nameTooLong(let limit): "the name has more than \(limit) bytes"
        case .valueTooLong(let limit): "the text has more than \(limit) bytes"
        case .tooManyLabels(let limit): "the sample has more than \(limit) labels"
        case .tooManySamples(let limit): "there are more than \(limit) samples"
        }
    }
}
