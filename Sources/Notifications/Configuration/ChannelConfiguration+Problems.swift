internal import Core
internal import Outbound

/// What is wrong with a configuration, found when it is written. Contract beampipe D18, D22.
extension ChannelConfiguration {
    /// Every problem, in the order of the keys; none when a message can be sent with it, as far as that can be known.
    ///
    /// Keys that Weir does not know are accepted. Contract pipelogiq §6.9.
    package func problems(_ policy: SecretPolicy = SecretPolicy()) -> [ConfigProblem] {
        guard config.isObject else {
            return [ConfigProblem([], "type", "the configuration has to be an object")]
        }
        var problems: [ConfigProblem] = []
        for field in kind.fields { problems += self.problems(of: field, policy) }
        return problems + combined
    }

    private func problems(of field: ChannelField, _ policy: SecretPolicy) -> [ConfigProblem] {
        let value = config[field.name] ?? .null
        if field.mayBeReference, let reference = config[field.referenceName], reference != .null {
            return Self.problems(ofReference: reference, [field.referenceName], policy)
        }
        if value == .null || (value == .text("") && !field.isRequired) {
            return field.isRequired ? [missing(field)] : []
        }
        if field.mayBeReference, value.isObject {
            return Self.problems(ofReference: value, [field.name], policy)
        }
        let checker = FieldChecker(path: [field.name], policy: policy, kind: kind)
        return checker.problems(value, field.form)
    }

    private func missing(_ field: ChannelField) -> ConfigProblem {
        let names = field.mayBeReference ? "\(field.name) or \(field.referenceName)" : field.name
        return ConfigProblem([field.name], "missing", "a channel of kind \(kind.rawValue) needs \(names)")
    }

    static func problems(
        ofReference value: JSONValue,
        _ path: [String],
        _ policy: SecretPolicy
    ) -> [ConfigProblem] {
        guard let reference = SecretReference(value) else {
            let hint = #"write {"env": "NAME"} or {"file": "/path"}"#
            return [ConfigProblem(path, "reference", "this is no reference to a secret", hint: hint)]
        }
        return reference.objection(policy).map {
            [ConfigProblem(path, "reference", $0.description, hint: $0.hint)]
        } ?? []
    }

    /// What one key needs of another.
    private var combined: [ConfigProblem] {
        func has(_ name: String) -> Bool {
            [config[name], config["\(name)_ref"]].contains { $0 != nil && $0 != .null && $0 != .text("") }
        }
        func missing(_ name: String, _ message: String) -> [ConfigProblem] {
            has(name) ? [] : [ConfigProblem([name], "missing", message)]
        }
        switch kind {
        case .webhook where text("template") == "pagerduty":
            return missing("routing_key", "the template pagerduty needs routing_key or routing_key_ref")
        case .email where has("password") != has("user"):
            return missing("user", "a password needs the name of its user")
                + missing("password", "a user needs a password or password_ref")
        case .alertmanager where has("password"):
            return missing("user", "a password needs the name of its user")
        case .whatsapp: return whatsAppProblems(missing)
        default: return []
        }
    }

    private func whatsAppProblems(_ missing: (String, String) -> [ConfigProblem]) -> [ConfigProblem] {
        switch text("provider") ?? "generic" {
        case "generic": return missing("url", "the provider generic needs the url of its webhook")
        case "meta":
            return missing("to", "the provider meta needs to, the numbers that get the message")
                + missing("url", "the provider meta needs the url …/<phone number id>/messages")
                + missing("access_token", "the provider meta needs access_token or access_token_ref")
        case "twilio":
            return missing("to", "the provider twilio needs to, the numbers that get the message")
                + missing("account_sid", "the provider twilio needs account_sid")
                + missing("auth_token", "the provider twilio needs auth_token or auth_token_ref")
                + missing("from", "the provider twilio needs from, the number that sends")
        default: return []
        }
    }
}
