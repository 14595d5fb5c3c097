internal import Core

/// An answer that refuses, in words. Contract beampipe §6.1.
enum Refusal {
    static func failure(_ answer: AlertsAnswer) -> AlertsFailure {
        let root = try? JSONDocument(answer.body).root
        let failure = root?["failure"]
        let diagnostics = (failure?["diagnostics"]?.elements.map(diagnostic)) ?? []
        // Alertmanager's API answers a text; the runs API says `detail`.
        let message =
            root?["error"]?.string ?? root?["detail"]?.string ?? root?["message"]?.string ?? root?.string
        var lines = ["the server answered \(answer.status)\(message.map { ": \($0)" } ?? "")"]
        if diagnostics.count > 1 {
            lines += diagnostics.map { "  \($0.path): \($0.message)\($0.hint.map { " (\($0))" } ?? "")" }
        } else if let hint = diagnostics.first?.hint ?? failure?["operator_action"]?.string {
            lines.append("  \(hint)")
        }
        if let advice = advice(answer.status) { lines.append("  \(advice)") }
        return AlertsFailure(lines: lines, status: answer.status, diagnostics: diagnostics)
    }

    private static func diagnostic(_ node: JSONNode) -> AlertsFailure.Diagnostic {
        AlertsFailure.Diagnostic(
            path: node["path"]?.string ?? "",
            message: node["message"]?.string ?? "is not valid",
            hint: node["hint"]?.string
        )
    }

    private static func advice(_ status: Int) -> String? {
        switch status {
        case 401: "pass --token, or set WEIR_TOKEN"
        case 403: "the token needs the scope admin: weir token create NAME --scope admin"
        default: nil
        }
    }
}

/// Pieces of URLs.
enum URLText {
    /// `?a=b&c=d` of the values that are there; empty when none is.
    static func query(_ parameters: [(name: String, value: String?)]) -> String {
        let pairs = parameters.compactMap { parameter in
            parameter.value.map { "\(parameter.name)=\(encoded($0))" }
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// RFC 3986 §2.3: all but the unreserved characters become `%XX`.
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte)
            bytes += isPlain ? [byte] : [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
