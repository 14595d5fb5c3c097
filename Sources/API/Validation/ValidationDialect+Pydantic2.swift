internal import Core

extension JSONWriter {
    /// The most bytes of a wrong value in a response.
    private static let shownBytes = 4096

    /// Writes an issue in pydantic 2's words.
    mutating func pydantic2(_ issue: ValidationIssue) {
        object { entry in
            entry.member("type", issue.cause.pydantic2Type)
            entry.location(of: issue)
            entry.member("msg", issue.cause.pydantic2Message)
            if issue.input.isEmpty || issue.input.count > Self.shownBytes {
                entry.null("input")
            } else {
                entry.member("input", raw: issue.input)
            }
            entry.pydantic2Context(issue.cause)
        }
    }

    private mutating func pydantic2Context(_ cause: ValidationIssue.Cause) {
        switch cause {
        case .tooShort(let limit): object("ctx") { $0.member("min_length", limit) }
        case .tooLong(let limit), .tooManyValues(let limit, _):
            object("ctx") { $0.member("max_length", limit) }
        case .below(let limit): object("ctx") { $0.member("ge", limit) }
        case .above(let limit): object("ctx") { $0.member("le", limit) }
        case .notADate: object("ctx") { $0.member("error", ValidationIssue.Cause.unreadableDate) }
        case .rule: object("ctx") { $0.object("error") { _ in } }
        case .notPermitted(_, let permitted), .notLiteral(_, let permitted):
            object("ctx") { $0.member("expected", Self.alternatives(permitted)) }
        case .notJSON(let message, let position, _):
            object("ctx") { $0.member("error", position.description(of: message)) }
        case .tooManyItems(let limit, let count, _):
            object("ctx") { context in
                context.member("field_type", "List")
                context.member("max_length", limit)
                context.member("actual_length", count)
            }
        case .missing, .null, .notText, .notInteger, .notNumeric, .notWhole, .tooBig, .notFlag, .notFlagWord,
            .notATime, .notANumber, .notANumberText, .notAnObject, .notAList, .notARecord,
            .notStorable,
            .notACursor:
            break
        }
    }

    /// `'a', 'b' or 'c'`.
    fileprivate static func alternatives(_ words: [String]) -> String {
        let quoted = words.map { "'\($0)'" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " or \(last)"
    }
}

extension ValidationIssue.Cause {
    /// The kind of the error in pydantic 2's words.
    var pydantic2Type: String {
        switch self {
        case .missing: "missing"
        case .null, .notText: "string_type"
        case .notInteger: "int_type"
        case .notNumeric: "int_parsing"
        case .notWhole: "int_from_float"
        case .tooBig: "int_parsing_size"
        case .notFlag: "bool_type"
        case .notFlagWord: "bool_parsing"
        case .notATime: "datetime_parsing"
        case .notANumber: "float_type"
        case .notANumberText: "float_parsing"
        case .notADate: "datetime_from_date_parsing"
        case .notAnObject: "dict_type"
        case .notAList: "list_type"
        case .notARecord: "model_attributes_type"
        case .notStorable: "string_unicode"
        case .notPermitted: "enum"
        case .notLiteral: "literal_error"
        case .notACursor, .rule: "value_error"
        case .tooShort: "string_too_short"
        case .tooLong: "string_too_long"
        case .below: "greater_than_equal"
        case .above: "less_than_equal"
        case .notJSON: "json_invalid"
        case .tooManyItems, .tooManyValues: "too_long"
        }
    }

    /// The sentence of pydantic 2.
    var pydantic2Message: String {
        switch self {
        case .missing: "Field required"
        case .null, .notText: "Input should be a valid string"
        case .notInteger: "Input should be a valid integer"
        case .notNumeric: "Input should be a valid integer, unable to parse string as an integer"
        case .notWhole: "Input should be a valid integer, got a number with a fractional part"
        case .tooBig: "Unable to parse input string as an integer, exceeded maximum size"
        case .notFlag: "Input should be a valid boolean"
        case .notFlagWord: "Input should be a valid boolean, unable to interpret input"
        case .notATime: "Input should be a valid datetime"
        case .notANumber: "Input should be a valid number"
        case .notANumberText: "Input should be a valid number, unable to parse string as a number"
        case .notADate: "Input should be a valid datetime or date, \(Self.unreadableDate)"
        case .notAnObject: "Input should be a valid dictionary"
        case .notAList: "Input should be a valid list"
        case .notARecord: "Input should be a valid dictionary or object to extract fields from"
        case .notStorable(let what): "Input should be a valid string, but holds \(what)"
        case .notPermitted(_, let permitted), .notLiteral(_, let permitted):
            "Input should be \(JSONWriter.alternatives(permitted))"
        case .notACursor: "Value error, not a cursor of this list: pass the one of the page before unchanged"
        case .tooShort(let limit): "String should have at least \(limit) character\(limit == 1 ? "" : "s")"
        case .tooLong(let limit): "String should have at most \(limit) characters"
        case .below(let limit): "Input should be greater than or equal to \(limit)"
        case .above(let limit): "Input should be less than or equal to \(limit)"
        case .rule(let text): "Value error, \(text)"
        case .notJSON: "JSON decode error"
        case .tooManyItems(let limit, let count, let advice):
            "List should have at most \(limit) items after validation, not \(count): \(advice)"
        case .tooManyValues(let limit, let advice):
            "Body should have at most \(limit) names and values: \(advice)"
        }
    }
}

extension ValidationIssue.Cause {
    fileprivate static let unreadableDate = "input has none of the forms that are read"
}
