internal import Core
internal import HTTP

/// What is wrong with a parameter of a query, in the words of the reference's framework. Contract §1.5.
struct ParameterFault: Error, Hashable, Sendable {
    /// The closed set of causes.
    enum Cause: Hashable, Sendable {
        case notAnInteger
        case below(Int)
        case above(Int)
        case notATime
        case notPermitted(given: String, permitted: [String])
        case notACursor
        case holdsNUL
    }

    /// The parameter's name.
    let name: String
    let cause: Cause
}

/// The parameters of a query that are wrong, in the order in which the endpoint declares them.
struct ParameterFaults: Error, Hashable, Sendable {
    let faults: [ParameterFault]

    /// 422 with a `detail` list, one entry a parameter.
    var response: Response {
        var writer = JSONWriter()
        writer.object { answer in
            answer.array("detail") { list in
                for fault in faults { list.entry(fault) }
            }
        }
        return .json(writer.bytes, status: .unprocessableContent)
    }
}

extension JSONWriter {
    fileprivate mutating func entry(_ fault: ParameterFault) {
        object { entry in
            entry.array("loc") { location in
                location.value("query")
                location.value(fault.name)
            }
            entry.member("msg", fault.cause.message)
            entry.member("type", fault.cause.type)
            entry.context(fault.cause)
        }
    }

    private mutating func context(_ cause: ParameterFault.Cause) {
        switch cause {
        case .below(let limit), .above(let limit):
            object("ctx") { $0.member("limit_value", limit) }
        case .notPermitted(let given, let permitted):
            object("ctx") { context in
                context.member("given", given)
                context.array("permitted") { list in
                    for value in permitted { list.value(value) }
                }
            }
        case .notAnInteger, .notATime, .notACursor, .holdsNUL: break
        }
    }
}

extension ParameterFault.Cause {
    fileprivate var message: String {
        switch self {
        case .notAnInteger: "value is not a valid integer"
        case .below(let limit): "ensure this value is greater than or equal to \(limit)"
        case .above(let limit): "ensure this value is less than or equal to \(limit)"
        case .notATime: "invalid datetime format"
        case .notPermitted(_, let permitted):
            "unexpected value; permitted: " + permitted.map { "'\($0)'" }.joined(separator: ", ")
        case .notACursor: "not a cursor of this list: pass `next_cursor` of the page before unchanged"
        case .holdsNUL: "value must not hold U+0000"
        }
    }

    fileprivate var type: String {
        switch self {
        case .notAnInteger: "type_error.integer"
        case .below: "value_error.number.not_ge"
        case .above: "value_error.number.not_le"
        case .notATime: "value_error.datetime"
        case .notPermitted: "value_error.const"
        case .notACursor: "value_error.cursor"
        case .holdsNUL: "value_error.str.nul"
        }
    }
}
