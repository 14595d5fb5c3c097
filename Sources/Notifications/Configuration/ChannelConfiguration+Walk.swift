internal import Core

/// Every secret of a configuration: to seal them where they are stored, and to find them in texts.
extension ChannelConfiguration {
    /// The configuration with every secret text replaced: those of secret keys, of header fields, of URLs that are
    /// secrets, and of `inline_dev`. References to variables and files stay as they are.
    ///
    /// What is replaced depends on keys alone, never on values, so that one walk undoes another.
    package func mappingSecrets<Failure: Error>(
        _ replace: (String) throws(Failure) -> String
    ) throws(Failure) -> ChannelConfiguration {
        var members: [JSONValue.Member] = []
        for member in config.members {
            members.append(JSONValue.Member(member.name, try mapped(member.name, member.value, replace)))
        }
        return ChannelConfiguration(kind: kind, config: config.isObject ? .object(members) : config)
    }

    private func mapped<Failure: Error>(
        _ name: String,
        _ value: JSONValue,
        _ replace: (String) throws(Failure) -> String
    ) throws(Failure) -> JSONValue {
        let isReference = kind.fields.contains { $0.mayBeReference && $0.referenceName == name }
        switch field(name)?.form {
        case .secret, .routingKey, .secretURL, .headers: return try Self.replaced(value, true, replace)
        case .some: return value
        case nil:
            return try Self.replaced(value, isReference || Redaction.isSecret(name), replace)
        }
    }

    private static func replaced<Failure: Error>(
        _ value: JSONValue,
        _ isSecret: Bool,
        _ replace: (String) throws(Failure) -> String
    ) throws(Failure) -> JSONValue {
        switch value {
        case .text(let text): return isSecret ? .text(try replace(text)) : value
        case .list(let elements):
            var replaced: [JSONValue] = []
            for element in elements { replaced.append(try Self.replaced(element, isSecret, replace)) }
            return .list(replaced)
        case .object(let members):
            var replaced: [JSONValue.Member] = []
            for member in members {
                let isPlain = isSecret && (member.name == "env" || member.name == "file")
                let isHidden = (isSecret && !isPlain) || Redaction.isSecret(member.name)
                let value = try Self.replaced(member.value, isHidden, replace)
                replaced.append(JSONValue.Member(member.name, value))
            }
            return .object(replaced)
        default: return value
        }
    }

    /// The secret texts, and the secret parts of URLs: what no error may contain.
    var secretTexts: [String] {
        var texts: [String] = []
        _ = mappingSecrets { text in
            texts.append(text)
            return text
        }
        for text in texts where text.contains("://") {
            let rest = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            guard rest.count == 4, rest[3].count > 1 else { continue }
            texts.append(String(rest[3]))
            // The token alone, which a vendor may repeat without its path.
            texts += rest[3].split { "/?&=".contains($0) }.filter { $0.count >= 12 }.map { String($0) }
        }
        // A shorter one is found in any text, and its mask would tell more than it hides.
        return texts.filter { $0.count >= 4 }.sorted { $0.count > $1.count }
    }

    /// The configuration with every reference replaced by its secret: `password` instead of `password_ref`; blocks
    /// while it reads files.
    func resolved(_ policy: SecretPolicy) throws(SecretReference.Failure) -> ChannelConfiguration {
        var resolved = config
        for field in kind.fields where isUsed(field) {
            if field.mayBeReference, let value = config[field.referenceName], value != .null {
                // The reference wins if there are both. Contract beampipe §4.4.
                resolved[field.name] = .text(try Self.secret(value, policy, field.referenceName))
                resolved[field.referenceName] = nil
            } else if field.mayBeReference, let value = config[field.name], value.isObject {
                resolved[field.name] = .text(try Self.secret(value, policy, field.name))
            } else if case .headers = field.form {
                for member in config[field.name]?.members ?? [] where member.value.isObject {
                    let text = try Self.secret(member.value, policy, "\(field.name).\(member.name)")
                    resolved[field.name]?[member.name] = .text(text)
                }
            }
        }
        return ChannelConfiguration(kind: kind, config: resolved)
    }

    /// A reference that only another template needs breaks nothing. Contract beampipe §4.4.
    private func isUsed(_ field: ChannelField) -> Bool {
        kind != .webhook || field.name != "routing_key" || text("template") == "pagerduty"
    }

    private static func secret(
        _ value: JSONValue,
        _ policy: SecretPolicy,
        _ name: String
    ) throws(SecretReference.Failure) -> String {
        if let text = value.string { return text }
        guard let reference = SecretReference(value) else {
            throw SecretReference.Failure(description: "\(name) is no reference to a secret")
        }
        return try reference.read(policy)
    }
}
