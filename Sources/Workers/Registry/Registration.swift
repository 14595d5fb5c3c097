internal import API
internal import Core

/// What a component says of itself when it registers. Contract noetl §2.2, §2.5.
struct Registration: Sendable {
    let key: ComponentKey
    /// Lower case; nil when it says nothing.
    let status: String?
    let address: String?
    let capacity: Int64?
    /// JSON: a list or an object; nil for null.
    let labels: [UInt8]?
    /// JSON: `type`, `pid`, `hostname`, and every member of `meta`.
    let runtime: [UInt8]
    /// `cpu`, `gpu`, …; nil when it says nothing.
    let runtimeType: String?
}

/// Reads the bodies of the registry, in both dialects of the protocol: the union is accepted. Contract noetl §2.
struct RegistrationDecoder {
    private var issues: [ValidationIssue] = []

    private init() {}

    /// Reads a registration; `type` is the type that a body without one means, or nil if the body must not say.
    ///
    /// - Throws: all errors.
    static func registration(
        _ root: JSONNode,
        default type: ComponentType,
        mayNameType: Bool
    ) throws(ValidationIssues) -> Registration {
        var decoder = RegistrationDecoder()
        let registration = decoder.read(root, type, mayNameType)
        guard let registration, decoder.issues.isEmpty else { throw ValidationIssues(decoder.issues) }
        return registration
    }

    private mutating func read(_ root: JSONNode, _ fallback: ComponentType, _ mayNameType: Bool)
        -> Registration?
    {
        guard root.kind == .object else { return refuse([], .notARecord, root) }
        let name = name(root)
        let type = mayNameType ? type(root, fallback) : fallback
        let runtimeType = Self.text(root["runtime"])?.lowercased()
        let address = ["uri", "base_url", "endpoint"].lazy.compactMap { Self.text(root[$0]) }.first
        let capacity = capacity(root["capacity"])
        let labels = labels(root["labels"])
        let meta = meta(root["meta"])
        guard let name, let type else { return nil }
        return Registration(
            key: ComponentKey(type: type, name: name),
            status: Self.text(root["status"])?.lowercased(),
            address: address,
            capacity: capacity,
            labels: labels,
            runtime: Self.runtime(root, runtimeType, meta),
            runtimeType: runtimeType
        )
    }

    private mutating func name(_ root: JSONNode) -> String? {
        guard let node = root["name"], !node.isNull else { return refuse([.name("name")], .missing, root) }
        guard let text = Self.text(node) else { return refuse([.name("name")], .tooShort(1), node) }
        let longest = ComponentKey.longestName
        guard text.utf8.count <= longest else { return refuse([.name("name")], .tooLong(longest), nil) }
        return text
    }

    private mutating func type(_ root: JSONNode, _ fallback: ComponentType) -> ComponentType? {
        for member in ["component_type", "kind"] {
            guard let node = root[member], let text = Self.text(node) else { continue }
            let permitted = ComponentType.allCases.map(\.rawValue)
            return ComponentType(rawValue: text)
                ?? refuse([.name(member)], .notLiteral(given: text, permitted: permitted), node)
        }
        return fallback
    }

    private mutating func capacity(_ node: JSONNode?) -> Int64? {
        guard let node, !node.isNull else { return nil }
        let place: [ValidationIssue.Step] = [.name("capacity")]
        guard let number = node.int64 ?? node.string.flatMap(WholeNumber.init(reading:))?.clamped else {
            return refuse(place, node.kind == .string ? .notNumeric : .notInteger, node)
        }
        guard number >= 0 else { return refuse(place, .below(0), node) }
        guard number <= Int32.max else { return refuse(place, .above(Int(Int32.max)), node) }
        return number
    }

    private mutating func labels(_ node: JSONNode?) -> [UInt8]? {
        guard let node, !node.isNull else { return nil }
        guard node.kind == .object || node.kind == .array else {
            return refuse([.name("labels")], .notAnObject, node)
        }
        return Array(node.rawBytes)
    }

    private mutating func meta(_ node: JSONNode?) -> JSONNode? {
        guard let node, !node.isNull else { return nil }
        return node.kind == .object ? node : refuse([.name("meta")], .notAnObject, node)
    }

    private mutating func refuse<Value>(
        _ place: [ValidationIssue.Step],
        _ cause: ValidationIssue.Cause,
        _ node: JSONNode?
    ) -> Value? {
        issues.append(ValidationIssue([.name("body")] + place, cause, node?.rawBytes ?? []))
        return nil
    }

    /// `meta` may replace the three. Of repeated members PostgreSQL keeps the last.
    private static func runtime(_ root: JSONNode, _ type: String?, _ meta: JSONNode?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { runtime in
            runtime.member("type", type)
            for member in ["pid", "hostname"] {
                if let node = root[member] {
                    runtime.member(member, raw: node.rawBytes)
                } else {
                    runtime.null(member)
                }
            }
            guard let meta else { return }
            for member in meta.members { runtime.member(member.key.string ?? "", raw: member.value.rawBytes) }
        }
        return writer.bytes
    }

    /// A text, trimmed, or what Python's `str` makes of a number; nil for an empty one and for null.
    static func text(_ node: JSONNode?) -> String? {
        guard let node else { return nil }
        let text: String? =
            switch node.kind {
            case .string: node.string
            case .number: node.numberText
            case .true: "True"
            case .false: "False"
            default: nil
            }
        guard let text else { return nil }
        var trimmed = text.unicodeScalars[...]
        while trimmed.first?.properties.isWhitespace == true { trimmed.removeFirst() }
        while trimmed.last?.properties.isWhitespace == true { trimmed.removeLast() }
        return trimmed.isEmpty ? nil : String(trimmed)
    }
}
