import Core
import FeatureTestKit
import HTTP
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("Channels", .serialized)
struct ChannelTests {
    private static let path = "/api/v2/notification-channels"

    @Test func `show no secret, and store none in clear`() async throws {
        let weir = try AlertsHarness()
        let made = try await weir.post(
            Self.path,
            #"{"name":"pager","kind":"webhook","config":{"url":"https://pd.example/v2/enqueue?token=k1","template":"pagerduty","routing_key":"0123456789abcdef0123456789abcdef","headers":{"Authorization":"Bearer hunter2","X-Team":"radio"}}}"#
        )
        #expect(made.status == 201, "\(made.text)")
        let channel = try made.json
        #expect(channel["config"]?["url"]?.string == "https://pd.example")
        #expect(channel["config"]?["routing_key"]?.string == "[REDACTED]")
        #expect(channel["config"]?["headers"]?["Authorization"]?.string == "[REDACTED]")
        #expect(channel["config"]?["template"]?.string == "pagerduty")
        let secrets = channel["secret_fields"].map { $0.elements.compactMap(\.string) }
        #expect(secrets == ["headers.Authorization", "headers.X-Team", "routing_key", "url"])
        let names = channel["configured_fields"].map { $0.elements.compactMap(\.string) }
        #expect(names == ["headers", "routing_key", "template", "url"])
        let stored = try await weir.feature.pool.withConnection {
            try $0.execute("SELECT config::text AS config FROM notification_channel")[0].text("config")
        }
        for secret in ["hunter2", "0123456789abcdef", "k1", "radio"] { #expect(!stored.contains(secret)) }
    }

    @Test func `keep a secret that comes back masked`() async throws {
        let weir = try AlertsHarness()
        let receiver = try Receiver(Receiver.answer(204))
        let id = try await weir.channel(receiver.url + "/secret-path")
        let before = try await weir.feature.send(.get, "\(Self.path)/\(id)").json
        let config = String(decoding: before["config"]?.rawBytes ?? [], as: UTF8.self)
        let changed = try await weir.patch("\(Self.path)/\(id)", #"{"name":"b","config":\#(config)}"#)
        #expect(try changed.json["name"]?.string == "b")
        let same = #"{"config":{"url":"\#(receiver.url)/secret-path"}}"#
        let compared = try await weir.post("\(Self.path)/\(id)/compare", same)
        #expect(compared.text == #"{"changed":[]}"#)
        let other = try await weir.post("\(Self.path)/\(id)/compare", same.replacing("path", with: "paths"))
        #expect(other.text == #"{"changed":["url"]}"#)
        let test = try await weir.feature.send(.post, "\(Self.path)/\(id)/test")
        #expect(try test.json["result"]?.string == "sent", "\(test.text)")
        #expect(receiver.requests.first?.line == "POST /secret-path HTTP/1.1")
    }

    @Test func `tell the real outcome of a test, and record it as a delivery`() async throws {
        let weir = try AlertsHarness()
        let receiver = try Receiver(Receiver.answer(503, "down"))
        let id = try await weir.channel(receiver.url)
        let test = try await weir.feature.send(.post, "\(Self.path)/\(id)/test")
        #expect(test.status == 200)
        let answer = try test.json
        #expect(answer["status"]?.string == "sent_or_failed")
        #expect(answer["result"]?.string == "failed")
        #expect(answer["error"]?.string?.contains("HTTP 503") == true)
        let delivery = try await weir.deliveries()[0]
        #expect(delivery["uuid"]?.string == answer["delivery_id"]?.string)
        #expect(delivery["rule_id"]?.isNull == true)
        #expect(delivery["status"]?.string == "failed")
        #expect(delivery["payload"]?["alert"]?.string == "test")
        #expect(delivery["payload"]?["project_module"]?.string == "test")
        let unknown = "0198a1b2-0000-7000-8000-000000000001"
        #expect(try await weir.feature.send(.post, "\(Self.path)/\(unknown)/test").status == 404)
    }

    @Test func `have names of their own`() async throws {
        let weir = try AlertsHarness()
        let body = #"{"name":"a","kind":"webhook","config":{"url":"https://hooks.example"}}"#
        #expect(try await weir.post(Self.path, body).status == 201)
        let again = try await weir.post(Self.path, body)
        #expect(again.status == 409)
        #expect(try again.json["code"]?.string == "conflict")
    }

    @Test(
        "refuse a configuration with which nothing can be sent, with the field named",
        arguments: [
            (#"{"name":"a","kind":"webhook","config":{}}"#, 400, "config.url"),
            (#"{"name":"a","kind":"webhook","config":{"url":"ftp://x"}}"#, 400, "config.url"),
            (#"{"name":"a","kind":"email","config":{"to":["a@example.org"]}}"#, 400, "config.smtp_host"),
            (#"{"name":"a","kind":"sms","config":{}}"#, 400, "kind"),
            (#"{"name":"a","kind":"webhook"}"#, 422, "config"),
            (#"{"kind":"webhook","config":{"url":"https://hooks.example"}}"#, 422, "name"),
        ]
    )
    func refusals(_ body: String, _ status: Int, _ field: String) async throws {
        let weir = try AlertsHarness()
        let answer = try await weir.post(Self.path, body)
        #expect(answer.status == status, "\(answer.text)")
        let first = try answer.json["failure"]?["diagnostics"]?.elements.first { _ in true }
        #expect(first?["path"]?.string == field)
    }

    @Test func `are sealed anew when the key changes`() async throws {
        let old = String(repeating: "ab", count: 32)
        let new = String(repeating: "cd", count: 32)
        let first = try AlertsHarness(["WEIR_SECRET_KEY": old])
        let receiver = try Receiver(Receiver.answer(200))
        let id = try await first.channel(receiver.url + "/s")
        let second = try AlertsHarness(
            ["WEIR_SECRET_KEY": new, "WEIR_SECRET_KEY_OLD": old],
            over: first.feature.database
        )
        let resealed = try await second.feature.send(.post, "\(Self.path)/reseal")
        #expect(try resealed.json["resealed"]?.int64 == 1, "\(resealed.text)")
        let third = try AlertsHarness(["WEIR_SECRET_KEY": new], over: first.feature.database)
        let test = try await third.feature.send(.post, "\(Self.path)/\(id)/test")
        #expect(try test.json["result"]?.string == "sent", "\(test.text)")
        let fourth = try AlertsHarness(["WEIR_SECRET_KEY": old], over: first.feature.database)
        let failed = try await fourth.feature.send(.post, "\(Self.path)/\(id)/test")
        #expect(try failed.json["error"]?.string?.contains("sealed with the key") == true, "\(failed.text)")
    }
}
