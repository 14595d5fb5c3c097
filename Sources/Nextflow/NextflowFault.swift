internal import Core
internal import HTTP

/// Why a weblog request is refused, and the answer that the reference's framework would give. Contract §1.3.
enum NextflowFault: Error, Sendable {
    /// No body, or JSON null.
    case missingBody
    /// JSON, but no object; or a content type that is not JSON.
    case notAnObject
    /// Bytes that are no UTF-8.
    case notText
    /// Not JSON: what, where, and in which document.
    case notJSON(message: String, position: JSONPosition, document: [UInt8])
    /// Required fields that are missing or of a wrong type.
    case fields([Field])

    /// A required field that is missing or of a wrong type.
    struct Field: Sendable, Equatable {
        enum Cause: Sendable, Equatable {
            case missing, null, notText, notTime
        }

        let name: String
        let cause: Cause

        init(_ name: String, _ cause: Cause) {
            self.name = name
            self.cause = cause
        }
    }

    init(_ error: JSONError, in body: [UInt8]) {
        switch error {
        case .invalidUTF8:
            self = .notText
        case .syntax, .tooLarge, .tooManyValues:
            self = .notJSON(
                message: error.message,
                position: JSONPosition(offset: error.offset, in: body),
                document: body
            )
        }
    }

    /// A bounded word for metric labels.
    var reason: String {
        switch self {
        case .missingBody: "missing_body"
        case .notAnObject: "not_an_object"
        case .notText: "not_utf8"
        case .notJSON: "not_json"
        case .fields: "fields"
        }
    }
}

extension NextflowFault {
    /// How much of a malformed document the answer shows.
    private static let shownBytes = 4096

    /// The answer: 422 with a `detail` list, 400 for bytes that are no text.
    var response: Response {
        switch self {
        case .notText:
            return .json(
                Array(#"{"detail":"There was an error parsing the body"}"#.utf8),
                status: .badRequest
            )
        case .missingBody:
            return unprocessable { $0.entry(["body"], "field required", "value_error.missing") }
        case .notAnObject:
            return unprocessable { $0.entry(["body"], "value is not a valid dict", "type_error.dict") }
        case .notJSON(let message, let position, let document):
            return unprocessable {
                $0.syntaxEntry(message, position, shown: document.prefix(Self.shownBytes))
            }
        case .fields(let fields):
            return unprocessable { list in
                for field in fields {
                    list.entry(["body", field.name], field.cause.message, field.cause.type)
                }
            }
        }
    }

    private func unprocessable(_ entries: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter()
        writer.object { object in
            object.array("detail") { entries(&$0) }
        }
        return .json(writer.bytes, status: .unprocessableContent)
    }
}

extension NextflowFault.Field.Cause {
    var message: String {
        switch self {
        case .missing: "field required"
        case .null: "none is not an allowed value"
        case .notText: "str type expected"
        case .notTime: "invalid datetime format"
        }
    }

    var type: String {
        switch self {
        case .missing: "value_error.missing"
        case .null: "type_error.none.not_allowed"
        case .notText: "type_error.str"
        case .notTime: "value_error.datetime"
        }
    }
}

extension JSONWriter {
    /// An entry of a `detail` list.
    fileprivate mutating func entry(_ location: [String], _ message: String, _ type: String) {
        object { entry in
            entry.array("loc") { list in
                for part in location { list.value(part) }
            }
            entry.member("msg", message)
            entry.member("type", type)
        }
    }

    fileprivate mutating func syntaxEntry(
        _ message: String,
        _ position: JSONPosition,
        shown: ArraySlice<UInt8>
    ) {
        object { entry in
            entry.array("loc") { list in
                list.value("body")
                list.value(position.character)
            }
            entry.member(
                "msg",
                "\(message): line \(position.line) column \(position.column) (char \(position.character))"
            )
            entry.member("type", "value_error.jsondecode")
            entry.object("ctx") { context in
                context.member("msg", message)
                context.member("doc", String(decoding: shown, as: UTF8.self))
                context.member("pos", position.character)
                context.member("lineno", position.line)
                context.member("colno", position.column)
            }
        }
    }
}
