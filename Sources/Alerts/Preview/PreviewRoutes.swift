internal import API
internal import Core
internal import HTTP
internal import Notifications
internal import Postgres
internal import Synchronization

/// `POST /api/v2/alert-rules/preview`: what a rule would have fired, before it is stored.
struct PreviewRoutes: Sendable {
    let surface: AlertsSurface
    let measured: MeasuredRules
    /// One at a time: it may look at tens of thousands of events.
    private let gate = PreviewGate()

    init(surface: AlertsSurface, measured: MeasuredRules) {
        self.surface = surface
        self.measured = measured
    }

    var all: [Endpoint] { [preview] }

    private var preview: Endpoint {
        surface.endpoint(
            .post,
            "/api/v2/alert-rules/preview",
            .read,
            "Says what a rule would have fired in the last day; stores and sends nothing.",
            [],
            .named(AlertsSchemas.newRule),
            [APIAnswer(200, "What would have fired.", .named(AlertsSchemas.preview))]
        ) { request in
            guard gate.enter() else {
                var busy = OperatorFailure(.serviceUnavailable, "Another preview is being made: ask again.")
                    .response
                busy.fields.append("Retry-After", "1")
                return busy
            }
            defer { gate.leave() }
            return await answer(request)
        }
    }

    private func answer(_ request: Request) async -> Response {
        let rule: AlertRule
        do throws(OperatorFailure) {
            rule = try RuleBody.new(try AlertsSurface.object(request), at: request.receivedAt)
        } catch {
            return error.response
        }
        var preview = RulePreview(rule: rule, measured: measured, now: request.receivedAt)
        do {
            let empty = preview
            if rule.isMeasured {
                preview = try await surface.pool.withConnection { connection in
                    var made = empty
                    try made.measure(on: connection)
                    return made
                }
            } else {
                preview.replay(try await surface.pool.withConnection { try empty.events(on: $0) })
            }
        } catch {
            return surface.answer(to: error)
        }
        return AlertsSurface.json { Self.write(preview, to: &$0) }
    }

    private static func write(_ preview: RulePreview, to writer: inout JSONWriter) {
        writer.object { object in
            object.array("would_have_fired") { list in
                for firing in preview.firings {
                    list.object { element in
                        element.member("at", firing.at, offset: .z)
                        element.member("key", firing.finding.key)
                        element.member("event", firing.finding.event)
                        element.member("severity", firing.finding.severity.rawValue)
                        element.member("title", firing.finding.title)
                        element.member("summary", Redaction.masked(text: firing.finding.summary))
                        element.member("labels", raw: LabelsJSON.encode(firing.finding.labels))
                    }
                }
            }
            object.object("evaluated") { evaluated in
                evaluated.member("from", preview.now - RulePreview.span, offset: .z)
                evaluated.member("to", preview.now, offset: .z)
                evaluated.member("looked_at", preview.looked)
                evaluated.member("fired", preview.count)
                evaluated.member("messages", preview.firings.count)
            }
            object.array("notes") { list in
                for note in preview.notes { list.value(note) }
            }
        }
    }
}

/// Lets one in. Any thread.
private final class PreviewGate: Sendable {
    private let isTaken = Atomic(false)

    func enter() -> Bool {
        isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    }

    func leave() { isTaken.store(false, ordering: .releasing) }
}
