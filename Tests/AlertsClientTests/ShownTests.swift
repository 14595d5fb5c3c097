import Core
import Notifications
import Testing

@testable import AlertsClient

private func node(_ json: String) throws -> JSONNode { try JSONDocument(Array(json.utf8)).root }

@Suite struct `Lists in 80 columns` {
    private let now = Timestamp(lenient: "2026-11-29T12:00:00Z") ?? .epoch

    private func incidents() throws -> [ShownIncident] {
        try node(
            #"""
            [{"uuid":"019ac000-0000-7000-8000-0000aaaa0001","status":"firing","severity":"error",
              "title":"Pipeline failed","key":"pipeline_failed/r1","firings":3,
              "labels":{"project":"radio","pipeline_name":"mad_curie","process":"NFCORE_RNASEQ:ALIGN_STAR:STAR"},
              "started_at":"2026-11-29T11:15:00Z","acknowledged_by":null,"silenced_by":null,
              "told":[{"channel":"phone","status":"sent"},{"channel":"phone","status":"sent"},
                      {"channel":"mail","status":"failed"}]},
             {"uuid":"019ac000-0000-7000-8000-0000aaaa0002","status":"firing","severity":"critical",
              "title":"Disk\u001b[31m full","key":"disk/data","firings":1,"labels":{},
              "started_at":"2026-11-26T11:15:00Z","acknowledged_by":"ann","silenced_by":null,"told":[]}]
            """#
        ).elements.map { ShownIncident($0) }
    }

    @Test func `show what fires, since when, and who was told`() throws {
        let lines = AlertTables.lines(try incidents(), at: now, width: 80)
        #expect(
            lines == [
                "SEVERITY  SINCE  WHAT            SUBJECT         TIMES  TOLD            ID",
                "error     45m    Pipeline fail…  radio/mad_cur…  3      phone, mail (…  aaaa0001",
                #"critical  3d     Disk\u001b[31…  data            1      acknowledged …  aaaa0002"#, "",
                "2 firing, 1 of them acknowledged",
            ]
        )
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test func `are not cut where there is room`() throws {
        let lines = AlertTables.lines(try incidents(), withState: true, at: now, width: 200)
        #expect(
            lines[1] == "firing  error     45m    Pipeline failed      "
                + "radio/mad_curie/NFCORE_RNASEQ:ALIGN_STAR:STAR  3      phone, mail (failed)  aaaa0001"
        )
        #expect(AlertTables.lines([ShownIncident](), at: now, width: 80) == ["nothing is firing"])
    }

    @Test func `show that Weir's own rules tell every channel`() throws {
        let rules = try node(
            #"""
            [{"uuid":"r2dddddd","name":"disk","trigger_kind":"disk","severity":"critical","channel_ids":[],
              "origin":"default"},
             {"uuid":"r3eeeeee","name":"mute","trigger_kind":"disk","severity":"info","channel_ids":[]}]
            """#
        ).elements.map(ShownRule.init)
        #expect(
            AlertTables.lines(rules, [], at: now, width: 80) == [
                "NAME  WHEN  SEVERITY  CHANNELS  ENABLED  FIRED  ID",
                "disk  disk  critical  all       yes             r2dddddd",
                "mute  disk  info      none      yes             r3eeeeee",
            ]
        )
    }

    @Test func `show channels, rules, silences and deliveries`() throws {
        let channels = try node(
            #"""
            [{"uuid":"c1aaaaaa","name":"phone","kind":"slack","config":{"url":"https://hooks.slack.com"},
              "secret_fields":["url"],"enabled":true,"origin":"file"},
             {"uuid":"c2bbbbbb","name":"mail","kind":"email","config":{"to":["a@example.org"]},"secret_fields":[],
              "enabled":false,"disabled_reason":"HTTP 410","origin":"api"}]
            """#
        ).elements.map(ShownChannel.init)
        #expect(
            AlertTables.lines(channels, width: 80) == [
                "NAME   KIND   ENABLED       ORIGIN  TO                       ID",
                "phone  slack  yes           file    https://hooks.slack.com  c1aaaaaa",
                "mail   email  no: HTTP 410  api     a@example.org            c2bbbbbb",
            ]
        )
        let rules = try node(
            #"""
            [{"uuid":"r1cccccc","name":"lag","trigger_kind":"lag","severity":"critical","enabled":true,
              "channel_ids":["c1aaaaaa","gone"],"last_fired_at":"2026-11-29T11:59:50Z","evaluation_error":"no values"}]
            """#
        ).elements.map(ShownRule.init)
        #expect(
            AlertTables.lines(rules, channels, at: now, width: 80) == [
                "NAME  WHEN  SEVERITY  CHANNELS          ENABLED  FIRED  ID",
                "lag   lag   critical  phone, (deleted)  yes      10s    r1cccccc", "", "! lag: no values",
            ]
        )
        let silences = try node(
            #"""
            [{"id":"s1dddddd","status":{"state":"active"},"createdBy":"ann","comment":"cluster is moved",
              "startsAt":"2026-11-29T11:00:00Z","endsAt":"2026-11-29T14:30:00Z",
              "matchers":[{"name":"process","value":"A.*","isRegex":true,"isEqual":true}]}]
            """#
        ).elements.map(ShownSilence.init)
        #expect(
            AlertTables.lines(silences, at: now, width: 80) == [
                "STATE   ENDS IN  MATCHERS      BY   COMMENT           ID",
                "active  2h       process=~A.*  ann  cluster is moved  s1dddddd",
            ]
        )
        let deliveries = try node(
            #"""
            [{"uuid":"d1eeeeee","channel_id":"c1aaaaaa","status":"failed","event":"pipeline_failed",
              "state":"resolved","attempts":3,"max_attempts":8,"error":"HTTP 503: try later",
              "created_at":"2026-11-29T11:00:00Z"}]
            """#
        ).elements.map { ShownDelivery($0) }
        #expect(
            AlertTables.lines(deliveries, channels, at: now, width: 80) == [
                "STATUS  AGE  CHANNEL  EVENT                 TRIES  ERROR                ID",
                "failed  1h   phone    pipeline_failed (ov…  3/8    HTTP 503: try later  d1eeeeee",
            ]
        )
    }

    @Test func `tell by severity`() throws {
        let found = try incidents()
        #expect(found.map { $0.isAtLeast("critical") } == [false, true])
        #expect(found.map { $0.isAtLeast("warning") } == [true, true])
    }
}

@Suite struct `Ids that people type` {
    private let ids = ["019ac000-0000-7000-8000-0000aaaa0001", "019ac000-0000-7000-8000-0000aaaa0002"]

    private func find(_ text: String) throws -> String {
        try ShortID.find(text, among: ids, called: "incident", id: \.self)
    }

    @Test func `may be whole, or a beginning or an end that only one has`() throws {
        #expect(try find(ids[1]) == ids[1])
        #expect(try find("AAAA0001") == ids[0])
        #expect(try find("0002") == ids[1])
        #expect(try find("019ac000-0000-7000-8000-0000aaaa0002") == ids[1])
    }

    @Test(arguments: [
        ("019a", "2 incidents have ids that begin or end with 019a: 019ac000"),
        ("02", "there is no such incident: 02; name at least four characters of its id"),
        ("0003", "there is no such incident: 0003"),
    ])
    func `are refused when they don't say one`(text: String, says: String) {
        let error = #expect(throws: AlertsFailure.self) { try find(text) }
        #expect(error?.lines[0].hasPrefix(says) == true, "\(String(describing: error))")
    }

    @Test func `are shown as long as they have to be`() {
        #expect(ShortID.text(ids[0], among: ids) == "aaaa0001")
        #expect(ShortID.text("1-bbbbaaaa0001", among: ["1-bbbbaaaa0001", "2-ccccaaaa0001"]) == "baaaa0001")
    }
}
