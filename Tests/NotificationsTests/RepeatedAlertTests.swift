import Core
import TestKit
import Testing

@testable import Notifications

@Suite("Alerts that are repeated to an Alertmanager", .serialized)
struct RepeatedAlertTests {
    @Test func `go into one request, each with the labels that it has alone`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        let alertmanager = channel(.alertmanager, ["url": .text(receiver.url), "token": "hunter2"])
        let other = stageFailed().with { $0.incident = "pipelogiq/stage_failed/12:35" }
        let weir = sender()
        for alert in [stageFailed(), other] { #expect(await weir.send(alert, over: alertmanager).isSent) }
        #expect(await weir.repeatAlerts([stageFailed(), other], over: alertmanager).isSent)
        let bodies = try receiver.requests.map { try json($0.body) }
        #expect(bodies.count == 3)
        #expect(bodies[2].elements == (bodies[0].elements ?? []) + (bodies[1].elements ?? []))
        #expect(receiver.requests[2].line == "POST /api/v2/alerts HTTP/1.1")
        #expect(receiver.requests[2].field("Authorization") == "Bearer hunter2")
    }

    @Test func `are refused by any other channel, and by none with a secret in the reason`() async throws {
        let receiver = try Receiver(Receiver.answer(400, "hunter2 is not welcome"))
        let webhook = channel(.webhook, ["url": .text(receiver.url)])
        #expect(await sender().repeatAlerts([stageFailed()], over: webhook).isRefused)
        #expect(receiver.requests.isEmpty)
        let alertmanager = channel(.alertmanager, ["url": .text(receiver.url), "token": "hunter2"])
        let outcome = await sender().repeatAlerts([stageFailed()], over: alertmanager)
        #expect(outcome.isRefused)
        #expect(!outcome.why.contains("hunter2"))
    }
}
