import Core
import HTTP
import Ingest

/// `/openapi.json`: the routes in OpenAPI 3.1.0, made from what each says about itself.
struct OpenAPIDocument {
    let routes: [Route]
    let version: String

    /// The document.
    var bytes: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 16 << 10)
        writer.object { document in
            document.member("openapi", "3.1.0")
            document.object("info") { info in
                info.member("title", "Weir")
                info.member("version", version)
                info.member("summary", "Telemetry of computational workflows, kept in PostgreSQL.")
                info.object("license") { license in
                    license.member("name", "Apache 2.0")
                    license.member("identifier", "Apache-2.0")
                }
            }
            document.object("paths") { paths in
                for (path, routes) in grouped { self.path(path, routes, &paths) }
            }
            components(&document)
        }
        return writer.bytes
    }

    /// Routes by path, paths in the order in which they first appear.
    private var grouped: [(path: String, routes: [Route])] {
        var order: [String] = []
        var byPath: [String: [Route]] = [:]
        for route in routes {
            let path = Self.template(route.pattern)
            if byPath[path] == nil { order.append(path) }
            byPath[path, default: []].append(route)
        }
        return order.map { ($0, byPath[$0] ?? []) }
    }

    private func path(_ path: String, _ routes: [Route], _ paths: inout JSONWriter) {
        paths.object(path) { item in
            for route in routes {
                item.object(route.method.name.lowercased()) { operation(route, path, &$0) }
            }
        }
    }

    private func operation(_ route: Route, _ path: String, _ operation: inout JSONWriter) {
        operation.member("operationId", Self.identifier(route.method, path))
        operation.member("summary", route.documentation.summary)
        operation.array("tags") { $0.value(route.documentation.tag) }
        let names = Self.parameterNames(route.pattern)
        if !names.isEmpty || !route.documentation.parameters.isEmpty {
            operation.array("parameters") { list in
                for name in names { Self.pathParameter(name, &list) }
                for parameter in route.documentation.parameters { Self.queryParameter(parameter, &list) }
            }
        }
        if let shape = route.documentation.request {
            operation.object("requestBody") { body in
                body.member("required", true)
                Self.jsonContent(shape, &body)
            }
        }
        responses(route, &operation)
        operation.array("security") { list in
            guard let scope = route.scope else { return }
            for scheme in ["bearer", "basic", "apiKey"] {
                list.object { $0.array(scheme) { $0.value(scope.rawValue) } }
            }
        }
    }

    private func responses(_ route: Route, _ operation: inout JSONWriter) {
        operation.object("responses") { responses in
            for status in route.documentation.success {
                responses.object(String(status)) { success in
                    success.member("description", status == 201 ? "It is stored." : "What was asked for.")
                    Self.jsonContent(route.documentation.answer, &success)
                }
            }
            responses.object("default") { failure in
                failure.member("description", "What was wrong, and where.")
                failure.object("content") { content in
                    content.object("application/json") { json in
                        json.object("schema") { $0.member("$ref", "#/components/schemas/Error") }
                    }
                }
            }
        }
    }

    private func components(_ document: inout JSONWriter) {
        document.object("components") { components in
            components.object("schemas") { schemas in
                for schema in named { Self.schema(schema, &schemas) }
                schemas.object("Error") { error in
                    error.member("type", "object")
                    error.object("properties") { properties in
                        properties.object("detail") {
                            $0.member("description", "A sentence, or a list of faults.")
                        }
                    }
                }
            }
            components.object("securitySchemes") { schemes in
                schemes.object("bearer") { scheme in
                    scheme.member("type", "http")
                    scheme.member("scheme", "bearer")
                }
                schemes.object("basic") { scheme in
                    scheme.member("type", "http")
                    scheme.member("scheme", "basic")
                    scheme.member("description", "The token is the password.")
                }
                schemes.object("apiKey") { scheme in
                    scheme.member("type", "apiKey")
                    scheme.member("in", "header")
                    scheme.member("name", "X-API-Key")
                }
            }
        }
    }

    // MARK: - Schemas

    /// The schemas that routes name, each once.
    private var named: [APISchema] {
        let shapes = routes.flatMap { [$0.documentation.request, $0.documentation.answer] }
        var seen: Set<String> = []
        return shapes.compactMap { $0?.schema }.filter { seen.insert($0.name).inserted }
    }

    private static func schema(_ schema: APISchema, _ schemas: inout JSONWriter) {
        schemas.object(schema.name) { object in
            object.member("type", "object")
            let required = schema.members.filter(\.isRequired)
            if !required.isEmpty {
                object.array("required") { list in for member in required { list.value(member.name) } }
            }
            object.object("properties") { properties in
                for member in schema.members {
                    properties.object(member.name) { Self.member(member, &$0) }
                }
            }
        }
    }

    private static func member(_ member: APISchema.Member, _ property: inout JSONWriter) {
        if member.isNullable {
            property.array("type") { types in
                types.value(member.type)
                types.value("null")
            }
        } else {
            property.member("type", member.type)
        }
        if let bounds = member.bounds {
            let isText = member.type == "string"
            property.member(isText ? "minLength" : "minimum", bounds.lowerBound)
            property.member(isText ? "maxLength" : "maximum", bounds.upperBound)
        }
        if !member.words.isEmpty {
            property.array("enum") { list in
                for word in member.words { list.value(word) }
                if member.isNullable { list.null() }
            }
        }
    }

    private static func jsonContent(_ shape: RouteDocumentation.Shape, _ writer: inout JSONWriter) {
        writer.object("content") { content in
            content.object("application/json") { json in
                json.object("schema") { schema in
                    switch shape {
                    case .any: break
                    case .object(let named): Self.reference(named, &schema)
                    case .list(let named):
                        schema.member("type", "array")
                        schema.object("items") { Self.reference(named, &$0) }
                    }
                }
            }
        }
    }

    private static func reference(_ schema: APISchema, _ writer: inout JSONWriter) {
        writer.member("$ref", "#/components/schemas/\(schema.name)")
    }

    // MARK: - Pieces

    private static func pathParameter(_ name: String, _ list: inout JSONWriter) {
        list.object { parameter in
            parameter.member("name", name)
            parameter.member("in", "path")
            parameter.member("required", true)
            parameter.object("schema") { $0.member("type", "string") }
        }
    }

    private static func queryParameter(_ described: RouteDocumentation.Parameter, _ list: inout JSONWriter) {
        list.object { parameter in
            parameter.member("name", described.name)
            parameter.member("in", "query")
            parameter.member("description", described.summary)
            parameter.object("schema") { $0.member("type", described.type) }
        }
    }

    /// `{path...}` is a parameter like any other here.
    private static func template(_ pattern: String) -> String {
        pattern.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasSuffix("...}") ? "\($0.dropLast(4))}" : String($0) }
            .joined(separator: "/")
    }

    private static func parameterNames(_ pattern: String) -> [String] {
        template(pattern).split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
    }

    /// `getApiNextflowRunsRunId`, unique since method and path are.
    private static func identifier(_ method: Method, _ path: String) -> String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
        let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return method.name.lowercased() + (name.isEmpty ? "Root" : name)
    }
}
