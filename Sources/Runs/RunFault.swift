internal import Core

/// What is wrong with a member of a body or a parameter of a query, in the words of the reference's framework.
/// Contract §1.1.
struct RunFault: Error, Sendable {
    /// A step on the way to the value.
    enum Place: Sendable {
        case name(String)
        case index(Int)
    }

    /// The closed set of causes.
    enum Cause: Sendable {
        case missing
        case notText
        case notTextual(String)
        case notInteger, notNumeric, notWhole, tooBig
        case notFlag, notFlagWord
        case notAnObject, notAList, notARecord
        case tooShort(Int)
        case tooLong(Int)
        case below(Int)
        case above(Int)
        case value(String)
        case notJSON(String)
        case tooManyRuns(limit: Int, count: Int)
        case tooManyValues(limit: Int)
    }

    var place: [Place]
    let cause: Cause
    /// The value at fault as JSON text.
    let input: ArraySlice<UInt8>

    init(_ place: [Place], _ cause: Cause, _ input: ArraySlice<UInt8>) {
        self.place = place
        self.cause = cause
        self.input = input
    }
}

extension JSONWriter {
    /// How much of a value at fault an answer shows.
    private static let shownBytes = 4096

    /// Writes a fault as an entry of `detail`.
    mutating func item(_ fault: RunFault) {
        object { item in
            item.member("type", fault.cause.type)
            item.array("loc") { location in
                for place in fault.place {
                    switch place {
                    case .name(let name): location.value(name)
                    case .index(let index): location.value(index)
                    }
                }
            }
            item.member("msg", fault.cause.message)
            if fault.input.count > Self.shownBytes {
                item.null("input")
            } else {
                item.member("input", raw: fault.input)
            }
            item.context(fault.cause)
        }
    }

    private mutating func context(_ cause: RunFault.Cause) {
        switch cause {
        case .tooShort(let limit): object("ctx") { $0.member("min_length", limit) }
        case .tooLong(let limit): object("ctx") { $0.member("max_length", limit) }
        case .below(let limit): object("ctx") { $0.member("ge", limit) }
        case .above(let limit): object("ctx") { $0.member("le", limit) }
        case .value: object("ctx") { $0.object("error") { _ in } }
        case .notJSON(let text): object("ctx") { $0.member("error", text) }
        case .tooManyRuns(let limit, let count):
            object("ctx") { context in
                context.member("field_type", "List")
                context.member("max_length", limit)
                context.member("actual_length", count)
            }
        case .tooManyValues(let limit): object("ctx") { $0.member("max_length", limit) }
        default: break
        }
    }
}

extension RunFault.Cause {
    fileprivate var type: String {
        switch self {
        case .missing: "missing"
        case .notText: "string_type"
        case .notTextual: "string_unicode"
        case .notInteger: "int_type"
        case .notNumeric: "int_parsing"
        case .notWhole: "int_from_float"
        case .tooBig: "int_parsing_size"
        case .notFlag: "bool_type"
        case .notFlagWord: "bool_parsing"
        case .notAnObject: "dict_type"
        case .notAList: "list_type"
        case .notARecord: "model_attributes_type"
        case .tooShort: "string_too_short"
        case .tooLong: "string_too_long"
        case .tooManyRuns, .tooManyValues: "too_long"
        case .below: "greater_than_equal"
        case .above: "less_than_equal"
        case .value: "value_error"
        case .notJSON: "json_invalid"
        }
    }

    fileprivate var message: String {
        switch self {
        case .missing: "Field required"
        case .notText: "Input should be a valid string"
        case .notTextual(let what): "Input should be a valid string, but holds \(what)"
        case .notInteger: "Input should be a valid integer"
        case .notNumeric: "Input should be a valid integer, unable to parse string as an integer"
        case .notWhole: "Input should be a valid integer, got a number with a fractional part"
        case .tooBig: "Unable to parse input string as an integer, exceeded maximum size"
        case .notFlag: "Input should be a valid boolean"
        case .notFlagWord: "Input should be a valid boolean, unable to interpret input"
        case .notAnObject: "Input should be a valid dictionary"
        case .notAList: "Input should be a valid list"
        case .notARecord: "Input should be a valid dictionary or object to extract fields from"
        case .tooShort(let limit): "String should have at least \(limit) character\(limit == 1 ? "" : "s")"
        case .tooLong(let limit): "String should have at most \(limit) characters"
        case .below(let limit): "Input should be greater than or equal to \(limit)"
        case .above(let limit): "Input should be less than or equal to \(limit)"
        case .value(let text): "Value error, \(text)"
        case .notJSON: "JSON decode error"
        case .tooManyRuns(let limit, let count):
            "List should have at most \(limit) items after validation, not \(count): send smaller batches "
                + "(WEIR_RUNS_MAX_BATCH is \(limit))"
        case .tooManyValues(let limit):
            "Body should have at most \(limit) names and values: send fewer runs at a time"
        }
    }
}
