import HTTP
import Testing

@Suite struct `Routing` {
    static let router: Router<String> = {
        var router = Router<String>()
        let patterns: [(HTTP.Method, String)] = [
            (.get, "/"), (.get, "/runs"), (.post, "/runs"), (.get, "/runs/latest"), (.get, "/runs/{id}"),
            (.delete, "/runs/{run}"), (.head, "/runs/{id}/log"), (.get, "/runs/{id}/log"),
            (.get, "/runs/{id}/tasks/{task}"), (.get, "/runs/latest/summary"), (.get, "/files/{path...}"),
            (.get, "/files/index"), (.put, "/a b"), (.other("BREW"), "/pot"),
        ]
        for (method, pattern) in patterns { router.add(method, pattern, "\(method) \(pattern)") }
        return router
    }()

    static func describe(_ resolution: Router<String>.Resolution) -> String {
        switch resolution {
        case .matched(let value, _, _): value
        case .methodNotAllowed(let allow): "allow " + allow.map(\.name).joined(separator: " ")
        case .notFound: "not found"
        }
    }

    static let lookups: [(HTTP.Method, String, String)] = [
        (.get, "/", "GET /"),
        (.get, "/runs", "GET /runs"),
        (.post, "/runs/", "POST /runs"),
        (.get, "/runs/latest", "GET /runs/latest"),
        (.get, "/runs/late%73t", "GET /runs/latest"),
        (.get, "/runs/Latest", "GET /runs/{id}"),
        (.get, "/runs/42/", "GET /runs/{id}"),
        (.delete, "/runs/latest", "DELETE /runs/{run}"),
        (.get, "/runs/latest/tasks/1", "GET /runs/{id}/tasks/{task}"),
        (.get, "/runs/latest/summary", "GET /runs/latest/summary"),
        (.get, "/runs/42/summary", "not found"),
        (.head, "/runs/42", "GET /runs/{id}"),
        (.head, "/runs/42/log", "HEAD /runs/{id}/log"),
        (.put, "/runs/42", "allow DELETE GET HEAD OPTIONS"),
        (.options, "/runs", "allow GET HEAD OPTIONS POST"),
        (.put, "/runs/latest", "allow DELETE GET HEAD OPTIONS"),
        (.head, "/a%20b", "allow OPTIONS PUT"),
        (.other("BREW"), "/pot", "BREW /pot"),
        (.get, "/pot", "allow BREW OPTIONS"),
        (.get, "/files/index", "GET /files/index"),
        (.get, "/files/a/b/c", "GET /files/{path...}"),
        (.get, "/files", "not found"),
        (.get, "/files/", "not found"),
        (.get, "/files/a//b", "not found"),
        (.get, "/nowhere", "not found"),
        (.get, "/runs//", "not found"),
        (.get, "//", "not found"),
        (.get, "//runs", "not found"),
        (.get, "/runs/%00", "not found"),
        (.get, "*", "not found"),
        (.get, "", "not found"),
        (.get, "runs", "not found"),
    ]

    @Test(arguments: lookups)
    func `finds the best route`(_ method: HTTP.Method, _ path: String, _ expected: String) {
        #expect(Self.describe(Self.router.resolve(method, path)) == expected)
    }

    static let catches: [(String, PathParameters)] = [
        ("/runs/42/tasks/7", ["id": "42", "task": "7"]),
        ("/runs/a%2Fb/tasks/%252F", ["id": "a/b", "task": "%2F"]),
        ("/runs/a+b/tasks/%C3%A9%", ["id": "a+b", "task": "é%"]),
        ("/runs/%2e%2E/tasks/..", ["id": "..", "task": ".."]),
        ("/runs/{id}/tasks/\"", ["id": "{id}", "task": "\""]),
        ("/files/a/%2F/c/", ["path": "a///c"]),
        ("/files/a", ["path": "a"]),
    ]

    @Test(arguments: catches)
    func `catches parameters`(_ path: String, _ expected: PathParameters) throws {
        guard case .matched(_, let parameters, _) = Self.router.resolve(.get, path) else {
            Issue.record("not matched")
            return
        }
        #expect(parameters == expected)
    }

    @Test func `names parameters by the matched pattern`() {
        guard case .matched(_, let parameters, let pattern) = Self.router.resolve(.delete, "/runs/9") else {
            Issue.record("not matched")
            return
        }
        #expect(pattern == "/runs/{run}")
        #expect(parameters["run"] == "9")
        #expect(parameters["id"] == nil)
    }

    @Test func `lists its routes in order`() {
        #expect(Self.router.routes.count == 14)
        #expect(Self.router.routes[2].method == .post)
        #expect(Self.router.routes[2].pattern == "/runs")
    }

    @Test func `refuses faulty patterns`() async {
        await #expect(processExitsWith: .failure) {
            var router = Router<Int>()
            router.add(.get, "/a/{x}", 1)
            router.add(.get, "/a/{y}/", 2)
        }
        await #expect(processExitsWith: .failure) {
            var router = Router<Int>()
            router.add(.get, "/{x...}/a", 1)
        }
    }
}
