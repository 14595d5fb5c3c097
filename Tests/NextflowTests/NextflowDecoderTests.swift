import Core
import Testing

@testable import HTTP
@testable import Nextflow

@Suite struct `The door` {
    private static func answer(_ body: [UInt8]) -> (status: Int, body: String)? {
        do throws(NextflowFault) {
            _ = try NextflowDecoder.clean(body)
            return nil
        } catch {
            guard case .bytes(let bytes) = error.response.body else {
                return (error.response.status.code, "")
            }
            return (error.response.status.code, String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test(arguments: [
        ("", #"{"detail":[{"loc":["body"],"msg":"field required","type":"value_error.missing"}]}"#),
        ("null", #"{"detail":[{"loc":["body"],"msg":"field required","type":"value_error.missing"}]}"#),
        ("[]", #"{"detail":[{"loc":["body"],"msg":"value is not a valid dict","type":"type_error.dict"}]}"#),
        ("3", #"{"detail":[{"loc":["body"],"msg":"value is not a valid dict","type":"type_error.dict"}]}"#),
        (
            "{",
            #"{"detail":[{"loc":["body",1],"msg":"Expecting property name enclosed in double quotes: line 1 column 2 (char 1)","type":"value_error.jsondecode","ctx":{"msg":"Expecting property name enclosed in double quotes","doc":"{","pos":1,"lineno":1,"colno":2}}]}"#
        ),
        (
            #"{"runName":"n","event":{},"utcTime":"2024-01-01"}"#,
            #"{"detail":[{"loc":["body","runId"],"msg":"field required","type":"value_error.missing"},{"loc":["body","event"],"msg":"str type expected","type":"type_error.str"},{"loc":["body","utcTime"],"msg":"invalid datetime format","type":"value_error.datetime"}]}"#
        ),
        (
            #"{"runId":null,"runName":"n","event":"e","utcTime":null}"#,
            #"{"detail":[{"loc":["body","runId"],"msg":"none is not an allowed value","type":"type_error.none.not_allowed"},{"loc":["body","utcTime"],"msg":"none is not an allowed value","type":"type_error.none.not_allowed"}]}"#
        ),
    ])
    func `refuses with 422 and names what is wrong`(body: String, expected: String) {
        let answer = Self.answer(Array(body.utf8))
        #expect(answer?.status == 422)
        #expect(answer?.body == expected)
    }

    @Test func `refuses bytes that are no UTF-8 with 400`() {
        let answer = Self.answer(Array(#"{"runId":"#.utf8) + [0xFF, 0x22] + Array("}".utf8))
        #expect(answer?.status == 400)
        #expect(answer?.body == #"{"detail":"There was an error parsing the body"}"#)
    }

    @Test(arguments: [
        #"{"runId":12,"runName":3.5,"event":"anything","utcTime":1700000000}"#,
        #"{"runId":"test123","runName":"n","event":"e","utcTime":"2024-01-01 00:00"}"#,
        #"{"runId":"test123","runName":"n","event":"e","utcTime":"1700000000000","metadata":[],"trace":"x"}"#,
        #"{"runId":"","runName":"","event":"","utcTime":"2024-01-01T00:00:00+0130","extra":{"a":[1,2]}}"#,
        "\u{FEFF}" + #"{"runId":"a","runName":"n","event":"e","utcTime":0}"#,
    ])
    func `takes whatever the reference takes`(body: String) {
        #expect(Self.answer(Array(body.utf8)) == nil)
    }

    @Test func `keeps the body as it came but for zone names and line breaks`() throws {
        let body = """
            {"runId" : "a", "runName":"n", "n":1.50, "event":"started","utcTime":"2024-01-01T00:00:00Z",
             "metadata":{"workflow":{"start":{"offset":{"id":"Z","availableZoneIds":["A","B"]}},
             "complete":{"offset":{"availableZoneIds":[], "totalSeconds":0}}}}, "u":"\\u00b5"}
            """
        let clean = try NextflowDecoder.clean(Array(body.utf8))
        #expect(
            String(decoding: clean, as: UTF8.self)
                == #"{"runId" : "a", "runName":"n", "n":1.50, "event":"started","utcTime":"2024-01-01T00:00:00Z",  "metadata":{"workflow":{"start":{"offset":{"id":"Z"}},  "complete":{"offset":{"totalSeconds":0}}}}, "u":"\u00b5"}"#
        )
    }

    @Test func `takes every recorded and composed body`() throws {
        let bodies =
            try Fixture.bodies("nextflow_core_23.04") + Fixture.bodies("nextflow_plugin_23.10")
            + Fixture.samples().map(\.body)
        for body in bodies {
            let clean = try NextflowDecoder.clean(Array(body.utf8))
            #expect(!String(decoding: clean, as: UTF8.self).contains("availableZoneIds"))
            #expect(!clean.contains(UInt8(ascii: "\n")))
        }
    }
}
