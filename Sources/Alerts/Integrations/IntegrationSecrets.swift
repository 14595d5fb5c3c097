internal import API
internal import Core
internal import Notifications

/// The secrets of an integration's document: masked in answers, kept when the mask comes back, sealed where they are
/// stored. Contract pipelogiq §1.3.
struct IntegrationSecrets {
    /// What stands for a secret.
    static let mask = "********"

    let type: IntegrationType

    /// The document for answers.
    func masked(_ document: JSONValue) -> JSONValue {
        rewrite(document) { key, value in masked(key, value) }
    }

    private func masked(_ key: String, _ value: JSONValue) -> JSONValue {
        switch value {
        case .text(let text):
            if text.trimmed.isEmpty { return value }
            guard key == "headers", type == .opentelemetry, !SecretBox.isSealed(text) else {
                return .text(Self.mask)
            }
            return .text(HeaderList.rewrite(text) { _, _ in Self.mask })
        case .list(let elements): return .list(elements.map { masked("", $0) })
        case .object(let members):
            return .object(members.map { .init($0.name, masked("", $0.value)) })
        // A number or a flag in the place of a secret is shown as what it is.
        case .null, .flag, .number: return value
        }
    }

    /// A document that was sent, with the stored secrets in the places of masks.
    ///
    /// - Throws: 400 when nothing is stored that a mask could stand for.
    func unmasked(_ sent: JSONValue, _ stored: JSONValue) throws(ObservabilityFailure) -> JSONValue {
        var members: [JSONValue.Member] = []
        for member in sent.members {
            var value = member.value
            if type.isSecret(member.name) {
                value = try unmasked(member.name, value, stored[member.name])
            }
            members.append(.init(member.name, value))
        }
        return .object(members)
    }

    private func unmasked(_ key: String, _ value: JSONValue, _ stored: JSONValue?)
        throws(ObservabilityFailure) -> JSONValue
    {
        guard key == "headers", type == .opentelemetry else { return try restored(key, value, stored) }
        let known = stored.flatMap { HeaderList($0) }
        switch value {
        case .object(let members):
            let fields = JSONValue.object(known?.fields.map { .init($0.name, .text($0.value)) } ?? [])
            return try restored(key, .object(members), fields)
        case .text(let text) where text != Self.mask:
            var isMissing = false
            let whole = HeaderList.rewrite(text) { name, value in
                guard value == Self.mask else { return value }
                let old = known?.value(of: name)
                isMissing = isMissing || old == nil
                return old ?? value
            }
            if isMissing { throw missing(key) }
            return .text(whole)
        default: return try restored(key, value, stored)
        }
    }

    private func restored(_ key: String, _ value: JSONValue, _ stored: JSONValue?)
        throws(ObservabilityFailure) -> JSONValue
    {
        switch value {
        case .text(Self.mask):
            guard let stored, stored != .text("") else { throw missing(key) }
            return stored
        case .object(let members):
            var result: [JSONValue.Member] = []
            for member in members {
                result.append(.init(member.name, try restored(key, member.value, stored?[member.name])))
            }
            return .object(result)
        case .list(let elements):
            let old = stored?.elements ?? []
            var result: [JSONValue] = []
            for (place, element) in elements.enumerated() {
                result.append(try restored(key, element, place < old.count ? old[place] : nil))
            }
            return .list(result)
        default: return value
        }
    }

    private func missing(_ key: String) -> ObservabilityFailure {
        .config(type, "\(key) is the mask, and no secret is stored that it stands for", field: key)
    }

    // MARK: - At rest

    /// The document with its secrets sealed; what is sealed stays as it is.
    func sealed(_ document: JSONValue, _ key: Result<SecretBox, SecretBoxError>)
        throws(SecretBoxError) -> JSONValue
    {
        var members: [JSONValue.Member] = []
        for member in document.members {
            let place = "observability/\(type.rawValue)/\(member.name)"
            let value =
                type.isSecret(member.name)
                ? try Self.map(member.value, place) { text, place throws(SecretBoxError) in
                    text.isEmpty || SecretBox.isSealed(text) ? text : try key.get().seal(text, for: place)
                } : member.value
            members.append(.init(member.name, value))
        }
        return .object(members)
    }

    /// The document with its secrets in clear; what cannot be opened stays sealed.
    func opened(_ document: JSONValue, _ key: Result<SecretBox, SecretBoxError>) -> JSONValue {
        rewrite(document) { name, value in
            Self.map(value, "observability/\(type.rawValue)/\(name)") { text, place in
                (try? key.get().open(text, for: place)) ?? text
            }
        }
    }

    /// Whether a secret of the document, as it is, is one of those that are meant.
    func contain(_ document: JSONValue, _ isMeant: (String) -> Bool) -> Bool {
        document.members.contains { type.isSecret($0.name) && Self.contains($0.value, isMeant) }
    }

    private static func contains(_ value: JSONValue, _ isMeant: (String) -> Bool) -> Bool {
        switch value {
        case .text(let text): isMeant(text)
        case .list(let elements): elements.contains { contains($0, isMeant) }
        case .object(let members): members.contains { contains($0.value, isMeant) }
        case .null, .flag, .number: false
        }
    }

    private func rewrite(_ document: JSONValue, _ change: (String, JSONValue) -> JSONValue) -> JSONValue {
        .object(
            document.members.map {
                .init($0.name, type.isSecret($0.name) ? change($0.name, $0.value) : $0.value)
            }
        )
    }

    private static func map<Failure: Error>(
        _ value: JSONValue,
        _ place: String,
        _ change: (String, String) throws(Failure) -> String
    ) throws(Failure) -> JSONValue {
        switch value {
        case .text(let text): return .text(try change(text, place))
        case .list(let elements):
            var changed: [JSONValue] = []
            for element in elements { changed.append(try map(element, place, change)) }
            return .list(changed)
        case .object(let members):
            var changed: [JSONValue.Member] = []
            for member in members {
                changed.append(.init(member.name, try map(member.value, "\(place)/\(member.name)", change)))
            }
            return .object(changed)
        case .null, .flag, .number: return value
        }
    }
}
