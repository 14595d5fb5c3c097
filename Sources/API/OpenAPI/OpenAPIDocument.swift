internal import Core
internal import HTTP

/// `/openapi.json`: endpoints in OpenAPI 3.1.0, made from their documentation.
package struct OpenAPIDocument {
    private let endpoints: [Endpoint]
    private let version: String

    /// Describes some endpoints; `version` is Weir's.
    package init(_ endpoints: [Endpoint], version: String) {
        self.endpoints = endpoints
        self.version = version
    }

    private static let about = """
        Every answer carries X-Request-Id and, but for OPTIONS, Cache-Control. HEAD answers as GET does, without the \
        body; OPTIONS says which methods a path has; another method is 405 with Allow, an unknown path 404, in the \
        form of the errors below the same path. Parameters that an operation doesn't list are ignored; of one that \
        is repeated the last counts. Members of a body that aren't listed are ignored, or kept as they are where raw \
        events are kept. Requests may be compressed (Content-Encoding: gzip), answers are where Accept-Encoding \
        allows it. Clients that can only be given an address put their token into its path: \
        /ingest/<token>/telemetry. The listener profiles nextflow, runs and metrics answer GET /health, /metrics \
        and /version as their own protocols demand.
        """

    /// The document.
    package var bytes: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 64 << 10)
        writer.object { document in
            document.member("openapi", "3.1.0")
            document.object("info") { info in
                info.member("title", "Weir")
                info.member("version", version)
                info.member("summary", "Telemetry of computational workflows, kept in PostgreSQL.")
                info.member("description", Self.about)
                info.object("license") { license in
                    license.member("name", "Apache 2.0")
                    license.member("identifier", "Apache-2.0")
                }
            }
            document.object("paths") { paths in
                for (path, endpoints) in grouped { self.path(path, endpoints, &paths) }
            }
            components(&document)
        }
        return writer.bytes
    }

    /// Endpoints by path, paths in the order in which they first appear.
    private var grouped: [(path: String, endpoints: [Endpoint])] {
        var order: [String] = []
        var byPath: [String: [Endpoint]] = [:]
        for endpoint in endpoints {
            let path = Self.template(endpoint.path)
            if byPath[path] == nil { order.append(path) }
            byPath[path, default: []].append(endpoint)
        }
        return order.map { ($0, byPath[$0] ?? []) }
    }

    private func path(_ path: String, _ endpoints: [Endpoint], _ paths: inout JSONWriter) {
        paths.object(path) { item in
            for endpoint in endpoints {
                item.object(endpoint.method.name.lowercased()) { operation(endpoint, path, &$0) }
            }
        }
    }

    private func operation(_ endpoint: Endpoint, _ path: String, _ operation: inout JSONWriter) {
        operation.member("operationId", Self.identifier(endpoint.method, path))
        operation.member("summary", endpoint.documentation.summary)
        operation.array("tags") { $0.value(endpoint.documentation.tag) }
        let parameters = OpenAPIParameters(of: endpoint, names: Self.parameterNames(endpoint.path))
        if !parameters.isEmpty { operation.array("parameters") { parameters.write(to: &$0) } }
        if let type = endpoint.documentation.request {
            operation.object("requestBody") { body in
                body.member("required", true)
                body.object("content") { content in
                    content.object("application/json") { type.write("schema", to: &$0) }
                }
            }
        }
        operation.object("responses") { OpenAPIResponses(of: endpoint).write(to: &$0) }
        operation.array("security") { list in
            guard let scope = endpoint.scope else { return }
            for scheme in ["bearer", "basic", "apiKey"] {
                list.object { $0.array(scheme) { $0.value(scope.rawValue) } }
            }
        }
    }

    // MARK: - Components

    private func components(_ document: inout JSONWriter) {
        document.object("components") { components in
            components.object("schemas") { schemas in
                for schema in named { schemas.object(schema.name) { schema.write(to: &$0) } }
            }
            components.object("headers") { OpenAPIResponses.writeCommonHeaders(to: &$0) }
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

    /// The named schemas of the endpoints, each once.
    private var named: [APISchema] {
        let types = endpoints.flatMap { endpoint in
            endpoint.documentation.parameters.map(\.type)
                + [endpoint.documentation.request].compactMap(\.self)
                + OpenAPIResponses(of: endpoint).types
        }
        var seen: Set<String> = []
        return types.flatMap(\.schemas).filter { seen.insert($0.name).inserted }
    }

    // MARK: - Pieces

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

    /// `getApiNextflowRunsRunId`: unique, since method and path are.
    private static func identifier(_ method: Method, _ path: String) -> String {
        let words = path.replacing("/-/", with: "/dash/").split { !$0.isLetter && !$0.isNumber }
        let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return method.name.lowercased() + (name.isEmpty ? "Root" : name)
    }
}
