internal import Core

extension JSONWriter {
    /// The most bytes of a malformed document in a response.
    private static let shownBytes = 4096

    /// Writes an issue in pydantic 1's words.
    mutating func pydantic1(_ issue: ValidationIssue) {
        object { entry in
            entry.location(of: issue)
            entry.member("msg", issue.cause.pydantic1Message)
            entry.member("type", issue.cause.pydantic1Type)
            entry.pydantic1Context(issue.cause)
        }
    }

    private mutating func pydantic1Context(_ cause: ValidationIssue.Cause) {
        switch cause {
        case .below(let limit), .above(let limit), .tooShort(let limit), .tooLong(let limit),
            .tooManyItems(let limit, _, _), .tooManyValues(let limit, _):
            object("ctx") { $0.member("limit_value", limit) }
        case .notPermitted(let given, let permitted), .notLiteral(let given, let permitted):
            object("ctx") { context in
                context.member("given", given)
                context.array("permitted") { list in
                    for value in permitted { list.value(value) }
                }
            }
        case .notJSON(let message, let position, let document): syntax(message, position, document)
        case .missing, .null, .notText, .notInteger, .notNumeric, .notWhole, .tooBig, .notFlag, .notFlagWord,
            .notATime, .notANumber, .notANumberText, .notADate, .notAnObject, .notAList, .notARecord,
            .notStorable,
            .notACursor, .rule:
            break
        }
    }

    private mutating func syntax(_ message: String, _ position: JSONPosition, _ document: [UInt8]) {
        object("ctx") { context in
            context.member("msg", message)
            context.member("doc", String(decoding: document.prefix(Self.shownBytes), as: UTF8.self))
            context.member("pos", position.character)
            context.member("lineno", position.line)
            context.member("colno", position.column)
        }
    }
}

extension ValidationIssue.Cause {
    fileprivate var pydantic1Message: String {
        switch self {
        case .missing: "field required"
        case .null: "none is not an allowed value"
        case .notText: "str type expected"
        case .notInteger, .notNumeric, .notWhole, .tooBig: "value is not a valid integer"
        case .notFlag, .notFlagWord: "value could not be parsed to a boolean"
        case .notATime, .notADate: "invalid datetime format"
        case .notANumber, .notANumberText: "value is not a valid float"
        case .notAnObject, .notARecord: "value is not a valid dict"
        case .notAList: "value is not a valid list"
        case .notStorable(let what): "value must not hold \(what)"
        case .notPermitted(_, let permitted), .notLiteral(_, let permitted):
            "unexpected value; permitted: " + permitted.map { "'\($0)'" }.joined(separator: ", ")
        case .notACursor: "not a cursor of this list: pass `next_cursor` of the page before unchanged"
        case .tooShort(let limit): "ensure this value has at least \(limit) characters"
        case .tooLong(let limit): "ensure this value has at most \(limit) characters"
        case .below(let limit): "ensure this value is greater than or equal to \(limit)"
        case .above(let limit): "ensure this value is less than or equal to \(limit)"
        case .rule(let text): text
        case .notJSON(let message, let position, _): position.description(of: message)
        case .tooManyItems(let limit, _, let advice):
            "ensure this value has at most \(limit) items: \(advice)"
        case .tooManyValues(let limit, let advice):
            "ensure this value has at most \(limit) names and values: \(advice)"
        }
    }

    fileprivate var pydantic1Type: String {
        switch self {
        case .missing: "value_error.missing"
        case .null: "type_error.none.not_allowed"
        case .notText: "type_error.str"
        case .notInteger, .notNumeric, .notWhole, .tooBig: "type_error.integer"
        case .notFlag, .notFlagWord: "type_error.bool"
        case .notATime, .notADate: "value_error.datetime"
        case .notANumber, .notANumberText: "type_error.float"
        case .notAnObject, .notARecord: "type_error.dict"
        case .notAList: "type_error.list"
        case .notStorable: "value_error.str.nul"
        case .notPermitted, .notLiteral: "value_error.const"
        case .notACursor: "value_error.cursor"
        case .tooShort: "value_error.any_str.min_length"
        case .tooLong: "value_error.any_str.max_length"
        case .below: "value_error.number.not_ge"
        case .above: "value_error.number.not_le"
        case .rule: "value_error"
        case .notJSON: "value_error.jsondecode"
        case .tooManyItems, .tooManyValues: "value_error.list.max_items"
        }
    }
}
