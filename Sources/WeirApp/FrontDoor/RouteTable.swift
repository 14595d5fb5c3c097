package import API
package import HTTP

/// Every route of every listener profile, ready for lookups.
package struct RouteTable: Sendable {
    /// The routes of the main listener, in the order in which they were given.
    package let routes: [Endpoint]
    private let main: Index
    private let profiles: [String: Index]

    /// A router, and an index of routes without parameters by method and path, which is enough for most requests.
    private struct Index: Sendable {
        let router: Router<Endpoint>
        let literal: [Literal: Endpoint]

        struct Literal: Hashable {
            let method: Method
            let path: String
        }

        init(_ routes: [Endpoint]) {
            var router = Router<Endpoint>()
            for route in routes { router.add(route.method, route.path, route) }
            self.router = router
            let literal = routes.filter { !$0.path.utf8.contains(UInt8(ascii: "{")) }
            self.literal = Dictionary(
                literal.map { (Literal(method: $0.method, path: $0.path), $0) },
                uniquingKeysWith: { first, _ in first }
            )
        }

        func locate(_ method: Method, _ path: String) -> Router<Endpoint>.Resolution {
            if let route = literal[Literal(method: method, path: path)] {
                return .matched(route, parameters: PathParameters(), pattern: route.path)
            }
            return router.resolve(method, path)
        }
    }

    /// Makes a table.
    ///
    /// A listener profile's routes replace those with the same method and pattern; all other routes are the same for
    /// every profile.
    package init(routes: [Endpoint], profiles: [String: [Endpoint]] = [:]) {
        self.routes = routes
        main = Index(routes)
        self.profiles = profiles.mapValues { special in
            let kept = routes.filter { route in
                !special.contains { $0.method == route.method && $0.path == route.path }
            }
            return Index(kept + special)
        }
    }

    /// Looks up a request; HEAD is treated as GET.
    package func locate(_ method: Method, _ path: String, profile: String?) -> Router<Endpoint>.Resolution {
        (profile.flatMap { profiles[$0] } ?? main).locate(method, path)
    }

    /// The endpoint of a request whose listener is not known: those of all listeners come first.
    package func find(_ method: Method, _ path: String) -> (Endpoint, PathParameters)? {
        for index in [main] + profiles.keys.sorted().compactMap({ profiles[$0] }) {
            if case .matched(let endpoint, let parameters, _) = index.locate(method, path) {
                return (endpoint, parameters)
            }
        }
        return nil
    }

    /// The methods of a path; empty for an unknown path.
    package func allowedMethods(_ path: String, profile: String?) -> [Method] {
        // No route has this method, so that the router always lists the existing ones.
        switch locate(.other("?"), path, profile: profile) {
        case .methodNotAllowed(let allow): allow
        case .matched, .notFound: []
        }
    }
}
