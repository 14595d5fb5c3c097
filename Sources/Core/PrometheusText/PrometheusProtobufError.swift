/// Why bytes are not delimited messages of `io.prometheus.client.MetricFamily`.
package enum PrometheusProtobufError: Error, Hashable, Sendable, CustomStringConvertible {
    /// They are no messages at all.
    case wire(ProtobufError)
    /// A field has another wire type than the message says.
    case wrongField
    case notUTF8
    case unknownType
    case noMetricName
    case noLabelName
    case nameTooLong(limit: Int)
    case valueTooLong(limit: Int)
    case tooManyLabels(limit: Int)
    case tooManySamples(limit: Int)
    /// The labels of all samples.
    case tooMuchText(limit: Int)
    /// A metric has no value of the type that its family says.
    case wrongValue(metric: String)
    case repeatedLabel(metric: String)

    /// One clause for people.
    package var description: String {
        switch self {
        case .wire(let error): "\(error)"
        case .wrongField: "a field has the wrong type"
        case .notUTF8: "a text is not UTF-8, or has a U+0000"
        case .unknownType: "a metric has an unknown type"
        case .noMetricName: "a metric has no name"
        case .noLabelName: "a label has no name"
        case .nameTooLong(let limit): "a name has more than \(limit) bytes"
        case .valueTooLong(let limit): "a text has more than \(limit) bytes"
        case .tooManyLabels(let limit): "a sample has more than \(limit) labels"
        case .tooMuchText(let limit): "the labels of all samples have more than \(limit) bytes"
        case .tooManySamples(let limit): "there are more than \(limit) samples"
        case .wrongValue(let metric): "the metric \(metric) has no value of the type that it says"
        case .repeatedLabel(let metric): "a sample of \(metric) has a label twice"
        }
    }
}
