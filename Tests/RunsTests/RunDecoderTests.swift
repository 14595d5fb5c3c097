import Core
import HTTP
import Testing

@testable import Runs

/// What bodies are taken for, member by member. Contract §1.1, §1.4, §1.5, §1.8, §1.9.
@Suite("Bodies of the runs surface")
struct RunDecoderTests {
    static let minimal =
        #""event_id":"E1","run_id":"R1","start_time":"2026-01-01T00:00:00+00:00","agent_name":"a","job_type":"j""#

    static func draft(_ more: String) throws -> RunDraft {
        let document = try RunDecoder.document(Array("{\(minimal)\(more)}".utf8), isJSON: true)
        return try RunDecoder.run(document)
    }

    /// The `type`s and `loc`s of a refusal, in order.
    static func faults(_ body: String, _ read: (JSONDocument) throws(RunRefusal) -> Void) -> [String] {
        do throws(RunRefusal) {
            let isBatch = body.hasPrefix("[") || body.hasPrefix(#"{"runs""#)
            try read(try RunDecoder.document(Array(body.utf8), isJSON: true, as: isBatch ? .batch : .record))
            return []
        } catch {
            guard case .bytes(let bytes) = error.response.body, let answer = try? JSONDocument(bytes) else {
                return ["no answer"]
            }
            return (answer.root["detail"]?.elements ?? answer.root.elements).map { item in
                let place = item["loc"]?.elements.map {
                    $0.string ?? String(decoding: $0.rawBytes, as: UTF8.self)
                }
                return "\(item["type"]?.string ?? "?") \((place ?? []).joined(separator: "."))"
            }
        }
    }

    @Test(
        "integers are coerced as the reference coerces them",
        arguments: [
            ("5", "5"), ("5.0", "5"), ("1e3", "1000"), ("true", "1"), ("false", "0"), (#""5""#, "5"),
            (#""+5""#, "5"), (#""1_000""#, "1000"), (#""5.0""#, "5"),
            ("9223372036854775807", "9223372036854775807"),
            (#""-0""#, "0"),
        ]
    )
    func integers(sent: String, stored: String) throws {
        let record = try Self.draft(#","items_failed":\#(sent)"#).record
        #expect(String(decoding: try #require(record[.itemsFailed]), as: UTF8.self) == stored)
    }

    @Test(
        "integers that are none are refused with their cause",
        arguments: [
            ("null", "int_type"), ("[]", "int_type"), (#"" 5 ""#, "int_parsing"), (#""1e3""#, "int_parsing"),
            (#""five""#, "int_parsing"), (#""""#, "int_parsing"), (#""1__0""#, "int_parsing"),
            (#""_1""#, "int_parsing"), (#""1_""#, "int_parsing"), ("5.5", "int_from_float"),
            ("9223372036854775808", "int_parsing_size"), (#""99999999999999999999""#, "int_parsing_size"),
        ]
    )
    func refusedIntegers(sent: String, type: String) {
        let body = #"{\#(Self.minimal),"items_failed":\#(sent)}"#
        let faults = Self.faults(body) { document throws(RunRefusal) in _ = try RunDecoder.run(document) }
        #expect(faults == ["\(type) body.items_failed"])
    }

    @Test(
        "flags are coerced as the reference coerces them",
        arguments: [
            ("0", "false"), ("1", "true"), ("1.0", "true"), (#""Yes""#, "true"), (#""OFF""#, "false"),
            (#""t""#, "true"), ("true", "true"),
        ]
    )
    func flags(sent: String, stored: String) throws {
        let record = try Self.draft(#","api_posted":\#(sent)"#).record
        #expect(String(decoding: try #require(record[.apiPosted]), as: UTF8.self) == stored)
    }

    @Test(
        "flags that are none are refused with their cause",
        arguments: [
            ("null", "bool_type"), ("0.5", "bool_type"), ("{}", "bool_type"), ("2", "bool_parsing"),
            (#""x""#, "bool_parsing"),
        ]
    )
    func refusedFlags(sent: String, type: String) {
        let body = #"{\#(Self.minimal),"api_posted":\#(sent)}"#
        let faults = Self.faults(body) { document throws(RunRefusal) in _ = try RunDecoder.run(document) }
        #expect(faults == ["\(type) body.api_posted"])
    }

    @Test(
        "a run is refused with all its faults, in the order of the model",
        arguments: [
            (
                "{}",
                ["event_id", "run_id", "start_time", "agent_name", "job_type"].map { "missing body.\($0)" }
            ),
            ("null", ["missing body"]), ("[]", ["model_attributes_type body"]),
            ("5", ["model_attributes_type body"]),
            (#"{\#(minimal),"status":null}"#, ["string_type body.status"]),
            (
                #"{\#(minimal),"product":5,"end_time":[]}"#,
                ["string_type body.end_time", "string_type body.product"]
            ),
            (#"{\#(minimal),"metrics_json":"x"}"#, ["dict_type body.metrics_json"]),
            (#"{\#(minimal),"metrics_json":[1]}"#, ["dict_type body.metrics_json"]),
            (#"{\#(minimal),"git_commit_source":"me"}"#, ["value_error body.git_commit_source"]),
            (#"{\#(minimal),"item_name":"a\u0000b"}"#, ["string_unicode body.item_name"]),
            (#"{\#(minimal),"item_name":"\ud800"}"#, ["string_unicode body.item_name"]),
            (#"{\#(minimal),"metrics_json":{"a":"\u0000"}}"#, ["value_error body.metrics_json"]),
            (#"{\#(minimal),"status":"done"}"#, ["value_error body.status"]),
            (
                #"{\#(minimal),"items_failed":-1,"duration_ms":-2}"#,
                [
                    "greater_than_equal body.items_failed", "greater_than_equal body.duration_ms",
                ]
            ),
            (#"{\#(minimal),"x":NaN}"#, ["json_invalid body.117"]),
        ]
    )
    func refusedRuns(body: String, expected: [String]) {
        let faults = Self.faults(body) { document throws(RunRefusal) in
            _ = try RunDecoder.storableRun(document)
        }
        let isSyntax = expected.first?.hasPrefix("json_invalid") ?? false
        #expect(isSyntax ? faults.map { String($0.prefix(12)) } == ["json_invalid"] : faults == expected)
    }

    @Test("nullable members take null, unknown ones are ignored, the last of a repeated one counts")
    func members() throws {
        let draft = try Self.draft(
            #","created_at":null,"duration_ms":null,"id":7,"record_type":"run","product":"a","product":"b","metrics_json":{}"#
        )
        #expect(draft.record[.createdAt] == nil && draft.record[.durationMS] == nil)
        #expect(draft.record.text(.product) == "b")
        #expect(draft.record[.metricsJSON].map { Array($0) } == Array("{}".utf8))
    }

    @Test(
        "status words and their aliases",
        arguments: [
            ("failed", "failure"), ("completed", "success"), ("succeeded", "success"),
            ("canceled", "cancelled"),
            ("partial", "partial"),
        ]
    )
    func status(word: String, stored: String) throws {
        #expect(try Self.draft(#","status":"\#(word)""#).record.text(.status) == stored)
    }

    @Test("an object may come as text within a string")
    func objectAsText() throws {
        let draft = try Self.draft(#","metrics_json":"{\"a\": 1}""#)
        #expect(draft.record[.metricsJSON].map { String(decoding: $0, as: UTF8.self) } == #"{"a": 1}"#)
    }

    @Test("the exact body of the reference's client is taken")
    func clientBody() throws {
        let nulls = [
            "agent_owner", "end_time", "input_summary", "output_summary", "source_ref", "target_ref",
            "error_summary",
            "error_details", "metrics_json", "context_json", "insight_id", "product", "platform",
            "product_family",
            "subdomain", "website", "website_section", "item_name", "git_repo", "git_branch", "git_run_tag",
            "git_commit_hash", "git_commit_source", "git_commit_author", "git_commit_timestamp",
            "environment",
            "api_posted_at", "parent_run_id",
        ].map { ",\"\($0)\":null" }.joined()
        let draft = try Self.draft(
            nulls + #","schema_version":7,"api_posted":0,"api_retry_count":0,"record_type":"run","host":"h""#
        )
        #expect(draft.record[.apiPosted].map { Array($0) } == Array("false".utf8))
    }

    @Test("a batch is an array, also in its wrapper; one fault refuses all, with its index")
    func batches() throws {
        let run = "{\(Self.minimal)}"
        for body in ["[\(run),\(run)]", #"{"runs":[\#(run),\#(run)]}"#] {
            let document = try RunDecoder.document(Array(body.utf8), isJSON: true, as: .batch)
            #expect(try RunDecoder.batch(document).count == 2)
        }
        let read = { (document: JSONDocument) throws(RunRefusal) in _ = try RunDecoder.batch(document) }
        #expect(Self.faults(run, read) == ["list_type body"])
        #expect(Self.faults("[\(run),5]", read) == ["model_attributes_type body.1"])
        #expect(Self.faults(#"[{"event_id":5}]"#, read).first == "string_type body.0.event_id")
    }

    @Test(
        "patches change what they may and refuse what is wrong",
        arguments: [
            (#"{"status":"done"}"#, ["value_error body.status"]),
            (#"{"duration_ms":-1}"#, ["value_error body.duration_ms"]),
            (#"{"items_failed":"x"}"#, ["int_parsing body.items_failed"]),
            (#"{"git_commit_source":"x"}"#, ["value_error body.git_commit_source"]),
            (#"{"end_time":5}"#, ["string_type body.end_time"]),
            ("[]", ["model_attributes_type body"]),
        ]
    )
    func refusedPatches(body: String, expected: [String]) {
        let faults = Self.faults(body) { document throws(RunRefusal) in _ = try RunPatch(document) }
        #expect(faults == expected)
    }

    @Test("a patch lists its members in the order of the contract; null is not sent")
    func patchOrder() throws {
        let body =
            #"{"input_summary":"i","metrics_json":{},"items_failed":0,"status":"failed","end_time":null,"id":3}"#
        let patch = try RunPatch(try RunDecoder.document(Array(body.utf8), isJSON: true))
        #expect(
            patch.changes.map(\.field.name) == ["status", "items_failed", "metrics_json", "input_summary"]
        )
    }

    @Test(
        "commits",
        arguments: [
            (#"{"commit_hash":"abc123","commit_source":"manual"}"#, ["string_too_short body.commit_hash"]),
            (#"{"commit_source":"x"}"#, ["missing body.commit_hash", "value_error body.commit_source"]),
            (#"{"commit_hash":"abc123456789manual"}"#, ["missing body.commit_source"]),
            (#"{"commit_hash":"abc123456789manual","commit_source":"ci"}"#, []),
        ]
    )
    func commits(body: String, expected: [String]) {
        let faults = Self.faults(body) { document throws(RunRefusal) in _ = try CommitAssociation(document) }
        #expect(faults == expected)
    }
}
