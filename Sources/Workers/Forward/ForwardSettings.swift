internal import Configuration
internal import Outbound

/// A name with a value: a label, or a header field.
struct NamedValue: Hashable, Sendable {
    let name: String
    let value: String
}

/// The settings of forwarding samples to a time-series database.
enum ForwardSettings {
    static let url = Setting<String?>(
        "WEIR_REMOTE_WRITE_URL",
        .remoteWriteURL("a URL of http or https with a host"),
        default: nil,
        isSecret: true,
        "Where Weir sends every stored sample by Prometheus remote-write 1.0: http://host:8428/api/v1/write."
    )

    static let headers = Setting<[NamedValue]>(
        "WEIR_REMOTE_WRITE_HEADERS",
        .pairs("a comma list of name=value"),
        default: "",
        isSecret: true,
        "Header fields of these requests: Authorization=Bearer secret,X-Scope-OrgID=team."
    )

    static let labels = Setting<[NamedValue]>(
        "WEIR_REMOTE_WRITE_LABELS",
        .labels("a comma list of name=value"),
        default: "",
        "Labels of every forwarded series that has none of that name: cluster=a."
    )

    static let rows: [AnySetting] = [url.row, headers.row, labels.row]
}

extension SettingParser where Value == String? {
    /// A typing error is seen at the start, not as samples that wait for ever.
    fileprivate static func remoteWriteURL(_ accepts: String) -> Self {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard !text.isEmpty else { return nil }
            guard OutboundAddress(text) != nil else {
                throw SettingComplaint(why: "it has no host, or another scheme, or is malformed")
            }
            return text
        }
    }
}

extension SettingParser where Value == [NamedValue] {
    fileprivate static func pairs(_ accepts: String) -> Self {
        .list(accepts) { element throws(SettingComplaint) in
            let parts = element.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw SettingComplaint(why: "an element is not of the form name=value")
            }
            return NamedValue(name: parts[0].trimmed, value: parts[1].trimmed)
        }
    }

    /// Receivers refuse whole requests for a name of a label that they do not take.
    fileprivate static func labels(_ accepts: String) -> Self {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            let labels = try pairs(accepts).parse(text)
            guard labels.allSatisfy({ ExpositionName.label($0.name) == $0.name }) else {
                throw SettingComplaint(why: "a name has characters that are not allowed in labels")
            }
            guard Set(labels.map(\.name)).count == labels.count else {
                throw SettingComplaint(why: "a name is repeated")
            }
            return labels
        }
    }
}
