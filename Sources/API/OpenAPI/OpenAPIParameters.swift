internal import Core

/// The parameters of an operation: those of its path, then those of its query.
struct OpenAPIParameters {
    private let path: [APIParameter]
    private let query: [APIParameter]

    /// Takes the parameters of an endpoint, whose pattern has these names.
    init(of endpoint: Endpoint, names: [String]) {
        let declared = endpoint.documentation.parameters
        path = names.map { name in declared.first { $0.name == name } ?? Self.segment(name) }
        query = declared.filter { !names.contains($0.name) }
    }

    var isEmpty: Bool { path.isEmpty && query.isEmpty }

    /// Writes them as elements of a list.
    func write(to list: inout JSONWriter) {
        for parameter in path {
            list.object { object in
                object.member("name", parameter.name)
                object.member("in", "path")
                object.member("required", true)
                Self.rest(of: parameter, &object)
            }
        }
        for parameter in query {
            list.object { object in
                object.member("name", parameter.name)
                object.member("in", "query")
                if parameter.mayBeEmpty { object.member("allowEmptyValue", true) }
                Self.rest(of: parameter, &object)
            }
        }
    }

    private static func rest(of parameter: APIParameter, _ object: inout JSONWriter) {
        object.member("description", parameter.summary)
        object.object("schema") { schema in
            parameter.type.write(to: &schema)
            if let fallback = parameter.fallback { schema.member("default", raw: Array(fallback.utf8)) }
        }
    }

    /// A segment of a path is never empty.
    private static func segment(_ name: String) -> APIParameter {
        var type = APIType.sentText
        type.shortest = 1
        return APIParameter(name, type, "As it was sent, percent-encoded.")
    }
}
