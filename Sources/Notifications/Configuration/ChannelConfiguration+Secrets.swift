package import Core
internal import Outbound

/// What of a configuration nobody may see. Contract beampipe §4.3, §4.5, §6.6, D23.
extension ChannelConfiguration {
    /// The dotted paths of the secrets that are set, sorted: `headers.Authorization`, `routing_key_ref`, `url`.
    package var secretFields: [String] {
        var paths: [String] = []
        for member in config.members {
            if isHeaders(member) {
                paths += member.value.members.map { "\(member.name).\($0.name)" }
            } else if isSecret(member.name) || isReference(member.name) {
                paths.append(member.name)
            } else if isSecretURL(member.name) {
                if masked(member) != member.value { paths.append(member.name) }
            } else if field(member.name) == nil {
                paths += Self.secretPaths(member.value, [member.name])
            }
        }
        return paths.sorted()
    }

    /// The configuration for answers: `[REDACTED]` for secrets, and URLs that are secrets without path and query.
    package var masked: JSONValue {
        guard config.isObject else { return .text(Redaction.mask) }
        return .object(config.members.map { JSONValue.Member($0.name, masked($0)) })
    }

    private static func secretPaths(_ value: JSONValue, _ path: [String]) -> [String] {
        value.members.flatMap { member in
            Redaction.isSecret(member.name)
                ? [(path + [member.name]).joined(separator: ".")]
                : secretPaths(member.value, path + [member.name])
        }
    }

    private func isHeaders(_ member: JSONValue.Member) -> Bool {
        guard case .headers = field(member.name)?.form else { return false }
        return member.value.isObject
    }

    private func isSecret(_ name: String) -> Bool {
        switch field(name)?.form {
        case .secret, .routingKey: true
        // What a field is called says nothing where the table does: `webhook` in a name is no secret.
        case .some: false
        case nil: Redaction.isSecret(name)
        }
    }

    private func isReference(_ name: String) -> Bool {
        kind.fields.contains { $0.mayBeReference && $0.referenceName == name }
    }

    private func masked(_ member: JSONValue.Member) -> JSONValue {
        if member.value == .null { return .null }
        if isSecret(member.name) || isReference(member.name) { return .text(Redaction.mask) }
        switch field(member.name)?.form {
        case .headers:
            let fields = member.value.members.map { JSONValue.Member($0.name, .text(Redaction.mask)) }
            return member.value.isObject ? .object(fields) : .text(Redaction.mask)
        case .secretURL: return Self.maskedURL(member.value)
        case .some: return member.value
        case nil: return Self.maskedByName(member.value)
        }
    }

    /// `https://hooks.example.org:8443` of a URL with a path, a query or a user name; a URL without them as it is.
    static func maskedURL(_ value: JSONValue) -> JSONValue {
        guard let text = value.string, let address = OutboundAddress(text) else {
            return .text(Redaction.mask)
        }
        let scheme = text.prefix { $0 != ":" }.lowercased()
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let isUsual = address.port == (scheme == "https" ? 443 : 80)
        let origin = "\(scheme)://\(host)\(isUsual ? "" : ":\(address.port)")"
        return .text(text == "\(origin)/" ? text : origin)
    }

    private static func maskedByName(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.map { member in
                    let isHidden = Redaction.isSecret(member.name) && member.value != .null
                    return JSONValue.Member(
                        member.name,
                        isHidden ? .text(Redaction.mask) : maskedByName(member.value)
                    )
                }
            )
        case .list(let elements): .list(elements.map(maskedByName))
        default: value
        }
    }
}

/// Changes. Contract beampipe §4.3.
extension ChannelConfiguration {
    /// The configuration after the `config` of a PATCH.
    ///
    /// `[REDACTED]` and the masked URL mean "unchanged", headers are merged one by one, a header that is null is removed,
    /// and so are all with `"headers": null`; any other value replaces the stored one. What is no object replaces the
    /// whole.
    package func merging(_ patch: JSONValue) -> ChannelConfiguration {
        guard patch.isObject, config.isObject else { return ChannelConfiguration(kind: kind, config: patch) }
        var merged = config
        for member in patch.members {
            let stored = config[member.name]
            if case .headers = field(member.name)?.form {
                merged[member.name] = Self.mergedHeaders(stored, member.value)
            } else if let stored, Self.isUnchanged(member, stored, isURL: isSecretURL(member.name)) {
                continue
            } else {
                merged[member.name] = Self.merged(stored, member.value)
            }
        }
        return ChannelConfiguration(kind: kind, config: merged)
    }

    /// The configuration after the `config` of a PATCH.
    package func merging(_ patch: JSONNode) -> ChannelConfiguration { merging(JSONValue(patch)) }

    private func isSecretURL(_ name: String) -> Bool {
        guard case .secretURL = field(name)?.form else { return false }
        return true
    }

    private static func isUnchanged(_ member: JSONValue.Member, _ stored: JSONValue, isURL: Bool) -> Bool {
        member.value == .text(Redaction.mask) || (isURL && member.value == maskedURL(stored))
    }

    /// Masks inside of objects that Weir does not know are taken for what they stand for, too.
    private static func merged(_ stored: JSONValue?, _ patch: JSONValue) -> JSONValue {
        guard let stored else { return patch }
        if patch == .text(Redaction.mask) { return stored }
        guard patch.isObject else { return patch }
        return .object(
            patch.members.map { JSONValue.Member($0.name, merged(stored[$0.name], $0.value)) }
        )
    }

    private static func mergedHeaders(_ stored: JSONValue?, _ patch: JSONValue) -> JSONValue? {
        if patch == .null { return nil }
        guard patch.isObject else { return patch == .text(Redaction.mask) ? stored : patch }
        var merged: JSONValue = stored?.isObject == true ? stored ?? .object([]) : .object([])
        for member in patch.members {
            // Names of header fields have no case: RFC 9110 §5.1.
            let name =
                merged.members.first { $0.name.lowercased() == member.name.lowercased() }?.name
                ?? member.name
            switch member.value {
            case .null: merged[name] = nil
            case .text(Redaction.mask): continue
            default:
                merged[name] = nil
                merged[member.name] = member.value
            }
        }
        return merged
    }
}
