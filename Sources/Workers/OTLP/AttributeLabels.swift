internal import Core
internal import OpenTelemetry

/// Attributes as labels. OpenTelemetry, "Prometheus and OpenMetrics Compatibility", "Metric Attributes".
enum AttributeLabels {
    /// The labels of some attributes. Values whose keys become one name are joined with `;`, in the order of the keys; a
    /// label without a value is none.
    static func labels(_ attributes: [Attribute], prefix: String = "") -> [(String, String)] {
        var last: [String: String] = [:]
        for attribute in attributes { last[attribute.key] = text(attribute.value) }
        var labels: [(name: String, value: String)] = []
        var places: [String: Int] = [:]
        let keys = last.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for key in keys {
            let name = PrometheusName.label(prefix + key)
            guard let value = last[key], !name.isEmpty, !value.isEmpty else { continue }
            if let place = places[name] {
                labels[place].value += ";\(value)"
            } else {
                places[name] = labels.count
                labels.append((name, value))
            }
        }
        return labels
    }

    /// A value as a text. OpenTelemetry, "Mapping to non-OTLP protocols"; bytes in base 64, lists and maps as JSON.
    static func text(_ value: AttributeValue) -> String {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .double(let number): self.number(number)
        case .bytes(let bytes): Base64.encode(bytes)
        case .array, .map: String(decoding: json(value), as: UTF8.self)
        case .empty: ""
        }
    }

    /// A number as labels have it: the shortest text, without a fraction for an integer.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = FloatText.python(value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func json(_ value: AttributeValue) -> [UInt8] {
        var writer = JSONWriter()
        switch value {
        case .string(let text): writer.value(text)
        case .bool(let flag): writer.value(flag)
        case .int(let number): writer.value(number)
        // JSON has no infinities.
        case .double(let number):
            if number.isFinite { writer.value(number) } else { writer.value(text(value)) }
        case .bytes(let bytes): writer.value(Base64.encode(bytes))
        case .array(let items): writer.array { list in for item in items { list.raw(json(item)) } }
        case .map(let members):
            writer.object { object in
                for member in members { object.member(member.key, raw: json(member.value)) }
            }
        case .empty: writer.null()
        }
        return writer.bytes
    }
}
