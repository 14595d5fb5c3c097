import Core
import TestKit

/// What `/openapi.json` of a running Weir says, and whether an answer is what it says.
///
/// Stricter than JSON Schema in one thing: a member that is not listed is a fault, since what Weir writes should be
/// described.
struct DescribedAPI {
    let root: JSONNode

    init(_ client: HTTPTestClient) throws {
        root = try JSONDocument(try client.get("/openapi.json").body).root
    }

    /// An operation of the document.
    struct Operation {
        let method: String
        let path: String
        let node: JSONNode

        var name: String { "\(method) \(path)" }
        var parameters: [JSONNode] { Array(node["parameters"]?.elements.map { $0 } ?? []) }
        var responses: [(status: String, node: JSONNode)] {
            node["responses"]?.members.map { ($0.key.string ?? "", $0.value) } ?? []
        }
    }

    var operations: [Operation] {
        (root["paths"]?.members.map { $0 } ?? []).flatMap { path in
            path.value.members.map {
                Operation(method: $0.key.string ?? "", path: path.key.string ?? "", node: $0.value)
            }
        }
    }

    /// Where a `$ref` leads.
    func resolve(_ reference: String) -> JSONNode? {
        reference.split(separator: "/").dropFirst().reduce(root) { $0?[String($1)] }
    }

    /// Every `$ref` below a value.
    func references(in node: JSONNode) -> [String] {
        switch node.kind {
        case .object:
            node.members.flatMap { member in
                let own = member.key.string == "$ref" ? [member.value.string ?? ""] : []
                return own + references(in: member.value)
            }
        case .array: node.elements.flatMap { references(in: $0) }
        default: []
        }
    }

    // MARK: - Answers

    /// What is wrong with an answer; empty when it is as described.
    func faults(of response: RawResponse, to operation: Operation) throws -> [String] {
        let described = operation.node["responses"]?[String(response.status)]
        guard let described else { return ["\(response.status) is not described"] }
        if described["content"] == nil { return response.body.isEmpty ? [] : ["a body is not described"] }
        let type = response["Content-Type"].map { String($0.prefix { $0 != ";" }) } ?? ""
        guard let schema = described["content"]?[type]?["schema"] else { return ["\(type) is not described"] }
        guard type == "application/json" else { return [] }
        return faults(of: try JSONDocument(response.body).root, schema, at: "")
    }

    private func faults(of value: JSONNode, _ schema: JSONNode, at place: String) -> [String] {
        if let reference = schema["$ref"]?.string {
            guard let target = resolve(reference) else { return ["\(place): no \(reference)"] }
            return faults(of: value, target, at: place)
        }
        if let alternatives = schema["anyOf"] {
            let found = alternatives.elements.map { faults(of: value, $0, at: place) }
            return found.contains { $0.isEmpty } ? [] : ["\(place): none of anyOf: \(found)"]
        }
        guard fits(value, schema["type"]) else {
            return ["\(place): \(value.kind) is not of \(Self.text(schema["type"]))"]
        }
        switch value.kind {
        case .object: return faults(ofObject: value, schema, at: place)
        case .array:
            guard let items = schema["items"] else { return [] }
            return value.elements.enumerated().flatMap { faults(of: $1, items, at: "\(place)/\($0)") }
        case .string: return faults(ofText: value.string ?? "", schema, at: place)
        case .number:
            let number = value.double ?? .nan
            let isWithin =
                number >= schema["minimum"]?.double ?? -.infinity
                && number <= schema["maximum"]?.double ?? .infinity
            return isWithin ? [] : ["\(place): \(number) is out of bounds"]
        case .true, .false, .null: return []
        }
    }

    private func faults(ofObject value: JSONNode, _ schema: JSONNode, at place: String) -> [String] {
        let required = schema["required"]?.elements.compactMap(\.string) ?? []
        let missing = required.filter { value[$0] == nil }.map { "\(place)/\($0) is missing" }
        return missing
            + value.members.flatMap { member in
                let name = member.key.string ?? ""
                if let known = schema["properties"]?[name] {
                    return faults(of: member.value, known, at: "\(place)/\(name)")
                }
                if let values = schema["additionalProperties"] {
                    return faults(of: member.value, values, at: "\(place)/\(name)")
                }
                return schema["properties"] == nil ? [] : ["\(place)/\(name) is not described"]
            }
    }

    private func faults(ofText text: String, _ schema: JSONNode, at place: String) -> [String] {
        if let words = schema["enum"], !words.elements.contains(where: { $0.string == text }) {
            return ["\(place): '\(text)' is no word of it"]
        }
        if schema["format"]?.string == "date-time", Timestamp(iso8601: text) == nil {
            return ["\(place): '\(text)' is no moment"]
        }
        return []
    }

    private func fits(_ value: JSONNode, _ type: JSONNode?) -> Bool {
        guard let type else { return true }
        let names = type.kind == .array ? type.elements.compactMap(\.string) : [type.string ?? ""]
        return names.contains { name in
            switch value.kind {
            case .string: name == "string"
            case .number: name == "number" || (name == "integer" && value.int64 != nil)
            case .true, .false: name == "boolean"
            case .object: name == "object"
            case .array: name == "array"
            case .null: name == "null"
            }
        }
    }

    static func text(_ node: JSONNode?) -> String {
        node.map { String(decoding: $0.rawBytes, as: UTF8.self) } ?? "anything"
    }
}
