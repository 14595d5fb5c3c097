internal import Core

/// The labels of a series as they were rendered: `{a="1",b="say \"hi\""}`. They are kept in this form alone.
struct LabelText {
    /// One label, without its quotes, still escaped.
    struct Label {
        let name: ArraySlice<UInt8>
        let value: ArraySlice<UInt8>

        /// The value as it was before it was escaped.
        var unescaped: [UInt8] {
            guard value.contains(UInt8(ascii: "\\")) else { return Array(value) }
            var bytes: [UInt8] = []
            var isEscaped = false
            for byte in value {
                if isEscaped {
                    bytes.append(byte == UInt8(ascii: "n") ? UInt8(ascii: "\n") : byte)
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else {
                    bytes.append(byte)
                }
            }
            return bytes
        }
    }

    let bytes: [UInt8]

    /// The labels in their order.
    var labels: [Label] {
        var labels: [Label] = []
        var index = 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "}") {
            let name = index
            while bytes[index] != UInt8(ascii: "=") { index += 1 }
            let equals = index
            index += 2
            let value = index
            while bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
            labels.append(Label(name: bytes[name..<equals], value: bytes[value..<index]))
            index += 1
            if bytes[index] == UInt8(ascii: ",") { index += 1 }
        }
        return labels
    }

    /// What the order of lines depends on: the labels without the bound of a bucket or a quantile, and the bound.
    var order: (labels: [UInt8], bound: Double) {
        var rest: [UInt8] = []
        var bound = 0.0
        for label in labels {
            if label.name.elementsEqual("le".utf8) || label.name.elementsEqual("quantile".utf8) {
                let number = PythonFloat.value(String(decoding: label.unescaped, as: UTF8.self)) ?? 0
                bound = number.isNaN ? .infinity : number
            } else {
                rest += label.name
                rest.append(UInt8(ascii: "="))
                rest += label.value
                rest.append(UInt8(ascii: ","))
            }
        }
        return (rest, bound)
    }
}
