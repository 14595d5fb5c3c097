package import HTTP
package import Ingest

/// Every route of every face, ready to be looked up.
package struct RouteTable: Sendable {
    /// The routes of the main face, in the order in which they were given.
    package let routes: [Route]
    private let main: Router<Route>
    private let faces: [String: Router<Route>]

    /// Makes a table.
    ///
    /// A face's routes stand in for those of the same method and pattern; everything else is the same everywhere.
    package init(routes: [Route], faces: [String: [Route]] = [:]) {
        self.routes = routes
        main = Self.router(routes)
        self.faces = faces.mapValues { special in
            let kept = routes.filter { route in
                !special.contains { $0.method == route.method && $0.pattern == route.pattern }
            }
            return Self.router(kept + special)
        }
    }

    /// Looks up a request; HEAD leads where GET does.
    package func locate(_ method: Method, _ path: String, face: String?) -> Router<Route>.Resolution {
        (face.flatMap { faces[$0] } ?? main).resolve(method, path)
    }

    /// The methods that a path knows; empty for an unknown path.
    package func allowedMethods(_ path: String, face: String?) -> [Method] {
        // No route is registered for this method, so that the router always lists what there is.
        switch locate(.other("?"), path, face: face) {
        case .methodNotAllowed(let allow): allow
        case .matched, .notFound: []
        }
    }

    private static func router(_ routes: [Route]) -> Router<Route> {
        var router = Router<Route>()
        for route in routes { router.add(route.method, route.pattern, route) }
        return router
    }
}
