internal import API
internal import Core

/// What a truth value may be spelt like. Contract §1.1 "Coercions".
enum FlagReading {
    case success(Bool)
    case failure(ValidationIssue.Cause)

    init(_ node: JSONNode) {
        switch node.kind {
        case .true: self = .success(true)
        case .false: self = .success(false)
        case .number:
            switch node.double {
            case 0: self = .success(false)
            case 1: self = .success(true)
            case let other: self = .failure(other == other?.rounded() ? .notFlagWord : .notFlag)
            }
        case .string:
            let word = node.string?.lowercased() ?? ""
            if ["true", "t", "yes", "y", "on", "1"].contains(word) {
                self = .success(true)
            } else if ["false", "f", "no", "n", "off", "0"].contains(word) {
                self = .success(false)
            } else {
                self = .failure(.notFlagWord)
            }
        case .null, .object, .array: self = .failure(.notFlag)
        }
    }
}
