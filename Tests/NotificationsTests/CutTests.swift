import Core
import TestKit
import Testing

@testable import Notifications

@Suite struct `A text that is too long` {
    private static let pieces: [Character] = [
        "a", " ", "ü", "e\u{301}", "👩‍👩‍👧‍👦", "🇩🇪", "\n", "&", "<", "*", "\\", "#", "\"", "\u{1}", "漢", "🏽", "\r\n",
    ]

    private static func text(_ count: Int, _ generator: inout SeededGenerator) -> String {
        String((0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] })
    }

    @Test func `is cut between characters, at the limit`() {
        #expect(Cut.text("abcdef", to: .utf16(6)) == "abcdef")
        #expect(Cut.text("abcdefg", to: .utf16(6)) == "abcde…")
        #expect(Cut.text("ab👩‍👩‍👧‍👦cd", to: .utf16(6)) == "ab…")
        #expect(Cut.text("漢字漢字", to: .bytes(9)) == "漢字…")
        #expect(Cut.text("abc", to: .bytes(2)) == "")
        #expect(SlackMessage.escaped("a<b", 5) == "a…" && SlackMessage.escaped("a<b", 6) == "a&lt;b")
    }

    @Test func `is never split within a character, and never beyond a limit`() {
        var generator = SeededGenerator(1)
        for round in 0..<400 {
            let text = Self.text(Int.random(in: 0...80, using: &generator), &generator)
            let limit = Int.random(in: 0...60, using: &generator)
            for unit in [Cut.Limit.utf16(limit), .bytes(limit)] {
                let cut = Cut.text(text, to: unit)
                #expect(unit.size(cut) <= limit, "round \(round)")
                guard cut != text, !cut.isEmpty else { continue }
                #expect(cut.last == "…" && text.hasPrefix(cut.dropLast()), "round \(round)")
            }
        }
    }

    @Test func `keeps its identifiers, and loses the end of the message`() {
        let notification = stageFailed().with {
            $0.text = String(repeating: "x", count: 5000)
            $0.facts = [.init(name: "pipelineId", json: Array("12".utf8))]
        }
        let block = notification.block(.utf16(4096))
        #expect(block.utf16.count == 4096)
        #expect(block.hasPrefix("[ERROR] Stage failed\nxxx"))
        #expect(block.hasSuffix("x…\nevent: stage_failed\ntime: 2026-02-16T12:00:00Z\npipelineId: 12"))
        let long = notification.with { $0.title = String(repeating: "t", count: 5000) }.block(.utf16(100))
        #expect(
            long.utf16.count == 100
                && long.hasSuffix("…\nevent: stage_failed\ntime: 2026-02-16T12:00:00Z\npipelineId: 12")
        )
    }

    @Test func `keeps every vendor's limits, whatever is in it`() throws {
        var generator = SeededGenerator(2)
        for round in 0..<10 {
            let size = [0, 1, 300, 7000, 20_000][round % 5]
            let notification = stageFailed(round.isMultiple(of: 2) ? .pipelogiq : .beampipe).with { changed in
                changed.title = Self.text(size / 3 + 1, &generator)
                changed.text = Self.text(size, &generator)
                changed.labels = (0..<40).map { ("label\($0)", Self.text(size / 20, &generator)) }
                changed.links = [.init(text: Self.text(size, &generator), url: "https://weir/\(round)")]
                changed.facts = [
                    .init(name: "pipelineId", json: JSONText.quoted(Self.text(size / 10, &generator)))
                ]
                changed.incident = Self.text(size, &generator)
            }
            .worded(by: channel(.slack, [:]))
            try check(slack: SlackMessage.body(notification))
            try check(discord: DiscordMessage.body(notification))
            #expect(TeamsMessage.workflow(notification).json.count <= 25_000)
            #expect(TeamsMessage.connector(notification).json.count <= 25_000)
            #expect(units(TelegramMessage.body(notification, chat: "1")["text"]) <= 4096)
            #expect(WhatsAppMessage.parameter(notification).utf16.count <= 1024)
            try check(pagerDuty: PagerDutyEvent.body(notification, key: "k"))
            try check(opsgenie: OpsgenieAlert.body(notification, responders: []))
            #expect(MailMessage.subject(notification).utf16.count <= 260)
        }
    }

    private func units(_ value: JSONValue?) -> Int { value?.string?.utf16.count ?? .max }

    private func check(slack: JSONValue) throws {
        #expect(units(slack["text"]) <= 4000)
        let blocks = try #require(slack["attachments"]?.elements?[0]["blocks"]?.elements)
        #expect(blocks.count <= 50 && (1...150).contains(units(blocks[0]["text"]?["text"])))
        for block in blocks {
            if block["type"] == "section", let text = block["text"] {
                #expect((1...3000).contains(units(text["text"])))
            }
            let fields = block["fields"]?.elements ?? []
            #expect(fields.count <= 10 && fields.allSatisfy { units($0["text"]) <= 2000 })
            for button in block["elements"]?.elements ?? [] {
                #expect((0...75).contains(units(button["text"]?["text"])))
            }
        }
    }

    private func check(discord: JSONValue) throws {
        #expect(units(discord["content"]) <= 2000)
        let embed = try #require(discord["embeds"]?.elements?[0])
        let fields = try #require(embed["fields"]?.elements)
        let description = embed["description"].map { units($0) } ?? 0
        #expect(units(embed["title"]) <= 256 && description <= 4096 && fields.count <= 25)
        #expect(
            fields.allSatisfy {
                (1...256).contains(units($0["name"])) && (1...1024).contains(units($0["value"]))
            }
        )
        let total =
            units(embed["title"]) + description
            + fields.reduce(0) { $0 + units($1["name"]) + units($1["value"]) }
        #expect(total <= 6000)
    }

    private func check(pagerDuty: JSONValue) throws {
        #expect((pagerDuty["dedup_key"]?.string ?? "").utf8.count <= 255 && pagerDuty.json.count <= 512 << 10)
        #expect((1...1024).contains(units(pagerDuty["payload"]?["summary"])))
    }

    private func check(opsgenie: JSONValue) throws {
        #expect(
            (1...130).contains(units(opsgenie["message"]))
                && (opsgenie["alias"]?.string ?? "").utf8.count <= 512
        )
        #expect(units(opsgenie["description"]) <= 15_000)
        let details = opsgenie["details"]?.members ?? []
        #expect(details.reduce(0) { $0 + $1.name.utf16.count + units($1.value) } <= 8000)
        #expect((opsgenie["tags"]?.elements ?? []).allSatisfy { units($0) <= 50 })
        if let entity = opsgenie["entity"] { #expect(units(entity) <= 512) }
    }
}
