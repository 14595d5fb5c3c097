import Core
import HTTP
import Ingest

/// `/openapi.json`: the routes in OpenAPI 3.1.0, made from what each says about itself.
struct OpenAPIDocument {
    let routes: [Route]
    let version: String

    private static let about = """
        Every answer carries X-Request-Id and, but for OPTIONS, Cache-Control. HEAD answers as GET does, without the \
        body; OPTIONS says which methods a path has; another method is 405 with Allow, an unknown path 404, both with an Error. Parameters that an \
        operation doesn't list are ignored; of one that is repeated the last counts. Members of a body that aren't \
        listed are ignored, or kept as they are where raw events are kept. Requests may be compressed \
        (Content-Encoding: gzip), answers are where Accept-Encoding allows it. Clients that can only be given an \
        address put their token into its path: /ingest/<token>/telemetry. The listener profiles nextflow, runs and \
        metrics answer GET /health, /metrics and /version as their own protocols demand.
        """

    /// The document.
    var bytes: [UInt8] {
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
        let parameters = OpenAPIParameters(of: route, names: Self.parameterNames(route.pattern))
        if !parameters.isEmpty { operation.array("parameters") { parameters.write(to: &$0) } }
        if let type = route.documentation.request {
            operation.object("requestBody") { body in
                body.member("required", true)
                body.object("content") { content in
                    content.object("application/json") { type.write("schema", to: &$0) }
                }
            }
        }
        operation.object("responses") { OpenAPIResponses(of: route).write(to: &$0) }
        operation.array("security") { list in
            guard let scope = route.scope else { return }
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

    /// The schemas that routes name, each once.
    private var named: [APISchema] {
        let types = routes.flatMap { route in
            route.documentation.parameters.map(\.type) + [route.documentation.request].compactMap(\.self)
                + OpenAPIResponses(of: route).types
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

    /// `getApiNextflowRunsRunId`, unique since method and path are.
    private static func identifier(_ method: Method, _ path: String) -> String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
        let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return method.name.lowercased() + (name.isEmpty ? "Root" : name)
    }
}
