import Core
import Testing

@testable import Notifications

@Suite struct `Templates of messages` {
    private static let notification = stageFailed().with {
        $0.labels = [("project", "orders")]
        $0.facts = [
            .init(name: "pipelineId", json: Array("12".utf8)),
            .init(name: "stage.name", json: Array("\"x\"".utf8)),
        ]
        $0.links = [.init(text: "View run", url: "https://weir/1")]
        $0.suppressed = 3
    }

    @Test(arguments: [
        ("{severity}: {title}", "error: Stage failed"), ("{{{event}}}", "{stage_failed}"), ("", ""),
        ("{labels.project}/{project}/{labels.none}", "orders/orders/"),
        ("{facts.pipelineId}{facts.stage.name}", "12x"),
        ("{links.0.text} {links.0.url}{links.1.url}", "View run https://weir/1"),
        (
            "{state} {at} {incident} {suppressed}",
            "firing 2026-02-16T12:00:00Z pipelogiq/stage_failed/12:34 3"
        ),
        ("{ text }", "Pipeline 12 stage 34 failed (charge-card)"),
    ])
    func `are filled in`(template: String, text: String) throws {
        #expect(try MessageTemplate(template).render(Self.notification) == text)
    }

    @Test(arguments: [
        ("a {titel}", 3, "character 3: there is no field titel"),
        ("ü{", 2, "character 2: a field is opened and never closed"),
        ("a}b", 2, "character 2: a field is closed that was never opened"),
        ("{}", 1, "character 1: there is no field "),
        ("{links.x.url}", 1, "character 1: there is no field links.x.url"),
        ("{title}{labels.}", 8, "character 8: there is no field labels."),
    ])
    func `say where they are wrong`(template: String, position: Int, description: String) {
        let error = #expect(throws: MessageTemplate.SyntaxError.self) { try MessageTemplate(template) }
        #expect(error?.position == position && error?.description == description)
        #expect(error?.hint.contains("links.0.url") == true)
    }

    @Test func `word a message, also in the body of a webhook`() {
        let config: JSONValue = [
            "url": "https://x/", "title_template": "{severity}\n{title}",
            "text_template": "see {links.0.url}",
        ]
        let worded = Self.notification.with {
            $0.body = Array(#"{"source":"pipelogiq","alert":{"title":"a","message":"b","event":"c"}}"#.utf8)
        }
        .worded(by: channel(.webhook, config))
        #expect(worded.title == "error Stage failed" && worded.text == "see https://weir/1")
        #expect(
            String(decoding: worded.body, as: UTF8.self)
                == #"{"source":"pipelogiq","alert":{"title":"error Stage failed","message":"see https://weir/1","event":"c"}}"#
        )
        let beampipe = Self.notification.with {
            $0.dialect = .beampipe
            $0.body = Array(#"{"alert":"test","summary":"s"}"#.utf8)
        }
        .worded(by: channel(.webhook, config))
        #expect(
            String(decoding: beampipe.body, as: UTF8.self)
                == #"{"alert":"test","summary":"see https://weir/1"}"#
        )
    }
}
