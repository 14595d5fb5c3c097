import API
import Core
import FeatureTestKit
import HTTP
import Journal
import Postgres
import Schedules
import TestKit
import Testing

@testable import Runs

/// Checks: their endpoints, and when they are missed.
@Suite("Checks", .serialized)
struct CheckTests {
    // MARK: - Endpoints

    @Test func `a check is made, read, changed, paused, resumed and deleted`() async throws {
        let weir = try PingHarness()
        let made = try await weir.check(
            #""name":"backup","tags":["db"],"cron":"0 3 * * *","time_zone":"Europe/Berlin""#
        )
        let id = try #require(made["id"]?.string)
        #expect(
            made["state"]?.string == "new" && made["grace"]?.int64 == 3600 && made["period"]?.isNull == true
        )
        let changed = try await weir.feature.send(
            .patch,
            "/api/v2/checks/\(id)",
            body: #"{"period":600,"grace":60}"#
        )
        #expect(changed.status == 200)
        #expect(try changed.json["period"]?.int64 == 600 && changed.json["cron"]?.isNull == true)
        #expect(try changed.json["name"]?.string == "backup")
        let paused = try await weir.feature.send(.post, "/api/v2/checks/\(id)/pause")
        #expect(try paused.json["state"]?.string == "paused")
        let resumed = try await weir.feature.send(.post, "/api/v2/checks/\(id)/resume")
        #expect(try resumed.json["state"]?.string == "new")
        let list = try await weir.feature.send(.get, "/api/v2/checks?tag=db").json
        #expect(list.elements.map { $0["id"]?.string } == [id])
        #expect(try await weir.feature.send(.delete, "/api/v2/checks/\(id)").status == 204)
        let gone = try await weir.feature.send(.get, "/api/v2/checks/\(id)")
        #expect(gone.status == 404)
        #expect(try gone.json["code"]?.string == "not_found")
        #expect(try gone.json["failure"]?["message"]?.string == "There is no such check.")
    }

    @Test func `only administrators see the secrets of a check`() async throws {
        let weir = try PingHarness()
        let made = try await weir.check(#""name":"backup","slug":"backup""#)
        let (id, uuid) = (try #require(made["id"]?.string), try #require(made["ping_uuid"]?.string))
        let key = try #require(made["ping_key"]?.string)
        for target in ["/api/v2/checks", "/api/v2/checks/\(id)"] {
            let read = try await weir.feature.send(.get, target, as: [.read]).text
            #expect(read.contains(id) && !read.contains(uuid) && !read.contains(key))
            let all = try await weir.feature.send(.get, target).text
            #expect(all.contains(uuid) && all.contains(key))
        }
        let writes = weir.feature.endpoints.filter {
            $0.path.hasPrefix("/api/v2/checks") && $0.method != .get
        }
        #expect(writes.count == 5 && writes.allSatisfy { $0.scope == .admin })
        #expect(weir.feature.endpoints.filter { $0.path.hasPrefix("/ping/") }.allSatisfy { $0.scope == nil })
    }

    @Test(arguments: [
        ("{}", "name: Field required"),
        (#"{"name":3}"#, "name: Input should be a valid string"),
        (#"{"name":""}"#, "name: String should have at least 1 character"),
        (#"{"name":"a","slug":"A b"}"#, "slug: a slug has small letters, digits, - and _"),
        (
            #"{"name":"a","slug":"a","ping_key":"short"}"#,
            "ping_key: String should have at least 16 characters"
        ),
        (#"{"name":"a","period":0}"#, "period: Input should be greater than or equal to 1"),
        (#"{"name":"a","period":"1"}"#, "period: Input should be a valid integer"),
        (#"{"name":"a","grace":31536001}"#, "grace: Input should be less than or equal to 31536000"),
        (
            #"{"name":"a","period":60,"cron":"@daily"}"#,
            "cron: a check has a period or a cron expression, not both"
        ),
        (#"{"name":"a","cron":"61 * * * *"}"#, "cron: minute: 61 is not within 0 to 59"),
        (#"{"name":"a","time_zone":"UTC"}"#, "time_zone: only a cron expression has a time zone"),
        (#"{"name":"a","tags":"x"}"#, "tags: Input should be a valid list"),
        (
            #"{"name":"a","timeout":60}"#,
            "timeout: there is no such member; there are name, slug, ping_key, tags, project, period, cron, time_zone, grace"
        ),
        ("[]", "Input should be a valid dictionary or object to extract fields from"),
    ])
    func `a body is refused with the member named`(body: String, message: String) async throws {
        let weir = try PingHarness(loads: false)
        let answer = try await weir.feature.send(.post, "/api/v2/checks", body: body)
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?.string == message)
        #expect(try answer.json["code"]?.string == "bad_request")
    }

    @Test func `the last pings are listed with their bodies`() async throws {
        let weir = try PingHarness()
        let made = try await weir.check()
        let (id, path) = (try #require(made["id"]?.string), try #require(made["ping_path"]?.string))
        for number in 1...3 { _ = try await weir.ping(.post, "\(path)/log", body: "line \(number)") }
        let pings = try await weir.feature.send(.get, "/api/v2/checks/\(id)/pings?limit=2").json
        #expect(pings.elements.map { $0["body"]?.string } == ["line 3", "line 2"])
        let refused = try await weir.feature.send(.get, "/api/v2/checks/\(id)/pings?limit=0")
        #expect(refused.status == 400)
        #expect(try refused.json["failure"]?["diagnostics"]?.elements.map { $0["path"]?.string } == ["limit"])
    }

    // MARK: - States

    private static let noon = Timestamp(iso8601: "2026-07-01T12:00:00Z") ?? .epoch

    private func state(_ at: Int, last: Int?, start: Int? = nil, kind: String = "success") -> String {
        var settings = Check.Settings()
        (settings.name, settings.period, settings.grace) = ("a", 600, 60)
        var check = Check(
            id: .random(),
            pingUUID: .random(),
            settings: settings,
            createdAt: Self.noon,
            updatedAt: Self.noon
        )
        check.standing.lastPingAt = last.map { Self.noon.adding(seconds: $0) }
        check.standing.lastKind = last.map { _ in kind }
        check.standing.lastStartAt = start.map { Self.noon.adding(seconds: $0) }
        let state = CheckState(check, at: Self.noon.adding(seconds: at))
        return state.word.rawValue + (state.isRunning ? " running" : "")
            + (state.missed == nil ? "" : " missed")
    }

    @Test func `a check is up, within its grace, and down`() {
        #expect(state(0, last: nil) == "new")
        #expect(state(1_000_000, last: nil) == "new")
        #expect(state(599, last: 0) == "up")
        #expect(state(600, last: 0) == "grace")
        #expect(state(659, last: 0) == "grace")
        #expect(state(660, last: 0) == "down missed")
        #expect(state(1, last: 0, kind: "fail") == "down")
        // A run that has begun has to end within the grace time.
        #expect(state(110, last: 0, start: 100) == "up running")
        #expect(state(160, last: 0, start: 100) == "down running missed")
        #expect(state(59, last: nil, start: 0) == "new running")
        #expect(state(60, last: nil, start: 0) == "down running missed")
    }

    @Test func `a check that is late is missed once, and is back once`() async throws {
        let weir = try PingHarness()
        try weir.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        let made = try await weir.check(#""name":"backup","period":600,"grace":60,"project":"night""#)
        let id = try #require(made["id"]?.string.flatMap { UUID128($0) })
        func success(_ seconds: Int) async throws {
            let at = Self.noon.adding(seconds: seconds)
            let ping = Ping(id: .random(), subject: .check(id), at: at, kind: .success)
            _ = try await weir.journal.append(kind: "ping/1", body: ping.line)
            await weir.load()
        }
        func look(_ seconds: Int) throws {
            try Connection.withTemporary(weir.database.target) {
                try MissedChecks.look(at: Self.noon.adding(seconds: seconds), on: $0)
            }
        }
        let events = """
            SELECT kind, subject = '\(id)', detail ->> 'check', detail ->> 'agent', detail ->> 'project', detail ->> 'due_at',
                   detail ->> 'last_ping_at', detail ->> 'grace'
            FROM outbox_event WHERE kind LIKE 'check.%' ORDER BY id
            """
        try await success(0)
        try look(659)
        #expect(try weir.rows(events).isEmpty)
        for seconds in [660, 700, 5000] { try look(seconds) }
        let times = ["12:10", "12:00", "13:24"].map { "2026-07-01T\($0):" }
        let missed =
            "check.missed|t|backup|backup|night|\(times[0])00.000000Z|\(times[1])00.000000Z|60"
        #expect(try weir.rows(events) == [missed])
        try await success(5040)
        for seconds in [5050, 5060] { try look(seconds) }
        let back = "check.back|t|backup|backup|night|\(times[0])00.000000Z|\(times[2])00.000000Z|60"
        #expect(try weir.rows(events) == [missed, back])
    }

    @Test func `a check that is paused or deleted has no alarm open`() async throws {
        let weir = try PingHarness()
        try weir.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        for verb in ["pause", "delete"] {
            let made = try await weir.check(#""name":"\#(verb)","period":600,"grace":60"#)
            let id = try #require(made["id"]?.string.flatMap { UUID128($0) })
            let ping = Ping(id: .random(), subject: .check(id), at: Self.noon, kind: .success)
            _ = try await weir.journal.append(kind: "ping/1", body: ping.line)
            await weir.load()
            func look() throws {
                try Connection.withTemporary(weir.database.target) {
                    try MissedChecks.look(at: Self.noon.adding(seconds: 9000), on: $0)
                }
            }
            try look()
            let method: HTTP.Method = verb == "pause" ? .post : .delete
            let path = "/api/v2/checks/\(id)" + (verb == "pause" ? "/pause" : "")
            #expect(try await weir.feature.send(method, path).status < 300)
            try look()
            let kinds = try weir.rows("SELECT kind FROM outbox_event WHERE subject = '\(id)' ORDER BY id")
            #expect(kinds == ["check.missed", "check.back"], "\(verb)")
        }
    }

    @Test func `a check that nobody has read is taken while PostgreSQL is away`() async throws {
        let away = ConnectionTarget(socketDirectory: "/nonexistent", user: "u", database: "d")
        let checks = CheckRegistry(pool: Pool(away), unknown: UnknownPings(60))
        let uuid = UUID128.random()
        let id = CheckKeys.id(of: uuid)
        #expect(await checks.find(.uuid(uuid), creating: false, for: "a") == .found(.check(id)))
        let key = "0123456789abcdef"
        let subject = Ping.Subject.slug(key: CheckKeys.digest(of: key), "backup")
        #expect(await checks.find(.slug(key: key, "backup"), creating: false, for: "a") == .found(subject))
        #expect(await checks.find(.slug(key: key, "backup"), creating: true, for: "a") == .unavailable)
    }

    @Test func `a check that does not exist is looked for once, until checks are read again`() async throws {
        let weir = try PingHarness()
        let checks = CheckRegistry(pool: weir.feature.pool, unknown: UnknownPings(2))
        try await weir.feature.pool.withConnection { try checks.reload(on: $0) }
        let key = "0123456789abcdef"
        let unknown = PingTarget.Name.slug(key: key, "backup")
        #expect(await checks.find(unknown, creating: false, for: "a") == .unknown)
        // PostgreSQL has it now, and is not asked.
        let members = #""name":"backup","slug":"backup","ping_key":"\#(key)""#
        let id = try #require(UUID128(try await weir.check(members)["id"]?.string ?? ""))
        for _ in 0..<5 { #expect(await checks.find(unknown, creating: false, for: "a") == .unknown) }
        try await weir.feature.pool.withConnection { try checks.reload(on: $0) }
        #expect(await checks.find(unknown, creating: false, for: "a") == .found(.check(id)))
    }

    @Test func `a client may ask for so many checks that do not exist; those that do are not counted`()
        async throws
    {
        let weir = try PingHarness()
        let checks = CheckRegistry(pool: weir.feature.pool, unknown: UnknownPings(2))
        func find(of client: String) async -> CheckRegistry.Finding {
            await checks.find(.uuid(.random()), creating: false, for: client)
        }
        // Nobody knows yet what there is.
        for _ in 0..<3 { #expect(await find(of: "a") == .unknown) }
        try await weir.feature.pool.withConnection { try checks.reload(on: $0) }
        #expect(await find(of: "a") == .refused)
        let uuid = try #require(UUID128(try await weir.check()["ping_uuid"]?.string ?? ""))
        let found = CheckRegistry.Finding.found(.check(CheckKeys.id(of: uuid)))
        for _ in 0..<3 { #expect(await checks.find(.uuid(uuid), creating: false, for: "b") == found) }
        for expected in [CheckRegistry.Finding.unknown, .unknown, .refused] {
            #expect(await find(of: "b") == expected)
        }
        try await weir.feature.pool.withConnection { try checks.reload(on: $0) }
        #expect(await checks.find(.uuid(uuid), creating: false, for: "b") == found)
        // All clients together, too: some have many addresses.
        for client in 0..<17 {
            for _ in 0..<2 { #expect(await find(of: "\(client)") == .unknown) }
        }
        #expect(await find(of: "c") == .unknown)
        #expect(await find(of: "c") == .refused)
    }

    @Test func `the loader finds the check of a slug`() async throws {
        let weir = try PingHarness()
        let key = "0123456789abcdef"
        _ = try await weir.check(#""name":"backup","slug":"backup","ping_key":"\#(key)""#)
        for slug in ["backup", "unknown"] {
            let subject = Ping.Subject.slug(key: CheckKeys.digest(of: key), slug)
            let ping = Ping(id: .random(), subject: subject, at: Self.noon, kind: .success)
            _ = try await weir.journal.append(kind: "ping/1", body: ping.line)
        }
        #expect(try await weir.runs() == ["backup|ping|success|"])
    }
}
