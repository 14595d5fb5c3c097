/// When a response is compressed: the client takes gzip, the body is worth it, the type is text of some sort.
enum ContentNegotiation {
    /// Below a kibibyte the header of a compressed body costs what the compression saves.
    static let minimumBytes = 1024

    /// RFC 9110 §12.5.3: `gzip` (or `x-gzip`) named with a weight, else by `*`; and with no lower weight than
    /// `identity`.
    static func acceptsGzip(_ fields: HeaderFields) -> Bool {
        let members = QualityList(fields.list("Accept-Encoding")).members
        func quality(_ name: String) -> Int? { members.first { $0.name == name }?.quality }
        guard let gzip = quality("gzip") ?? quality("x-gzip") ?? quality("*"), gzip > 0 else { return false }
        return gzip >= quality("identity") ?? 0
    }

    /// Whether bodies of this type shrink; event streams are left alone, proxies would hold them back.
    static func isCompressible(contentType: String?) -> Bool {
        guard let contentType else { return false }
        if contentType == "application/json" { return true }
        let name = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
        let type = String(decoding: ASCII.trimmed(name), as: UTF8.self).lowercased()
        if type.hasPrefix("text/") { return type != "text/event-stream" }
        return type.hasSuffix("+json") || type.hasSuffix("+xml") || compressibleTypes.contains(type)
    }

    private static let compressibleTypes: Set<String> = [
        "application/json", "application/x-ndjson", "application/ndjson", "application/jsonl",
        "application/xml", "application/yaml", "application/javascript", "application/openmetrics-text",
    ]
}
