import Core
import TestKit
import Testing

@testable import Notifications

@Suite struct `Microsoft Teams` {
    private static let linked = stageFailed().with {
        $0.links = [.init(text: "View trace", url: "https://weir/t/1")]
    }

    @Test func `gets an Adaptive Card over a workflow`() async throws {
        let teams = try Receiver(Receiver.answer(202))
        let outcome = await sender().send(
            Self.linked,
            over: channel(.teams, ["url": .text("\(teams.url)/workflows/1")])
        )
        #expect(outcome == .sent(status: 202, note: nil))
        #expect(
            try json(teams.requests[0].body)
                == json(
                    """
                    {"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive",
                     "contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json",
                     "type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full"},
                     "body":[{"type":"TextBlock","text":"Stage failed","weight":"Bolder","size":"Medium",
                       "color":"Attention","wrap":true},
                      {"type":"TextBlock","text":"Pipeline 12 stage 34 failed (charge-card)","wrap":true},
                      {"type":"FactSet","facts":[{"title":"Event","value":"stage_failed"},
                       {"title":"Time","value":"2026-02-16T12:00:00Z"}]}],
                     "actions":[{"type":"Action.OpenUrl","title":"View trace","url":"https://weir/t/1"}]}}]}
                    """
                )
        )
    }

    @Test func `gets a MessageCard over a connector`() throws {
        #expect(
            try TeamsMessage.connector(Self.linked)
                == json(
                    """
                    {"@type":"MessageCard","@context":"http://schema.org/extensions","themeColor":"D13438",
                     "summary":"Stage failed","title":"Stage failed",
                     "text":"Pipeline 12 stage 34 failed (charge-card)",
                     "sections":[{"facts":[{"name":"Event","value":"stage_failed"},
                      {"name":"Time","value":"2026-02-16T12:00:00Z"}],"markdown":false}],
                     "potentialAction":[{"@type":"OpenUri","name":"View trace",
                      "targets":[{"os":"default","uri":"https://weir/t/1"}]}]}
                    """
                )
        )
    }

    @Test(arguments: [
        (200, "1", "sent"), (200, "", "sent"), (202, "", "sent"),
        (
            200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
            "again"
        ),
        (200, "Microsoft Teams endpoint returned HTTP error 413 with ContextId x", "refused"),
        (200, "Webhook message delivery failed", "again"), (400, "Bad payload", "refused"),
        (429, "", "again"),
    ])
    func `may fail with a status of 200`(status: Int, body: String, meaning: String) async throws {
        let teams = try Receiver(Receiver.answer(status, body))
        let outcome = await sender().send(
            stageFailed(),
            over: channel(.teams, ["url": .text("\(teams.url)/w")])
        )
        #expect((meaning == "sent") == outcome.isSent && (meaning == "again") == outcome.isAgain)
    }
}

