internal import API
internal import Core
internal import HTTP
internal import Notifications

/// `POST /api/v2/alert-rules/preview`: what a rule would have fired, before it is stored.
struct PreviewRoutes: Sendable {
    let surface: AlertsSurface
    let measured: MeasuredRules

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
            await surface.respond { connection in
                let rule = try RuleBody.new(try AlertsSurface.object(request), at: request.receivedAt)
                var preview = RulePreview(rule: rule, measured: measured, now: request.receivedAt)
                try preview.run(on: connection)
                return AlertsSurface.json { Self.write(preview, to: &$0) }
            }
        }
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
