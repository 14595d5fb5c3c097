import Testing

@testable import API
@testable import Ingest

@Suite struct `A read` {
    private func gate(durable: Int64, _ progress: StreamProgress) -> ReadGate {
        ReadGate(durableSeq: { durable }, progress: progress, patience: .seconds(30))
    }

    @Test func `goes at once when everything is applied`() async {
        let progress = StreamProgress(stream: "s")
        progress.turned(.running)
        progress.applied(through: 7, at: nil, lines: 7, deadLetters: 0)
        #expect(await gate(durable: 7, progress).wait() == 0)
    }

    @Test func `waits for the line that was acknowledged before it`() async {
        let progress = StreamProgress(stream: "s")
        progress.turned(.running)
        async let lag = gate(durable: 2, progress).wait()
        progress.applied(through: 1, at: nil, lines: 1, deadLetters: 0)
        progress.applied(through: 2, at: nil, lines: 1, deadLetters: 0)
        #expect(await lag == 0)
    }

    @Test func `does not wait for a loader that PostgreSQL refuses`() async {
        let progress = StreamProgress(stream: "s")
        progress.turned(.backingOff(reason: "unreachable"))
        #expect(await gate(durable: 3, progress).wait() == 3)
    }

    @Test func `waits for a loader that is about to begin`() async {
        let progress = StreamProgress(stream: "s")
        async let lag = gate(durable: 3, progress).wait()
        progress.began(at: 3)
        #expect(await lag == 0)
    }

    @Test func `is let go when the loader loses PostgreSQL`() async {
        let progress = StreamProgress(stream: "s")
        progress.turned(.running)
        async let lag = gate(durable: 3, progress).wait()
        progress.applied(through: 1, at: nil, lines: 1, deadLetters: 0)
        progress.turned(.backingOff(reason: "unreachable"))
        #expect(await lag == 2)
    }

    @Test func `has a bound`() async {
        let progress = StreamProgress(stream: "s")
        progress.turned(.running)
        let gate = ReadGate(durableSeq: { 5 }, progress: progress, patience: .milliseconds(1))
        #expect(await gate.wait() == 5)
    }
}

@Suite struct `A redactor` {
    @Test(arguments: [
        (#"{"a":1,"secret":"x"}"#, #"{"a":1,"secret":"[redacted]"}"#),
        (#"{"l":[{"secret":{"k":[1]}},2]}"#, #"{"l":[{"secret":"[redacted]"},2]}"#),
        (#"{"s\u0065cret":1,"other":2}"#, #"{"s\u0065cret":"[redacted]","other":2}"#),
        (#"{"a":"secret"}"#, #"{"a":"secret"}"#),
        ("not json", "not json"),
    ])
    func `masks values by key, wherever they stand`(body: String, expected: String) throws {
        let redactor = try #require(Redactor(keys: ["secret"]))
        #expect(String(decoding: redactor.masked(Array(body.utf8)), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        "api_key", "API_KEY", "Api_Key", "apikey", "apiKey", "ApiKey", "api-key", "API-KEY", "Api-Key",
        "api key",
        "api.key", "_api_key_", " api_key ", "api__key", "aPi-_kEy", #"api\u005fkey"#, #"\u0061pi_key"#,
        #"\u0041PI_KEY"#, "api\u{200B}_key", "api:key",
    ])
    func `knows a key however it is spelt`(spelling: String) throws {
        for setting in ["api_key", "API-Key", "apikey"] {
            let redactor = try #require(Redactor(keys: [setting]))
            let places = [
                #"{"\#(spelling)":"v"}"#, #"{"a":[1,{"b":{"\#(spelling)":["v"]}}]}"#,
                #"[{"a":1},{"\#(spelling)":{"x":"v"}}]"#,
            ]
            for body in places {
                let masked = String(decoding: redactor.masked(Array(body.utf8)), as: UTF8.self)
                #expect(masked.contains("[redacted]") && !masked.contains("\"v\""), "\(masked)")
            }
        }
    }

    @Test func `leaves other keys alone`() throws {
        let redactor = try #require(Redactor(keys: ["api_key", "mot_de_passé"]))
        for key in ["api_keys", "my_api_key", "key", "", "_", "passe", "api_kéy"] {
            let body = Array(#"{"\#(key)":"v"}"#.utf8)
            #expect(redactor.masked(body) == body)
        }
        #expect(
            redactor.masked(Array(#"{"Mot-De-PASSÉ":1}"#.utf8))
                == Array(#"{"Mot-De-PASSÉ":"[redacted]"}"#.utf8)
        )
    }

    @Test func `is not there when there is nothing to mask`() {
        #expect(Redactor(keys: []) == nil)
        #expect(Redactor(keys: ["_", ""]) == nil)
    }
}
