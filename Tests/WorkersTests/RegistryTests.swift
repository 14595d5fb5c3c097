import Core
import FeatureTestKit
import HTTP
import Testing

@testable import Workers

/// Registration, heartbeats, deregistration and lists: contract noetl §2.
@Suite struct `The registry` {
    @Test(arguments: [
        #"{"name":"w1","runtime":"CPU","base_url":"http://queue-worker","status":"READY","labels":["a","b"]}"#,
        #"{"name":" w1 ","runtime":"cpu","uri":"local://node-1","labels":{"a":"b"},"capacity":4,"unknown":1}"#,
        #"{"name":"w1"}"#,
    ])
    func `takes a pool in every dialect`(body: String) async throws {
        let weir = try WorkersHarness()
        let answer = try await weir.post("/api/worker/pool/register", body)
        #expect(answer.status == 200)
        let json = try answer.json
        #expect(json["status"]?.string == "ok")
        #expect(json["name"]?.string == "w1")
        #expect(json["kind"]?.string == "worker_pool")
        #expect(json["runtime_id_str"]?.string == json["runtime_id"]?.int64.map(String.init))
        #expect(try await weir.get("/api/worker/pools").json["count"]?.int64 == 1)
    }

    @Test(
        arguments: [
            ("", 422), ("{bad", 422), ("[1]", 422), ("{}", 422), (#"{"name":null}"#, 422),
            (#"{"name":"  "}"#, 422),
            (#"{"name":"w","capacity":"abc"}"#, 422), (#"{"name":"w","capacity":-1}"#, 422),
            (#"{"name":"w","capacity":1e10}"#, 422), (#"{"name":"w","labels":"a"}"#, 422),
            (#"{"name":5}"#, 200),
            (#"{"name":"w","meta":[]}"#, 422), (#"{"name":"a\u0000"}"#, 422),
        ]
    )
    func `refuses what is no registration`(body: String, status: Int) async throws {
        let weir = try WorkersHarness()
        #expect(try await weir.post("/api/worker/pool/register", body).status == status)
    }

    @Test func `keeps the id of a component that registers again, and replaces the rest`() async throws {
        let weir = try WorkersHarness()
        let first = try await weir.pool("w1")
        let second = try await weir.post(
            "/api/worker/pool/register",
            #"{"name":"w1","runtime":"gpu","base_url":"b","capacity":4,"labels":{"a":"b"},"pid":43,"hostname":"h1","#
                + #""meta":{"zone":"z1","type":"override"}}"#
        )
        #expect(try second.json["runtime_id"]?.int64 == first)
        #expect(
            try await weir.rows(
                """
                SELECT runtime_id, name, component_type, kind, base_url, uri, status, labels, capacity, runtime,
                       heartbeat = last_heartbeat, updated_at > created_at
                FROM noetl.runtime
                """
            ) == [
                "\(first)|w1|worker_pool|worker_pool|b|b|ready|{\"a\": \"b\"}|4|"
                    + #"{"pid": 43, "type": "override", "zone": "z1", "hostname": "h1"}|t|t"#
            ]
        )
    }

    @Test func `lists pools by type of runtime and status, whatever their case`() async throws {
        let weir = try WorkersHarness()
        try await weir.post("/api/worker/pool/register", #"{"name":"b","runtime":"gpu"}"#)
        try await weir.post("/api/worker/pool/register", #"{"name":"a","runtime":"cpu","status":"busy"}"#)
        func names(_ query: String) async throws -> [String] {
            try await weir.get("/api/worker/pools\(query)").json["items"]?.elements.compactMap {
                $0["name"]?.string
            } ?? []
        }
        #expect(try await names("") == ["a", "b"])
        #expect(try await names("?runtime=GPU") == ["b"])
        #expect(try await names("?status=BUSY") == ["a"])
        #expect(try await names("?runtime=cpu&status=ready") == [])
        let answer = try await weir.get("/api/worker/pools?runtime=GPU&status=x").text
        #expect(answer == #"{"items":[],"runtime":"GPU","status":"x","count":0,"error":null}"#)
    }

    @Test func `makes a busy pool ready by a heartbeat`() async throws {
        let weir = try WorkersHarness()
        try await weir.post("/api/worker/pool/register", #"{"name":"w1","status":"busy"}"#)
        let answer = try await weir.post("/api/worker/pool/heartbeat", #"{"name":" w1 "}"#)
        #expect(try answer.json["name"]?.string == "w1")
        #expect(
            try await weir.get("/api/metrics/components").json["components"]?.elements.compactMap {
                $0["status"]?.string
            } == ["ready"]
        )
    }

    @Test func `answers an unknown heartbeat with 404 and Retry-After`() async throws {
        let weir = try WorkersHarness()
        let answer = try await weir.post("/api/worker/pool/heartbeat", #"{"name":"nope"}"#)
        #expect(answer.status == 404)
        #expect(answer.fields["Retry-After"] == "3")
        #expect(answer.text == #"{"detail":{"status":"unknown","name":"nope"}}"#)
    }

    @Test(arguments: ["", "{not", "{}", "[1]", #"{"name":""}"#])
    func `answers a heartbeat of nobody with 200`(body: String) async throws {
        let weir = try WorkersHarness()
        let answer = try await weir.post("/api/worker/pool/heartbeat", body)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"status":"ok","name":null}"#)
    }

    @Test func `makes a pool of an unknown heartbeat if it may`() async throws {
        let weir = try WorkersHarness(adopting: .heartbeat)
        let bare = try await weir.post("/api/worker/pool/heartbeat", #"{"name":"rw1"}"#).json
        #expect(bare["status"]?.string == "recreated")
        #expect(bare["runtime"]?.string == "unknown")
        let full = try await weir.post(
            "/api/worker/pool/heartbeat",
            #"{"name":"rw4","registration":{"name":"other","runtime":"GPU","base_url":"http://q"}}"#
        ).json
        #expect(full["status"]?.string == "recreated")
        #expect(full["name"]?.string == "other")
        #expect(full["runtime"]?.string == "gpu")
        let inline = try await weir.post(
            "/api/worker/pool/heartbeat",
            #"{"name":"rw2","runtime":"cpu","base_url":"http://q","capacity":3}"#
        ).json
        #expect(inline["status"]?.string == "recreated")
        #expect(
            try await weir.get("/api/worker/pools").json["items"]?.elements.compactMap { $0["name"]?.string }
                == ["other", "rw1", "rw2"]
        )
        #expect(
            try await weir.rows("SELECT runtime ->> 'adopted' FROM noetl.runtime WHERE name = 'rw1'") == [
                "true"
            ]
        )
    }

    @Test func `deregisters by DELETE with a body and by POST`() async throws {
        let weir = try WorkersHarness()
        let id = try await weir.pool("w1")
        let answer = try await weir.delete("/api/worker/pool/deregister", #"{"name":"w1"}"#)
        #expect(
            answer.text
                == #"{"status":"ok","name":"w1","runtime":null,"runtime_id":\#(id),"kind":"worker_pool","#
                + #""component_type":"worker_pool"}"#
        )
        #expect(try await weir.get("/api/worker/pools?status=offline").json["count"]?.int64 == 1)
        #expect(try await weir.post("/api/worker/pool/deregister", #"{"name":"w1"}"#).status == 200)
        #expect(try await weir.delete("/api/worker/pool/deregister", #"{"name":"nope"}"#).status == 200)
        let nobody = try await weir.delete("/api/worker/pool/deregister", "{}")
        #expect(nobody.status == 400)
        #expect(nobody.text == #"{"detail":"name is required"}"#)
    }

    @Test func `is not revived by a heartbeat that was on its way`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w1")
        try await weir.delete("/api/worker/pool/deregister", #"{"name":"w1"}"#)
        #expect(try await weir.post("/api/worker/pool/heartbeat", #"{"name":"w1"}"#).status == 200)
        #expect(try await weir.get("/api/worker/pools?status=offline").json["count"]?.int64 == 1)
        try await weir.pool("w1")
        #expect(try await weir.get("/api/worker/pools?status=ready").json["count"]?.int64 == 1)
    }

    @Test func `takes servers and brokers with an address`() async throws {
        let weir = try WorkersHarness()
        let server = try await weir.post("/api/runtime/register", #"{"name":"s","base_url":"http://x/api"}"#)
        #expect(try server.json["component_type"]?.string == "server_api")
        let without = try await weir.post("/api/runtime/register", #"{"name":"s"}"#)
        #expect(without.status == 400)
        #expect(without.text == #"{"detail":"uri is required for server_api components"}"#)
        let odd = try await weir.post("/api/runtime/register", #"{"name":"s","kind":"scheduler","uri":"u"}"#)
        #expect(odd.status == 422)
        #expect(
            odd.text
                == #"{"detail":[{"type":"literal_error","loc":["body","kind"],"msg":"Input should be 'worker_pool', "#
                + #"'server_api' or 'broker'","input":"scheduler","ctx":{"expected":"'worker_pool', 'server_api' or 'broker'"}}]}"#
        )
        let gone = try await weir.delete("/api/runtime/deregister", #"{"name":"s"}"#)
        #expect(try gone.json["component_type"]?.string == "server_api")
    }

    @Test func `tells names apart that look the same`() async throws {
        let weir = try WorkersHarness()
        let composed = try await weir.pool("caf\u{E9}")
        let decomposed = try await weir.pool("cafe\u{301}")
        #expect(composed != decomposed)
    }

    @Test(arguments: ["1.0.0_pool_register", "1.0.3_pool_register", "1.8.0_pool_register"])
    func `takes the registration of a real worker`(name: String) async throws {
        let weir = try WorkersHarness()
        let body = try #require(try WorkersHarness.fixture("request_\(name)")["body_text"]?.string)
        #expect(try await weir.post("/api/worker/pool/register", body).status == 200)
        #expect(try await weir.post("/api/worker/pool/heartbeat", #"{"name":"worker-cpu-01"}"#).status == 200)
        #expect(
            try await weir.delete("/api/worker/pool/deregister", #"{"name":"worker-cpu-01"}"#).status == 200
        )
    }

    @Test func `has no brokers and no jobs`() async throws {
        let weir = try WorkersHarness()
        #expect(
            try await weir.post("/api/broker/register", #"{"a":1}"#).text
                == #"{"status":"registered","payload":{"a":1}}"#
        )
        #expect(try await weir.post("/api/broker/heartbeat", #"{"a":1}"#).text == #"{"status":"ok"}"#)
        #expect(try await weir.delete("/api/broker/deregister", "").text == #"{"status":"deregistered"}"#)
        #expect(try await weir.get("/api/brokers?status=x").text == #"{"items":[],"status":"x"}"#)
        #expect(try await weir.get("/api/queue/size").text == #"{"status":"ok","count":0,"queued":0}"#)
        let lease = try await weir.post("/api/queue/lease", #"{"worker_id":"w","lease_seconds":60}"#)
        #expect(lease.text == #"{"status":"empty"}"#)
    }
}
