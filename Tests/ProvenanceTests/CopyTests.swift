import Core
import FeatureTestKit
import Ingest
import Logging
import Postgres
import TestKit
import Testing

@testable import Provenance

/// What other features tell each other, as provenance events.
@Suite("Copied events", .serialized)
struct CopyTests {
    private static let at = Timestamp(microseconds: 1_790_000_000_000_001)

    private func event(_ kind: String, _ detail: String, subject: String = "s", at: Timestamp = at)
        -> OutboxEvent
    {
        OutboxEvent(kind: kind, subject: subject, at: at, detail: Array(detail.utf8))
    }

    @Test func `have the members that the detail names, else those of its feature`() {
        let whole = CopiedEvent.event(
            event(
                "execution.running",
                """
                {"project":"wallaby","source_identifier":"a","source_identifiers":["a","b"],"execution_id":"\(uuid(3))",\
                "actor":"user:1","correlation_id":"r-1","occurred_at":"2026-08-22T03:23:43.555123Z",\
                "trace_id":"4BF92F3577B34DA6A3CE929D0E0E4736","payload":{"to_status":"running"}}
                """
            )
        )
        #expect(whole.type == "execution.running" && whole.project == "wallaby")
        #expect(whole.source == "a" && whole.sources == ["a", "b"])
        #expect(
            whole.execution?.description == uuid(3) && whole.actor == "user:1" && whole.correlation == "r-1"
        )
        #expect(whole.occurredAt.description == "2026-08-22T03:23:43.555123Z" && whole.receivedAt == Self.at)
        #expect(whole.trace == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(whole.payload == Array(#"{"to_status":"running"}"#.utf8))

        let bare = CopiedEvent.event(
            event("nextflow.run_failed", #"{"pipeline":"\#(uuid(4))","project":"","exit":1}"#)
        )
        #expect(bare.project == "system" && bare.actor == "system:nextflow")
        #expect(bare.execution?.description == uuid(4) && bare.occurredAt == Self.at)
        #expect(bare.source == nil && bare.sources.isEmpty && bare.correlation == nil && bare.trace == nil)
        #expect(bare.payload == Array(#"{"pipeline":"\#(uuid(4))","project":"","exit":1}"#.utf8))
    }

    @Test func `have an id that is the same for the same event, and larger for a later one`() {
        let first = event("run.failed", #"{"a":1}"#)
        #expect(CopiedEvent.event(first).id == CopiedEvent.event(first).id)
        #expect(CopiedEvent.event(first).id.description == "01a0c450-6c00-76e9-b9df-76306ac4dd6f")
        let others = [
            event("run.failed", #"{"a":2}"#), event("run.started", #"{"a":1}"#),
            event("run.failed", #"{"a":1}"#, subject: "t"),
        ]
        for other in others { #expect(CopiedEvent.event(other).id != CopiedEvent.event(first).id) }
        let later = event("run.failed", #"{"a":1}"#, at: Self.at + .seconds(1))
        #expect(CopiedEvent.event(later).id > CopiedEvent.event(first).id)
    }

    @Test func `are copied in batches, so that others have their turn`() throws {
        let database = try TemporaryDatabase.withSchema()
        try Connection.withTemporary(database.target) { connection in
            try OutboxStore.register(EventCopier.consumer, on: connection)
            try connection.execute(
                """
                INSERT INTO outbox_event (kind, subject, at, detail)
                SELECT 'a.b', i::text, now(), '{}' FROM generate_series(1, 1200) i
                """
            )
            let copier = EventCopier(metrics: nil, logger: Logger(label: "test"))
            let count = "SELECT count(*) FROM provenance_events"
            #expect(try copier.copy(batches: 1, on: connection))
            #expect(try database.rows(count) == ["500"])
            #expect(try !copier.copy(batches: 10, on: connection))
            #expect(try database.rows(count) == ["1200"])
        }
    }

    @Test func `come once, are seen by a GET that follows them, and do not hold each other up`() async throws
    {
        let weir = try ProvenanceHarness()
        try await weir.waitForConsumer()
        try weir.tell(
            event("run.started", #"{"project":"p"}"#, subject: "1"),
            event("run.started", #"{"project":"p"}"#, subject: "1"),
            event("worker.stopped", #"{}"#, subject: "2")
        )
        #expect(try await weir.types("/api/v2/projects/p/events") == ["run.started"])
        #expect(try await weir.types("/api/v2/projects/system/events") == ["worker.stopped"])
        try weir.tell(event("run.failed", #"{"project":"p"}"#, subject: "1"))
        #expect(Set(try await weir.types("/api/v2/projects/p/events")) == ["run.started", "run.failed"])
        // The oldest time that there is, too.
        try weir.tell(
            event("run.failed", #"{"project":"p","occurred_at":"0001-01-01T00:00:00Z"}"#),
            event("run.failed", #"{"project":"p"}"#, subject: "9")
        )
        #expect(try await weir.types("/api/v2/projects/p/events").count == 4)
        try await eventually { try weir.rows("SELECT count(*) FROM provenance_unplaced") == ["0"] }
        #expect(try weir.rows("SELECT count(*) FROM provenance_position") == ["5"])
    }
}