@Suite struct Discord {
    @Test func `gets an embed that calls nobody`() async throws {
        let discord = try Receiver(Receiver.answer(200, "{}"))
        let notification = stageFailed().with { $0.text = "Pipeline *12*\n# stage @everyone" }
        let config: JSONValue = [
            "url": .text("\(discord.url)/api/webhooks/1/abc"), "thread_id": "77", "username": "Weir",
        ]
        #expect(
            await sender().send(notification, over: channel(.discord, config))
                == .sent(status: 200, note: nil)
        )
        #expect(discord.requests[0].line == "POST /api/webhooks/1/abc?wait=true&thread_id=77 HTTP/1.1")
        #expect(
            try json(discord.requests[0].body)
                == json(
                    ##"""
                    {"content":"[ERROR] Stage failed","embeds":[{"title":"Stage failed","color":13710392,
                      "timestamp":"2026-02-16T12:00:00Z",
                      "description":"Pipeline \\*12\\*\n\\# stage @everyone",
                      "fields":[{"name":"Event","value":"stage\\_failed","inline":true}]}],
                     "allowed_mentions":{"parse":[]},"username":"Weir"}
                    """##
                )
        )
    }

    @Test func `answers with a time to wait, or as one that was deleted`() async throws {
        let config = { (receiver: Receiver) in channel(.discord, ["url": .text("\(receiver.url)/w")]) }
        let busy = try Receiver(
            Receiver.answer(
                429,
                #"{"message":"limited","retry_after":0.527,"global":false}"#,
                "Retry-After: 1"
            )
        )
        #expect(
            await sender().send(stageFailed(), over: config(busy))
                == .again(status: 429, after: .milliseconds(527), why: "HTTP 429: too many messages")
        )
        for status in [401, 404] {
            let gone = try Receiver(Receiver.answer(status, #"{"message":"Unknown Webhook","code":10015}"#))
            #expect(await sender().send(stageFailed(), over: config(gone)).isGone)
        }
        let bad = try Receiver(
            Receiver.answer(400, #"{"message":"Cannot send an empty message","code":50006}"#)
        )
        #expect(
            await sender().send(stageFailed(), over: config(bad))
                == .refused(status: 400, why: "HTTP 400: Cannot send an empty message")
        )
    }
}

@Suite struct `Telegram's bots` {
    private func config(_ receiver: Receiver, _ chat: JSONValue = -1001) -> ChannelConfiguration {
        channel(.telegram, ["bot_token": "123:ABCdef", "chat_id": chat, "api_base": .text(receiver.url)])
    }

    @Test func `get a plain text`() async throws {
        let telegram = try Receiver(Receiver.answer(200, #"{"ok":true,"result":{}}"#))
        let notification = stageFailed().with {
            $0.facts = [
                .init(name: "stageId", json: Array("34".utf8)),
                .init(name: "newStatus", json: Array("\"Failed\"".utf8)),
                .init(name: "pipelineId", json: Array("12".utf8)),
            ]
        }
        #expect(await sender().send(notification, over: config(telegram)) == .sent(status: 200, note: nil))
        #expect(telegram.requests[0].line == "POST /bot123:ABCdef/sendMessage HTTP/1.1")
        #expect(
            telegram.requests[0].text
                == #"{"chat_id":"-1001","text":"[ERROR] Stage failed\n"#
                + #"Pipeline 12 stage 34 failed (charge-card)\nevent: stage_failed\n"#
                + #"time: 2026-02-16T12:00:00Z\npipelineId: 12\nstageId: 34"}"#
        )
    }

    @Test func `write to threads, and without a sound`() async throws {
        let telegram = try Receiver(Receiver.answer(200, #"{"ok":true}"#))
        let config: JSONValue = [
            "bot_token": "123:ABCdef", "chat_id": "@ops", "message_thread_id": 5, "silent": true,
            "api_base": .text(telegram.url),
        ]
        #expect(await sender().send(stageFailed(), over: channel(.telegram, config)).isSent)
        let body = try telegram.requests[0].json
        #expect(body["chat_id"]?.string == "@ops" && body["message_thread_id"]?.int64 == 5)
        #expect(body["disable_notification"]?.bool == true)
    }

    @Test func `follow a group that became a supergroup, once`() async throws {
        let telegram = try Receiver(
            Receiver.answer(
                400,
                #"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1009}}"#
            ),
            Receiver.answer(200, #"{"ok":true}"#)
        )
        let outcome = await sender().send(stageFailed(), over: config(telegram))
        #expect(outcome == .sent(status: 200, note: "the chat has moved: set chat_id to -1009"))
        #expect(try telegram.requests.map { try $0.json["chat_id"]?.string } == ["-1001", "-1009"])
    }

    @Test(arguments: [
        (401, "Unauthorized", "refused"), (403, "Forbidden: bot was kicked from the group chat", "refused"),
        (400, "Bad Request: chat not found", "refused"), (502, "Bad Gateway", "again"),
    ])
    func `describe what is wrong`(status: Int, description: String, meaning: String) async throws {
        let answer = #"{"ok":false,"error_code":\#(status),"description":"\#(description)"}"#
        let telegram = try Receiver(Receiver.answer(status, answer))
        let outcome = await sender().send(stageFailed(), over: config(telegram))
        #expect(outcome.why == "HTTP \(status): \(description)")
        #expect(meaning == "again" ? outcome.isAgain : outcome.isRefused)
    }

    @Test func `say how long to wait`() async throws {
        let answer =
            #"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}"#
        let telegram = try Receiver(Receiver.answer(429, answer))
        #expect(
            await sender().send(stageFailed(), over: config(telegram))
                == .again(status: 429, after: .seconds(35), why: "HTTP 429: Too Many Requests")
        )
    }
}

@Suite struct `WhatsApp's providers` {
    @Test func `get text and alert where they are generic`() async throws {
        let provider = try Receiver(Receiver.answer(200))
        let notification = stageFailed().with {
            $0.body = Array(
                #"{"source":"pipelogiq","channel":"webhook","alert":{"event":"stage_failed"}}"#.utf8
            )
        }
        let config: JSONValue = ["url": .text("\(provider.url)/x"), "to": "+4912345, +4967890"]
        #expect(await sender().send(notification, over: channel(.whatsapp, config)).isSent)
        #expect(
            try json(provider.requests[0].body)
                == json(
                    #"""
                    {"source":"pipelogiq","channel":"whatsapp","to":["+4912345","+4967890"],
                     "text":"[ERROR] Stage failed\nPipeline 12 stage 34 failed (charge-card)\nevent: stage_failed\ntime: 2026-02-16T12:00:00Z",
                     "alert":{"event":"stage_failed"}}
                    """#
                )
        )
    }

    @Test func `get one request for each recipient from Meta's API`() async throws {
        let meta = try Receiver(
            Receiver.answer(200, #"{"messages":[{"id":"wamid.1"}]}"#),
            Receiver.answer(400, #"{"error":{"code":131047,"message":"Re-engagement message"}}"#)
        )
        let config: JSONValue = [
            "provider": "meta", "url": .text("\(meta.url)/v20.0/1/messages"), "to": ["+49123", "+49456"],
            "access_token": "EAAG-token", "template_name": "alert",
        ]
        let outcome = await sender().send(stageFailed(), over: channel(.whatsapp, config))
        #expect(
            outcome
                == .sent(
                    status: 200,
                    note:
                        "not taken: +49456: HTTP 400: code 131047: Re-engagement message; more than 24 hours passed"
                        + " since the recipient wrote: set template_name"
                )
        )
        #expect(meta.requests[0].field("Authorization") == "Bearer EAAG-token")
        #expect(
            try json(meta.requests[0].body)
                == json(
                    """
                    {"messaging_product":"whatsapp","recipient_type":"individual","to":"+49123","type":"template",
                     "template":{"name":"alert","language":{"code":"en_US"},"components":[{"type":"body",
                      "parameters":[{"type":"text","text":"[ERROR] Stage failed Pipeline 12 stage 34 failed (charge-card) event: stage_failed time: 2026-02-16T12:00:00Z"}]}]}}
                    """
                )
        )
    }

    @Test func `get a form from Twilio's`() async throws {
        let twilio = try Receiver(Receiver.answer(201, #"{"status":"queued"}"#))
        let config: JSONValue = [
            "provider": "twilio", "account_sid": "AC1", "auth_token": "tok-en", "from": "+1415",
            "to": ["+49123"],
            "api_base": .text(twilio.url),
        ]
        #expect(
            await sender().send(stageFailed(), over: channel(.whatsapp, config))
                == .sent(status: 201, note: nil)
        )
        let request = twilio.requests[0]
        #expect(request.line == "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1")
        #expect(request.field("Authorization") == "Basic QUMxOnRvay1lbg==")
        #expect(request.field("Content-Type") == "application/x-www-form-urlencoded")
        #expect(
            request.text
                == "From=whatsapp%3A%2B1415&To=whatsapp%3A%2B49123&Body=%5BERROR%5D%20Stage%20failed%0APipeline%2012%20"
                + "stage%2034%20failed%20%28charge-card%29%0Aevent%3A%20stage_failed%0Atime%3A%202026-02-16T12%3A00%3A00Z"
        )
    }

    @Test func `are asked again at their limits of rate`() async throws {
        let meta = try Receiver(
            Receiver.answer(400, #"{"error":{"code":130429,"message":"Rate limit hit"}}"#)
        )
        let config: JSONValue = [
            "provider": "meta", "url": .text("\(meta.url)/m"), "to": ["+49123"], "access_token": "EAAG-token",
        ]
        #expect(
            await sender().send(stageFailed(), over: channel(.whatsapp, config))
                == .again(status: 400, after: nil, why: "HTTP 400: code 130429: Rate limit hit")
        )
    }
}
