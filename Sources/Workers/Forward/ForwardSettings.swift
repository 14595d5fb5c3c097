internal import Configuration

/// A name with a value: a label, or a header field.
struct NamedValue: Hashable, Sendable {
    let name: String
    let value: String
}

/// The settings of forwarding samples to a time-series database.
enum ForwardSettings {
    static let url = Setting<String?>(
        "WEIR_REMOTE_WRITE_URL",
        .optionalText("a URL"),
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
        .pairs("a comma list of name=value"),
        default: "",
        "Labels of every forwarded series that has none of that name: cluster=a."
    )

    static let rows: [AnySetting] = [url.row, headers.row, labels.row]
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
}
